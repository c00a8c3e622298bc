import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import { createReplyAddresses } from './reply-address.ts';

const keys = [{ key: Buffer.alloc(32, 1) }];
const addresses = createReplyAddresses(keys, 'replies@in.example.com');
const ada = { auditionId: 'aud_1', participant: participantIdSchema.parse('ada') } as const;

describe('a reply address', () => {
  const address = addresses.of(ada);

  it('is constant, in lower case, and short enough for a local part', () => {
    expect(address).toMatch(/^replies\+[a-z2-7]{26}@in\.example\.com$/);
    expect(addresses.of(ada)).toBe(address);
    const long = createReplyAddresses(keys, `${'r'.repeat(30)}@example.com`).of(ada);
    expect(long.split('@')[0]?.length).toBeLessThanOrEqual(64);
  });

  it('is recognized whatever its case, and belongs to one participant of one audition', () => {
    const [tag = '', ...others] = addresses.tagsIn([
      'bea@example.com',
      address.toUpperCase(),
      ` ${address}`,
      address.replace('in.', 'out.'),
      address.replace('replies', 'reply'),
      'replies@in.example.com',
      'replies+short@in.example.com',
    ]);
    expect(others).toEqual([]);
    expect(addresses.isTagOf(tag, ada)).toBe(true);
    expect(addresses.isTagOf(tag, { ...ada, participant: participantIdSchema.parse('bea') })).toBe(false);
    expect(addresses.isTagOf(tag, { ...ada, auditionId: 'aud_2' })).toBe(false);
    expect(addresses.isTagOf(tag, { ...ada, generation: 2 })).toBe(false);
    expect(addresses.isTagOf(`${tag.slice(0, 25)}${tag.endsWith('a') ? 'i' : 'a'}`, ada)).toBe(false);
  });

  it('has one tag only: its spare bits are 0', () => {
    const [tag = ''] = addresses.tagsIn([address]);
    const accepted = Array.from('abcdefghijklmnopqrstuvwxyz234567', (last) => `${tag.slice(0, 25)}${last}`);
    expect(accepted.filter((one) => addresses.isTagOf(one, ada))).toEqual([tag]);
  });

  it('stays valid after a rotation of the master key, and not under another key', () => {
    const [tag = ''] = addresses.tagsIn([address]);
    const rotated = createReplyAddresses([{ key: Buffer.alloc(32, 2) }, ...keys], 'replies@in.example.com');
    expect(rotated.isTagOf(tag, ada)).toBe(true);
    expect(rotated.of(ada)).not.toBe(address);
    const other = createReplyAddresses([{ key: Buffer.alloc(32, 2) }], 'replies@in.example.com');
    expect(other.isTagOf(tag, ada)).toBe(false);
  });
});
