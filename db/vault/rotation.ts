/**
 * Rotates the master key: unwraps every data key and wraps it under the newest master key. Sealed texts do not change.
 * The service can run during the rotation.
 */
import { timingSafeEqual } from 'node:crypto';
import { and, asc, count, eq, gt, ne, sql } from 'drizzle-orm';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import type { DataKeyWrapping } from '../../foundation/encryption/key-wrapping.ts';
import type { Database } from '../client.ts';
import { dataKeys } from '../schema/data-keys.ts';
import { wrappingContextOf } from './envelope-encryption.ts';

export interface MasterKeyUsage {
  readonly masterKeyId: string;
  readonly keys: number;
  /** Whether this process can unwrap data keys of this master key. */
  readonly isKnown: boolean;
}

export interface RotationResult {
  readonly rewrapped: number;
  /** Ids of data keys that did not unwrap because their rows were altered. They were left unchanged. */
  readonly unreadable: readonly string[];
  /** How many data keys are not under the newest master key yet: the rotation was stopped, or they are new. */
  readonly remaining: number;
}

/** Data keys are wrapped under master keys that are not configured. The rotation changed nothing. */
export class MasterKeysMissing extends Error {
  override readonly name = 'MasterKeysMissing';

  constructor(missing: readonly MasterKeyUsage[]) {
    const which = missing.map(({ masterKeyId, keys }) => `"${masterKeyId}" (${keys} data keys)`).join(', ');
    super(
      `Data was written under master keys that are not configured: ${which}. ` +
        'Put them back at the end of CASTMATCH_MASTER_KEYS, or set CASTMATCH_KMS_KEY for those of a KMS. Nothing was changed.',
    );
  }
}

/** The row of an erased key contains none. */
const isKept = ne(dataKeys.wrapped, '');

/** Concurrent calls of a KMS. */
const batchSize = 10;

/** Creates the rotation of the master key. `status` returns the number of data keys under each master key. */
export const createMasterKeyRotation = (db: Database, wrapping: DataKeyWrapping) => {
  const status = async (): Promise<readonly MasterKeyUsage[]> => {
    const rows = await db
      .select({ masterKeyId: dataKeys.masterKeyId, keys: count() })
      .from(dataKeys)
      .where(isKept)
      .groupBy(dataKeys.masterKeyId)
      .orderBy(asc(dataKeys.masterKeyId));
    return rows.map((row) => ({ ...row, isKnown: wrapping.canUnwrap(row.masterKeyId) }));
  };

  const countNotNewest = async (): Promise<number> => {
    const [row] = await db.select({ keys: count() }).from(dataKeys).where(notNewest);
    return row?.keys ?? 0;
  };
  const notNewest = and(isKept, ne(dataKeys.masterKeyId, wrapping.newestKeyId));

  return {
    status,
    /**
     * Re-wraps all data keys that are not under the newest master key. `signal` stops it after the current batch.
     * Idempotent: another run continues with the remaining keys.
     *
     * @throws {MasterKeysMissing} before it changes anything.
     */
    rotate: async (options: {
      readonly signal: AbortSignal;
      readonly progress: (done: { readonly rewrapped: number; readonly of: number }) => void;
    }): Promise<RotationResult> => {
      const missing = (await status()).filter(({ isKnown }) => !isKnown);
      if (missing.length > 0) throw new MasterKeysMissing(missing);
      const of = await countNotNewest();
      const unreadable: string[] = [];
      let rewrapped = 0;
      let after = '';
      while (!options.signal.aborted) {
        const batch = await db
          .select()
          .from(dataKeys)
          .where(and(notNewest, gt(dataKeys.id, after)))
          .orderBy(asc(dataKeys.id))
          .limit(batchSize);
        const last = batch.at(-1);
        if (!last) break;
        after = last.id;
        const outcomes = await Promise.all(batch.map((row) => rewrap(db, wrapping, row)));
        rewrapped += outcomes.filter((outcome) => outcome === 'rewrapped').length;
        unreadable.push(...batch.filter((_row, at) => outcomes[at] === 'unreadable').map(({ id }) => id));
        options.progress({ rewrapped, of });
      }
      return { rewrapped, unreadable, remaining: await countNotNewest() };
    },
  };
};

type Row = typeof dataKeys.$inferSelect;

/** Updates the row only when it is unchanged. A key that was destroyed meanwhile stays destroyed. */
const rewrap = async (
  db: Database,
  wrapping: DataKeyWrapping,
  { id, masterKeyId, wrapped }: Row,
): Promise<'rewrapped' | 'unreadable' | 'gone'> => {
  const context = wrappingContextOf(id);
  let key: Uint8Array;
  try {
    key = await wrapping.unwrap(masterKeyId, wrapped, context);
  } catch (error) {
    if (error instanceof NotAuthentic) return 'unreadable';
    throw error;
  }
  try {
    const rewrapped = await wrapping.wrap(key, context);
    await verifyRewrapped(wrapping, rewrapped, context, key);
    const [row] = await db
      .update(dataKeys)
      .set({ ...rewrapped, rewrappedAt: sql`now()` })
      .where(and(eq(dataKeys.id, id), eq(dataKeys.wrapped, wrapped)))
      .returning({ id: dataKeys.id });
    return row ? 'rewrapped' : 'gone';
  } finally {
    key.fill(0);
  }
};

/** Unwraps the new copy before it replaces the only existing one. */
const verifyRewrapped = async (
  wrapping: DataKeyWrapping,
  { masterKeyId, wrapped }: Awaited<ReturnType<DataKeyWrapping['wrap']>>,
  context: string,
  key: Uint8Array,
): Promise<void> => {
  const read = await wrapping.unwrap(masterKeyId, wrapped, context);
  const isSame = timingSafeEqual(read, key);
  read.fill(0);
  if (!isSame) {
    throw new Error(
      `the master key "${masterKeyId}" unwrapped a different data key than it had wrapped: the old copy was kept`,
    );
  }
};
