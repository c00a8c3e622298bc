import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import { createFeedLinks } from './feed-link.ts';
import { createRecordingLinks } from './recording-link.ts';

const key = (byte: number) => ({ key: Buffer.alloc(32, byte) });
const link = {
  organization: 'org_1',
  recording: 'rec_1',
  file: 'abc',
  principal: 'casting@office.example',
  expiresAt: '2031-01-01T00:00:00.000Z',
} as const;

describe('the link to a recording', () => {
  it('names the file, the principal and the expiry', () => {
    const links = createRecordingLinks([key(1)]);
    expect(links.verify(links.token(link))).toEqual(link);
  });

  it('names its minter', () => {
    const links = createRecordingLinks([key(1)]);
    const minted = { ...link, minter: { id: 'key_0123456789abcdef', role: 'backend' } } as const;
    expect(links.verify(links.token(minted))).toEqual(minted);
  });

  it('stays valid when the master key is rotated', () => {
    const token = createRecordingLinks([key(1)]).token(link);
    expect(createRecordingLinks([key(2), key(1)]).verify(token)).toEqual(link);
    expect(createRecordingLinks([key(2)]).verify(token)).toBeUndefined();
  });

  it('is invalid when it was altered', () => {
    const links = createRecordingLinks([key(1)]);
    const token = links.token(link);
    const [content = '', mac = ''] = token.split('.');
    const altered = Buffer.from(content, 'base64url').toString().replace('rec_1', 'rec_2');
    expect(links.verify(`${Buffer.from(altered).toString('base64url')}.${mac}`)).toBeUndefined();
    expect(links.verify(token.slice(0, -1))).toBeUndefined();
    expect(links.verify('')).toBeUndefined();
  });

  it('is not made by the key of another kind of link', () => {
    const feed = createFeedLinks([key(1)]).token({
      organization: 'org_1',
      participant: participantIdSchema.parse('ada'),
      generation: 1,
    });
    expect(createRecordingLinks([key(1)]).verify(feed)).toBeUndefined();
  });
});
