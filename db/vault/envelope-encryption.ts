/**
 * Envelope encryption. A secret is sealed under a data key: one per connection, per endpoint, per audition and per month of the
 * inbox. Data keys are in the key database, whose backups are separate (`key-database.ts`).
 * Data keys are stored wrapped under a master key. A master key can be rotated without changing sealed texts. Deleting
 * a data key makes everything sealed under it unreadable, in backups too.
 */
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { eq, inArray } from 'drizzle-orm';
import { NotAuthentic, openBytes, sealBytes } from '../../foundation/encryption/aes-gcm.ts';
import type { DataKeyWrapping } from '../../foundation/encryption/key-wrapping.ts';
import { createBatching } from '../batching.ts';
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
  /** Like `seal`, for bytes. The result is shorter than that of `seal`. */
  sealBytes(dataKeyId: string, plaintext: Uint8Array, context: string): Promise<Uint8Array>;
  /** Like `open`, for what `sealBytes` has sealed. */
  openBytes(dataKeyId: string, sealed: Uint8Array, context: string): Promise<Uint8Array>;
  /**
   * Returns the HMAC-SHA-256 of a text under a key that is derived from this data key for the purpose. Creates the data key when it
   * does not exist. The same text has the same code while the data key exists.
   */
  code(dataKeyId: string, text: string, purpose: string): Promise<string>;
  /** Returns the function that computes these codes without waiting. It keeps the derived key in the memory of this process. */
  coder(dataKeyId: string, purpose: string): Promise<(text: string) => string>;
  /** Deletes the data key. Everything sealed under it becomes unreadable. Idempotent. */
  destroy(dataKeyId: string): Promise<void>;
  /**
   * Deletes the data key for good: a key of this id is never created again, so nothing can be sealed under it later.
   * Idempotent.
   * @throws {DataKeyDestroyed} from `seal` and `open` afterwards; in other processes within five minutes.
   */
  erase(dataKeyId: string): Promise<void>;
  /** Drops the key from the memory of this process, because another process may have destroyed it. */
  evict(dataKeyId: string): void;
}

/** The data key was destroyed, or there was never one. */
export class DataKeyDestroyed extends NotAuthentic {
  constructor(dataKeyId: string) {
    super(`the data key of ${dataKeyId} was destroyed`);
  }
}

/** How long an unwrapped data key stays in memory, in milliseconds, and how many are kept. */
const cacheTtlMs = 5 * 60_000;
const cacheMaxKeys = 10_000;

/**
 * Creates the vault. It caches unwrapped data keys in memory, so most calls need no query and no call of a KMS. Keys that are
 * needed simultaneously are read in one query.
 * @param keys the key database
 */
