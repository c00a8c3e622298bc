import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotAuthentic, UnknownKey } from './aes-gcm.ts';
import { createKeyRing } from './key-ring.ts';

const masterKey = (id: string) => ({ id, key: randomBytes(32) });
const setup = () => {
  const oldKey = masterKey('k1');
  const newKey = masterKey('k2');
  return { oldKey, newKey, before: createKeyRing([oldKey]), after: createKeyRing([newKey, oldKey]) };
};

describe('createKeyRing', () => {
  it('opens what it sealed, whatever it was', () => {
    const { after } = setup();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (plaintext, place) => {
        expect(after.open(after.seal(plaintext, place), place)).toBe(plaintext);
      }),
    );
  });

  it('shows nothing of the text, and never seals alike', () => {
    const { after } = setup();
    const sealed = after.seal('refresh-token', 'conn_1');
    expect(sealed).not.toContain('refresh-token');
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain(
      'refresh-token',
    );
    expect(after.seal('refresh-token', 'conn_1')).not.toBe(sealed);
  });

  it('seals under the newest key and still opens what the old one sealed', () => {
    const { before, after } = setup();
    const old = before.seal('refresh-token', 'conn_1');
    expect(after.open(old, 'conn_1')).toBe('refresh-token');
    expect(after.seal('refresh-token', 'conn_1')).toMatch(/^v1\.k2\./);
  });

  it('names the key that is missing', () => {
    const { before, after } = setup();
    const open = () => before.open(after.seal('refresh-token', 'conn_1'), 'conn_1');
    expect(open).toThrow(UnknownKey);
    expect(open).toThrow('"k2"');
  });

  it('does not open what belongs elsewhere', () => {
    const { after } = setup();
    expect(() => after.open(after.seal('refresh-token', 'conn_1'), 'conn_2')).toThrow(NotAuthentic);
  });

  it('does not open under another key of the same id', () => {
    const { after } = setup();
    const impostor = createKeyRing([masterKey('k2')]);
    expect(() => impostor.open(after.seal('refresh-token', 'conn_1'), 'conn_1')).toThrow(NotAuthentic);
  });

  it('notices every altered byte', () => {
    const { after } = setup();
    const [version, id, content = ''] = after.seal('refresh-token', 'conn_1').split('.');
    const bytes = Buffer.from(content, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      const sealed = `${version}.${id}.${altered.toString('base64url')}`;
      expect(() => after.open(sealed, 'conn_1')).toThrow(NotAuthentic);
    }
  });

  it.each(['', 'plain text', 'v1.k2', 'v1.k2.', 'v1.k2.AAAA', 'v2.k2.AAAA', 'v1.k2.AA==', 'v1.k2.AAAA.AAAA'])(
    'does not take "%s" for a sealed text',
    (text) => {
      expect(() => setup().after.open(text, 'conn_1')).toThrow(NotAuthentic);
    },
  );

  it('is not made without a key', () => {
    expect(() => createKeyRing([])).toThrow(RangeError);
  });
});
