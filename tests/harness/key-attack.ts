/**
 * Reads sealed data as an attacker does who has a backup, the master keys and the key database. Tries every key on every
 * sealed text, without the authentication of AES-GCM: so it needs to know nothing of contexts, and misses nothing.
 */
import { createDecipheriv } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';
import { wrappingContextOf } from '../../db/vault/envelope-encryption.ts';
import type { MasterKey } from '../../foundation/configuration/master-keys.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** Decrypts in the counter mode inside of AES-GCM, whose first block encrypts the tag (NIST SP 800-38D, section 7.1). */
const decrypt = (key: Uint8Array, sealed: Uint8Array): Buffer => {
  const counter = Buffer.concat([sealed.subarray(0, nonceBytes), Buffer.from([0, 0, 0, 2])]);
  const cipher = createDecipheriv('aes-256-ctr', key, counter);
  return Buffer.concat([cipher.update(sealed.subarray(nonceBytes, -tagBytes)), cipher.final()]);
};

const keyRowsSchema = z.array(z.object({ id: z.string(), master_key_id: z.string(), wrapped: z.string() }));

/** Returns the master keys, and every data key that they unwrap. */
export const allKeys = async (
  keyPool: Pool,
  masterKeys: readonly MasterKey[],
): Promise<readonly Uint8Array[]> => {
  const ring = createKeyRing(masterKeys);
  const { rows } = await keyPool.query(
    "SELECT id, master_key_id, wrapped FROM data_keys WHERE wrapped <> ''",
  );
  const dataKeys = await Promise.all(
    keyRowsSchema
      .parse(rows)
      .map(({ id, master_key_id, wrapped }) => ring.unwrap(master_key_id, wrapped, wrappingContextOf(id))),
  );
  return [...masterKeys.map(({ key }) => key), ...dataKeys];
};

/** Returns the sealed texts in a dump of a database. */
export const sealedTextsIn = (dump: Buffer): readonly Uint8Array[] =>
  [...dump.toString('latin1').matchAll(/v1\.([A-Za-z0-9_-]{38,})/g)].map(([, content = '']) =>
    Buffer.from(content, 'base64url'),
  );

const payloadSchema = z.object({
  metadata: z.record(z.string(), z.instanceof(Uint8Array)),
  data: z.instanceof(Uint8Array),
});

/** Returns the encrypted payloads anywhere in a history. */
export const payloadsIn = (value: unknown): readonly Uint8Array[] => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const payload = payloadSchema.safeParse(value).data;
  if (payload) return [payload.data];
  return Object.values(value).flatMap(payloadsIn);
};

/** Returns what every key makes of every sealed text, one after the other. Most of it is noise. */
export const attack = (keys: readonly Uint8Array[], sealed: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    sealed
      .filter(({ length }) => length > nonceBytes + tagBytes)
      .flatMap((text) => keys.flatMap((key) => [decrypt(key, text), Buffer.from('\n')])),
  );
