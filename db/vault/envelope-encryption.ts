/**
 * Envelope encryption. A secret is sealed under a data key: one per connection, per endpoint and per month of the inbox.
 * Data keys are stored wrapped under a master key. A master key can be rotated without changing sealed texts. Deleting
 * a data key makes everything sealed under it unreadable, in backups too.
 */
import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { NotAuthentic, openBytes, sealBytes } from '../../foundation/encryption/aes-gcm.ts';
import type { KeyWrapping } from '../../foundation/encryption/key-wrapping.ts';
import type { Database } from '../client.ts';
import { dataKeys } from '../schema/data-keys.ts';
import { createDataKeyCache, type DataKeyCache } from './data-key-cache.ts';

export interface Vault {
  /**
   * Encrypts under this data key. Creates the key when it does not exist. Each call returns a different text.
   * @param context names the row and column of the sealed text. The text opens only with the same context.
   */
  seal(dataKeyId: string, plaintext: string, context: string): Promise<string>;
  /**
   * Decrypts a text of `seal` with the same context.
   * @throws {NotAuthentic} when the text was altered, has another context, or its data key was destroyed.
   * @throws {UnknownKey} when the data key's master key is not configured.
   */
  open(dataKeyId: string, sealed: string, context: string): Promise<string>;
  /** Deletes the data key. Everything sealed under it becomes unreadable. Idempotent. */
  destroy(dataKeyId: string): Promise<void>;
  /** Drops the key from the memory of this process, because another process may have destroyed it. */
  evict(dataKeyId: string): void;
}

/** How long an unwrapped data key stays in memory, in milliseconds, and how many are kept. */
const cacheTtlMs = 5 * 60_000;
const cacheMaxKeys = 2_000;

/** Creates the vault. It caches unwrapped data keys in memory, so most calls need no query and no call of a KMS. */
export const createVault = (db: Database, wrapping: KeyWrapping): Vault => {
  const unwrapped = createDataKeyCache({ ttlMs: cacheTtlMs, maxKeys: cacheMaxKeys });
  const find = () => findKey(db, wrapping);

  return {
    async seal(dataKeyId, plaintext, context) {
      const seal = (key: Uint8Array) =>
        sealBytes(key, Buffer.from(plaintext, 'utf8'), additionalDataOf(dataKeyId, context)).toString(
          'base64url',
        );
      const findOrCreate = async () => (await find()(dataKeyId)) ?? createKey(db, wrapping, dataKeyId);
      return `v1.${await unwrapped.use(dataKeyId, findOrCreate, seal)}`;
    },

    async open(dataKeyId, sealed, context) {
      const [, content] = /^v1\.([A-Za-z0-9_-]+)$/.exec(sealed) ?? [];
      if (content === undefined) throw new NotAuthentic('not a sealed text');
      const open = (key: Uint8Array) =>
        openBytes(key, Buffer.from(content, 'base64url'), additionalDataOf(dataKeyId, context)).toString(
          'utf8',
        );
      const existing = async () => {
        const key = await find()(dataKeyId);
        if (key) return key;
        throw new NotAuthentic(`the data key of ${dataKeyId} was destroyed`);
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

/** Another process may have replaced the data key that is cached here. Then the key is read again. */
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

/** Two processes can create the same key simultaneously. Both use the row that was inserted first. */
const createKey = async (db: Database, wrapping: KeyWrapping, dataKeyId: string): Promise<Uint8Array> => {
  const key = randomBytes(32);
  const wrapped = await wrapping.wrap(key, wrappingContextOf(dataKeyId));
  const [created] = await db
    .insert(dataKeys)
    .values({ id: dataKeyId, ...wrapped })
    .onConflictDoNothing()
    .returning({ id: dataKeys.id });
  if (created) return key;
  key.fill(0);
  const existing = await findKey(db, wrapping)(dataKeyId);
  if (existing) return existing;
  return createKey(db, wrapping, dataKeyId);
};

/** Returns the context that binds a wrapped key to its row. A wrapped key in another row does not unwrap. */
export const wrappingContextOf = (dataKeyId: string): string => `data key of ${dataKeyId}`;

const additionalDataOf = (dataKeyId: string, context: string): string => `v1.${dataKeyId}.${context}`;