export const createVault = (keys: Database, wrapping: DataKeyWrapping): Vault => {
  const unwrapped = createDataKeyCache({ ttlMs: cacheTtlMs, maxKeys: cacheMaxKeys });
  const find = createKeyFinder(keys, wrapping);

  const findOrCreate = (dataKeyId: string) => async () =>
    (await find(dataKeyId)) ?? createKey(keys, wrapping, find, dataKeyId);

  const seal = (dataKeyId: string, plaintext: Uint8Array, context: string): Promise<Buffer> =>
    unwrapped.use(dataKeyId, findOrCreate(dataKeyId), (key) =>
      sealBytes(key, plaintext, additionalDataOf(dataKeyId, context)),
    );

  const open = (dataKeyId: string, sealed: Uint8Array, context: string): Promise<Buffer> => {
    const existing = async () => {
      const key = await find(dataKeyId);
      if (key) return key;
      throw new DataKeyDestroyed(dataKeyId);
    };
    return openWithRefresh(unwrapped, dataKeyId, () =>
      unwrapped.use(dataKeyId, existing, (key) =>
        openBytes(key, sealed, additionalDataOf(dataKeyId, context)),
      ),
    );
  };

  return {
    sealBytes: seal,
    openBytes: open,

    seal: async (dataKeyId, plaintext, context) =>
      `v1.${(await seal(dataKeyId, Buffer.from(plaintext, 'utf8'), context)).toString('base64url')}`,

    async open(dataKeyId, sealed, context) {
      const [, content] = /^v1\.([A-Za-z0-9_-]+)$/.exec(sealed) ?? [];
      if (content === undefined) throw new NotAuthentic('not a sealed text');
      return (await open(dataKeyId, Buffer.from(content, 'base64url'), context)).toString('utf8');
    },

    code: (dataKeyId, text, purpose) =>
      unwrapped.use(dataKeyId, findOrCreate(dataKeyId), (key) => coderOf(key, purpose)(text)),

    coder: (dataKeyId, purpose) =>
      unwrapped.use(dataKeyId, findOrCreate(dataKeyId), (key) => coderOf(key, purpose)),

    async destroy(dataKeyId) {
      await keys.delete(dataKeys).where(eq(dataKeys.id, dataKeyId));
      unwrapped.evict(dataKeyId);
    },

    async erase(dataKeyId) {
      const tombstone = { masterKeyId: '', wrapped: '', rewrappedAt: null };
      await keys
        .insert(dataKeys)
        .values({ id: dataKeyId, ...tombstone })
        .onConflictDoUpdate({ target: dataKeys.id, set: tombstone });
      unwrapped.evict(dataKeyId);
    },

    evict: (dataKeyId) => unwrapped.evict(dataKeyId),
  };
};

const coderOf = (key: Uint8Array, purpose: string): ((text: string) => string) => {
  const derived = Buffer.from(hkdfSync('sha256', key, '', `castmatch code ${purpose} v1`, 32));
  return (text) => createHmac('sha256', derived).update(text).digest('base64url');
};

/** Another process may have replaced the data key that is cached here. Then the key is read again. */
const openWithRefresh = async (
  unwrapped: DataKeyCache,
  dataKeyId: string,
  open: () => Promise<Buffer>,
): Promise<Buffer> => {
  const wasInMemory = unwrapped.has(dataKeyId);
  try {
    return await open();
  } catch (error) {
    if (!wasInMemory || !(error instanceof NotAuthentic)) throw error;
    unwrapped.evict(dataKeyId);
    return open();
  }
};

type FindKey = (dataKeyId: string) => Promise<Uint8Array | undefined>;

const createKeyFinder = (keys: Database, wrapping: DataKeyWrapping): FindKey => {
  const findRow = createBatching({
    run: async (ids: readonly string[]) => {
      const rows = await keys
        .select()
        .from(dataKeys)
        .where(inArray(dataKeys.id, [...ids]));
      return ids.map((id) => rows.find((row) => row.id === id) ?? null);
    },
    keyOf: (id) => id,
  });
  return async (dataKeyId) => {
    const row = await findRow(dataKeyId);
    if (row?.wrapped === '') throw new DataKeyDestroyed(dataKeyId);
    return row ? wrapping.unwrap(row.masterKeyId, row.wrapped, wrappingContextOf(dataKeyId)) : undefined;
  };
};

/** Two processes can create the same key simultaneously. Both use the row that was inserted first. */
const createKey = async (
  keys: Database,
  wrapping: DataKeyWrapping,
  find: FindKey,
  dataKeyId: string,
): Promise<Uint8Array> => {
  const key = randomBytes(32);
  const wrapped = await wrapping.wrap(key, wrappingContextOf(dataKeyId));
  const [created] = await keys
    .insert(dataKeys)
    .values({ id: dataKeyId, ...wrapped })
    .onConflictDoNothing()
    .returning({ id: dataKeys.id });
  if (created) return key;
  key.fill(0);
  const existing = await find(dataKeyId);
  if (existing) return existing;
  return createKey(keys, wrapping, find, dataKeyId);
};

/** Returns the context that binds a wrapped key to its row. A wrapped key in another row does not unwrap. */
export const wrappingContextOf = (dataKeyId: string): string => `data key of ${dataKeyId}`;

const additionalDataOf = (dataKeyId: string, context: string): string => `v1.${dataKeyId}.${context}`;
