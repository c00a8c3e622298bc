/**
 * Envelope encryption: what is secret is sealed under a data key of its own (a connection's, an endpoint's, a month's
 * of inbox), and the data key is kept wrapped under a master key. So a master key is exchanged without touching what
 * was sealed, and deleting a data key erases all it has sealed, in backups too.
 */
import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { NotAuthentic, openBytes, sealBytes } from '../../foundation/encryption/aes-gcm.ts';
import type { KeyWrapping } from '../../foundation/encryption/key-wrapping.ts';
import type { Database } from '../client.ts';
import { dataKeys } from '../schema/data-keys.ts';
import { createDataKeyCache, type DataKeyCache } from './data-key-cache.ts';

export interface Vault {
  /** Seals under this data key, which is made when there is none. Never twice the same text. */
  seal(dataKeyId: string, plaintext: string, place: string): Promise<string>;
  /**
   * Opens what `seal` made, at the same place only.
   * @throws {NotAuthentic} when it was altered, carried over from elsewhere, or its data key was destroyed.
   * @throws {UnknownKey} when the data key's master key is not configured.
   */
  open(dataKeyId: string, sealed: string, place: string): Promise<string>;
  /** Deletes the data key: nothing that was sealed under it opens again. Idempotent. */
  destroy(dataKeyId: string): Promise<void>;
  /** Drops the key from this process's memory, for when it may have been destroyed by another. */
  evict(dataKeyId: string): void;
}

/** How long a data key lies unwrapped in memory, and how many do. Milliseconds. */
const cacheTtlMs = 5 * 60_000;
const cacheMaxKeys = 2_000;

export const createVault = (db: Database, wrapping: KeyWrapping): Vault => {
  const unwrapped = createDataKeyCache({ ttlMs: cacheTtlMs, maxKeys: cacheMaxKeys });
  const find = () => findKey(db, wrapping);

  return {
    async seal(dataKeyId, plaintext, place) {
      const seal = (key: Uint8Array) =>
        sealBytes(key, Buffer.from(plaintext, 'utf8'), additionalDataOf(dataKeyId, place)).toString(
          'base64url',
        );
      const make = async () => (await find()(dataKeyId)) ?? makeKey(db, wrapping, dataKeyId);
      return `v1.${await unwrapped.use(dataKeyId, make, seal)}`;
    },

    async open(dataKeyId, sealed, place) {
      const [, content] = /^v1\.([A-Za-z0-9_-]+)$/.exec(sealed) ?? [];
      if (content === undefined) throw new NotAuthentic('not a sealed text');
      const open = (key: Uint8Array) =>
        openBytes(key, Buffer.from(content, 'base64url'), additionalDataOf(dataKeyId, place)).toString(
          'utf8',
        );
      const existing = async () => {
        const key = await find()(dataKeyId);
        if (key) return key;
        throw new NotAuthentic(`sealed under the data key of ${dataKeyId}, which was destroyed`);
      };
      return openWithRefresh(unwrapped, dataKeyId, () => unwrapped.use(dataKeyId, existing, open));
    },

    async destroy(dataKeyId) {
      await db.delete(dataKeys).where(eq(dataKeys.id, dataKeyId));
      unwrapped.evict(dataKeyId);
    },

    evict: (dataKeyId) => unwrapped.evict(dataKeyId),
  };
};

/** A key in memory may be one that another process has destroyed and made anew: then the row is read once more. */
const openWithRefresh = async (
  unwrapped: DataKeyCache,
  dataKeyId: string,
  open: () => Promise<string>,
): Promise<string> => {
  const wasInMemory = unwrapped.has(dataKeyId);
  try {
    return await open();
  } catch (error) {
    if (!wasInMemory || !(error instanceof NotAuthentic)) throw error;
    unwrapped.evict(dataKeyId);
    return open();
  }
};

const findKey =
  (db: Database, wrapping: KeyWrapping) =>
  async (dataKeyId: string): Promise<Uint8Array | undefined> => {
    const [row] = await db.select().from(dataKeys).where(eq(dataKeys.id, dataKeyId));
    return row && wrapping.unwrap(row.masterKeyId, row.wrapped, wrappingContextOf(dataKeyId));
  };

/** Two processes may make one at once: the row that was written first is the key of both. */
const makeKey = async (db: Database, wrapping: KeyWrapping, dataKeyId: string): Promise<Uint8Array> => {
  const key = randomBytes(32);
  const wrapped = await wrapping.wrap(key, wrappingContextOf(dataKeyId));
  const [made] = await db
    .insert(dataKeys)
    .values({ id: dataKeyId, ...wrapped })
    .onConflictDoNothing()
    .returning({ id: dataKeys.id });
  if (made) return key;
  key.fill(0);
  const others = await findKey(db, wrapping)(dataKeyId);
  if (others) return others;
  return makeKey(db, wrapping, dataKeyId);
};

/** A wrapped key that is copied to another's row does not unwrap. */
export const wrappingContextOf = (dataKeyId: string): string => `data key of ${dataKeyId}`;

const additionalDataOf = (dataKeyId: string, place: string): string => `v1.${dataKeyId}.${place}`;
