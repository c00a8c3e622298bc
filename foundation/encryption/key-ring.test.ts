import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotAuthentic, UnknownKey } from './aes-gcm.ts';
import { createKeyRing } from './key-ring.ts';

const masterKey = (id: string) => ({ id, key: randomBytes(32) });
const setup = () => {
  const oldKey = masterKey('k1');
  const newKey = masterKey('k2');
  return {
    dataKey: randomBytes(32),
    before: createKeyRing([oldKey]),
    after: createKeyRing([newKey, oldKey]),
  };
};

describe('createKeyRing', () => {
  it('unwraps any bytes that it wrapped', async () => {
    const { after } = setup();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.string({ unit: 'binary' }), async (bytes, place) => {
        const { masterKeyId, wrapped } = await after.wrap(bytes, place);
        expect(new Uint8Array(await after.unwrap(masterKeyId, wrapped, place))).toEqual(bytes);
      }),
    );
  });

  it('does not expose the data key and never wraps it to the same text twice', async () => {
    const { after, dataKey } = setup();
    const { wrapped } = await after.wrap(dataKey, 'conn_1');
    expect(Buffer.from(wrapped.split('.')[1] ?? '', 'base64url').includes(dataKey)).toBe(false);
    expect((await after.wrap(dataKey, 'conn_1')).wrapped).not.toBe(wrapped);
  });

  it('wraps under the newest key and unwraps data keys of the old key', async () => {
    const { before, after, dataKey } = setup();
    const old = await before.wrap(dataKey, 'conn_1');
    expect(old.masterKeyId).toBe('k1');
    expect(await after.unwrap(old.masterKeyId, old.wrapped, 'conn_1')).toEqual(dataKey);
    expect(after.newestKeyId).toBe('k2');
    expect((await after.wrap(dataKey, 'conn_1')).masterKeyId).toBe('k2');
  });

  it('names the missing master key in the error', async () => {
    const { before, after, dataKey } = setup();
    const { masterKeyId, wrapped } = await after.wrap(dataKey, 'conn_1');
    expect(before.canUnwrap(masterKeyId)).toBe(false);
    const unwrapping = before.unwrap(masterKeyId, wrapped, 'conn_1');
    await expect(unwrapping).rejects.toThrow(UnknownKey);
    await expect(unwrapping).rejects.toThrow('"k2"');
  });

  it('rejects a wrapped key of another place or of another master key', async () => {
    const { before, after, dataKey } = setup();
    const { masterKeyId, wrapped } = await after.wrap(dataKey, 'conn_1');
    await expect(after.unwrap(masterKeyId, wrapped, 'conn_2')).rejects.toThrow(NotAuthentic);
    await expect(after.unwrap('k1', wrapped, 'conn_1')).rejects.toThrow(NotAuthentic);
    const impostor = createKeyRing([masterKey('k2')]);
    await expect(impostor.unwrap(masterKeyId, wrapped, 'conn_1')).rejects.toThrow(NotAuthentic);
    expect(before.canUnwrap('k1')).toBe(true);
  });

  it('rejects a wrapped key with any altered byte', async () => {
    const { after, dataKey } = setup();
    const { masterKeyId, wrapped } = await after.wrap(dataKey, 'conn_1');
    const bytes = Buffer.from(wrapped.split('.')[1] ?? '', 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      const unwrapping = after.unwrap(masterKeyId, `v1.${altered.toString('base64url')}`, 'conn_1');
      await expect(unwrapping).rejects.toThrow(NotAuthentic);
    }
  });

  it.each(['', 'plain text', 'v1', 'v1.', 'v1.AAAA', 'v2.AAAA', 'v1.AA==', 'v1.AAAA.AAAA'])(
    'rejects "%s" as a wrapped key',
    async (text) => {
      await expect(setup().after.unwrap('k1', text, 'conn_1')).rejects.toThrow(NotAuthentic);
    },
  );

  it('throws without a master key', () => {
    expect(() => createKeyRing([])).toThrow(RangeError);
  });
});
