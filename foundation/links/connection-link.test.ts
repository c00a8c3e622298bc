import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import { createConnectionLinks } from './connection-link.ts';
import { createResponseLinks } from './response-link.ts';

const ring = (...keys: Uint8Array[]) => keys.map((key) => ({ key }));
const whole = {
  organization: 'org_north',
  owner: participantIdSchema.parse('director.1'),
  provider: 'google',
  connection: 'conn_1',
  scopes: ['calendar.names', 'https://scopes.example/auth/meetings'],
  returnTo: 'https://app.example.com/done?a=1',
  expiresAt: '2026-12-01T09:00:00.000Z',
} as const;

describe('connection links', () => {
  test.each([
    whole,
    { organization: whole.organization, expiresAt: whole.expiresAt },
    { ...whole, owner: undefined },
    { ...whole, minter: { id: 'key_0123456789abcdef', role: 'operator' as const } },
  ])('return the fields they were created with', (link) => {
    const links = createConnectionLinks(ring(randomBytes(32)));
    expect(links.verify(links.token(link))).toEqual({
      owner: undefined,
      provider: undefined,
      connection: undefined,
      scopes: undefined,
      returnTo: undefined,
      minter: undefined,
      ...link,
    });
  });

  test('contain only characters that are safe in a URL path', () => {
    const token = createConnectionLinks(ring(randomBytes(32))).token(whole);
    expect(encodeURIComponent(token)).toBe(token);
  });

  test('stay valid after a newer key is added and are invalid under another key ring', () => {
    const [older, newer] = [randomBytes(32), randomBytes(32)];
    const token = createConnectionLinks(ring(older)).token(whole);
    expect(createConnectionLinks(ring(newer, older)).verify(token)).toEqual(whole);
    expect(createConnectionLinks(ring(newer)).verify(token)).toBeUndefined();
  });

  test('are invalid when their expiry was changed', () => {
    const links = createConnectionLinks(ring(randomBytes(32)));
    const [content = '', mac] = links.token(whole).split('.');
    const later = Buffer.from(content, 'base64url').toString('utf8').replace('2026-12', '2036-12');
    expect(links.verify(`${Buffer.from(later).toString('base64url')}.${mac}`)).toBeUndefined();
  });

  test('are not accepted as response links, nor response links as connection links', () => {
    const [key] = ring(randomBytes(32));
    if (!key) throw new Error('the key ring is empty');
    const invitation = { ...whole, auditionId: 'aud_1', participant: whole.owner, revision: 1 } as const;
    expect(createConnectionLinks([key]).verify(createResponseLinks([key]).token(invitation))).toBeUndefined();
    expect(createResponseLinks([key]).verify(createConnectionLinks([key]).token(whole))).toBeUndefined();
  });
});
