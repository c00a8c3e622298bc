import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import { createFeedLinks } from './feed-link.ts';
import { createResponseLinks } from './response-link.ts';

const key = { key: randomBytes(32) };
const link = { organization: 'org_1', participant: participantIdSchema.parse('ada'), generation: 2 } as const;

describe('a feed link', () => {
  it('names the feed, and is safe in a path', () => {
    const links = createFeedLinks([key]);
    const token = links.token(link);
    expect(token).toMatch(/^[\w.-]+$/);
    expect(links.token(link)).toBe(token);
    expect(links.verify(token)).toEqual(link);
  });

  it('stays valid when the key ring gets a newer key', () => {
    const token = createFeedLinks([key]).token(link);
    expect(createFeedLinks([{ key: randomBytes(32) }, key]).verify(token)).toEqual(link);
  });

  it('is rejected when it was not created here, or for another purpose', () => {
    const links = createFeedLinks([key]);
    const response = createResponseLinks([key]).token({ ...link, auditionId: 'aud_1', revision: 1 });
    for (const token of ['', 'a', 'a.b', createFeedLinks([{ key: randomBytes(32) }]).token(link), response]) {
      expect(links.verify(token)).toBeUndefined();
    }
  });
});
