import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { auditionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import { createResponseLinkIds, createResponseLinks } from './response-link.ts';

const invitation = {
  organization: organizationIdSchema.parse('org_north'),
  auditionId: auditionIdSchema.parse('aud_k3j9'),
  participant: participantIdSchema.parse('performer.1'),
  revision: 2,
};
const ring = (...keys: Uint8Array[]) => keys.map((key) => ({ key }));

describe('response links', () => {
  test('return the invitation they were created for', () => {
    const links = createResponseLinks(ring(randomBytes(32)));
    expect(links.verify(links.token(invitation))).toEqual(invitation);
  });

  test('are those of one person, also when another one gets the id', () => {
    const links = createResponseLinks(ring(randomBytes(32)));
    const next = { ...invitation, generation: 3 };
    expect(links.verify(links.token(next))).toEqual(next);
    expect(links.token(next)).not.toBe(links.token(invitation));
  });

  test('contain only characters that are safe in a URL path', () => {
    const token = createResponseLinks(ring(randomBytes(32))).token(invitation);
    expect(encodeURIComponent(token)).toBe(token);
  });

  test('are equal for the same invitation, so that a resent notice is unchanged', () => {
    const links = createResponseLinks(ring(randomBytes(32)));
    expect(links.token(invitation)).toBe(links.token(invitation));
  });

  test('stay valid after a newer key is added', () => {
    const [older, newer] = [randomBytes(32), randomBytes(32)];
    const token = createResponseLinks(ring(older)).token(invitation);
    expect(createResponseLinks(ring(newer, older)).verify(token)).toEqual(invitation);
  });

  test('are invalid under a key ring without their key', () => {
    const token = createResponseLinks(ring(randomBytes(32))).token(invitation);
    expect(createResponseLinks(ring(randomBytes(32))).verify(token)).toBeUndefined();
  });

  test('are invalid when the invitation was changed under the same MAC', () => {
    const links = createResponseLinks(ring(randomBytes(32)));
    const [, mac] = links.token(invitation).split('.');
    const [other] = links.token({ ...invitation, revision: 3 }).split('.');
    expect(links.verify(`${other}.${mac}`)).toBeUndefined();
  });

  test.each(['', '.', 'a.b', 'a.b.c', 'no-mac', `${'x'.repeat(400)}.AAAAAAAAAAAAAAAAAAAAAA`])(
    'are invalid when malformed: %s',
    (token) => {
      expect(createResponseLinks(ring(randomBytes(32))).verify(token)).toBeUndefined();
    },
  );

  test('cannot be created without a key', () => {
    expect(() => createResponseLinks([])).toThrow(RangeError);
  });
});

describe('the id of a response link', () => {
  const ids = createResponseLinkIds(ring(Buffer.alloc(32, 1), Buffer.alloc(32, 2)));

  test('has at most 22 characters, none of which programs cut or people confuse', () => {
    expect(ids.of(invitation)).toMatch(/^[1-9A-HJ-NP-Za-km-z]{17}$/);
  });

  test('is the same for the same invitation, and another one for everything else', () => {
    const variants = [
      ids.of(invitation),
      ids.of({ ...invitation, revision: 3 }),
      ids.of({ ...invitation, generation: 1 }),
      ids.of({ ...invitation, organization: 'org_south' }),
      ids.of({ ...invitation, participant: participantIdSchema.parse('performer.2') }),
      createResponseLinkIds(ring(Buffer.alloc(32, 2))).of(invitation),
    ];
    expect(new Set(variants).size).toBe(variants.length);
    expect(ids.of({ ...invitation })).toBe(variants[0]);
  });

  test('cannot be derived without a key', () => {
    expect(() => createResponseLinkIds([])).toThrow(RangeError);
  });
});
