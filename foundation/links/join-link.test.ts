import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import { createJoinLinkIds } from './join-link.ts';

const ids = createJoinLinkIds([{ key: Buffer.alloc(32, 1) }, { key: Buffer.alloc(32, 2) }]);
const others = createJoinLinkIds([{ key: Buffer.alloc(32, 2) }]);
const ada = participantIdSchema.parse('ada');
const owner = { auditionId: 'aud_1', participant: ada, generation: 1 } as const;

describe('the id of a join link', () => {
  it('is short, and has no character that programs cut or people confuse', () => {
    expect(ids.of(owner)).toMatch(/^[1-9A-HJ-NP-Za-km-z]{17}$/);
  });

  it('is the same for the same participant, and another one for everything else', () => {
    const variants = [
      ids.of(owner),
      ids.of({ ...owner, generation: 2 }),
      ids.of({ ...owner, auditionId: 'aud_2' }),
      ids.of({ ...owner, participant: undefined }),
      others.of(owner),
    ];
    expect(new Set(variants).size).toBe(variants.length);
    expect(ids.of({ ...owner })).toBe(variants[0]);
  });

  it('cannot be derived without a key', () => {
    expect(() => createJoinLinkIds([])).toThrow(RangeError);
  });
});

describe('the name of a network', () => {
  it('is the same for neighbours, and differs between networks and auditions', () => {
    const home = ids.networkOf('aud_1', '203.0.113.7');
    expect(ids.networkOf('aud_1', '203.0.113.200')).toBe(home);
    expect(ids.networkOf('aud_1', '198.51.100.7')).not.toBe(home);
    expect(ids.networkOf('aud_2', '203.0.113.7')).not.toBe(home);
    expect(ids.networkOf('aud_1', '2001:db8:1:2::1')).toBe(ids.networkOf('aud_1', '2001:db8:1:9::5'));
    expect(home).toHaveLength(6);
  });
});
