import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { auditionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import { createResponseLinks } from './response-link.ts';

const invitation = {
  organization: organizationIdSchema.parse('org_north'),
  auditionId: auditionIdSchema.parse('aud_k3j9'),
  participant: participantIdSchema.parse('performer.1'),
  revision: 2,
};
const ring = (...keys: Uint8Array[]) => keys.map((key) => ({ key }));

describe('response links', () => {
  test('read back the invitation they were written for', () => {
    const links = createResponseLinks(ring(randomBytes(32)));
    expect(links.verify(links.token(invitation))).toEqual(invitation);
  });

  test('are written in characters that a URL path carries unchanged', () => {
    const token = createResponseLinks(ring(randomBytes(32))).token(invitation);
    expect(encodeURIComponent(token)).toBe(token);
  });

  test('are the same for the same invitation, so that a resent notice says the same', () => {
    const links = createResponseLinks(ring(randomBytes(32)));
    expect(links.token(invitation)).toBe(links.token(invitation));
  });

  test('stay good when a newer key is put before theirs', () => {
    const [older, newer] = [randomBytes(32), randomBytes(32)];
    const token = createResponseLinks(ring(older)).token(invitation);
    expect(createResponseLinks(ring(newer, older)).verify(token)).toEqual(invitation);
  });

  test('are worthless under a ring that does not hold their key', () => {
    const token = createResponseLinks(ring(randomBytes(32))).token(invitation);
    expect(createResponseLinks(ring(randomBytes(32))).verify(token)).toBeUndefined();
  });

  test('refuse another invitation under the same mac', () => {
    const links = createResponseLinks(ring(randomBytes(32)));
    const [, mac] = links.token(invitation).split('.');
    const [other] = links.token({ ...invitation, revision: 3 }).split('.');
    expect(links.verify(`${other}.${mac}`)).toBeUndefined();
  });

  test.each(['', '.', 'a.b', 'a.b.c', 'no-mac', `${'x'.repeat(400)}.AAAAAAAAAAAAAAAAAAAAAA`])(
    'refuse what is no token at all: %s',
    (token) => {
      expect(createResponseLinks(ring(randomBytes(32))).verify(token)).toBeUndefined();
    },
  );

  test('cannot be made without a key', () => {
    expect(() => createResponseLinks([])).toThrow(RangeError);
  });
});
