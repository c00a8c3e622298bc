/**
 * Exchanges the master key: every data key is unwrapped by the one that wraps it and wrapped by the newest. What was
 * sealed under the data keys stays as it is, and so does the service: it goes on reading and writing meanwhile.
 */
import { timingSafeEqual } from 'node:crypto';
import { and, asc, count, eq, gt, ne, sql } from 'drizzle-orm';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import type { KeyWrapping } from '../../foundation/encryption/key-wrapping.ts';
import type { Database } from '../client.ts';
import { dataKeys } from '../schema/data-keys.ts';
import { wrappingContextOf } from './envelope-encryption.ts';

export interface MasterKeyUsage {
  readonly masterKeyId: string;
  readonly keys: number;
  /** Whether what it has wrapped can be read. */
  readonly isKnown: boolean;
}

export interface RotationResult {
  readonly rewrapped: number;
  /** Those that did not unwrap, as they were altered or belong elsewhere: left as they were. */
  readonly unreadable: readonly string[];
  /** Those that are not under the newest master key yet: what is left when it was stopped, or was made meanwhile. */
  readonly remaining: number;
}

/** Data was written under master keys that are not configured. Nothing was changed. */
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

/** A KMS is asked for so many at once. */
const batchSize = 10;

export const createMasterKeyRotation = (db: Database, wrapping: KeyWrapping) => {
  const status = async (): Promise<readonly MasterKeyUsage[]> => {
    const rows = await db
      .select({ masterKeyId: dataKeys.masterKeyId, keys: count() })
      .from(dataKeys)
      .groupBy(dataKeys.masterKeyId)
      .orderBy(asc(dataKeys.masterKeyId));
    return rows.map((row) => ({ ...row, isKnown: wrapping.canUnwrap(row.masterKeyId) }));
  };

  const waiting = async (): Promise<number> => {
    const [row] = await db.select({ keys: count() }).from(dataKeys).where(notNewest);
    return row?.keys ?? 0;
  };
  const notNewest = ne(dataKeys.masterKeyId, wrapping.newestKeyId);

  return {
    status,
    /**
     * Can be stopped by its signal after any of them, and begun again: it goes on with what is left.
     *
     * @throws {MasterKeysMissing} before anything is changed.
     */
    rotate: async (options: {
      readonly signal: AbortSignal;
      readonly progress: (done: { readonly rewrapped: number; readonly of: number }) => void;
    }): Promise<RotationResult> => {
      const missing = (await status()).filter(({ isKnown }) => !isKnown);
      if (missing.length > 0) throw new MasterKeysMissing(missing);
      const of = await waiting();
      const unreadable: string[] = [];
      let rewrapped = 0;
      let after = '';
      while (!options.signal.aborted) {
        const some = await db
          .select()
          .from(dataKeys)
          .where(and(notNewest, gt(dataKeys.id, after)))
          .orderBy(asc(dataKeys.id))
          .limit(batchSize);
        const last = some.at(-1);
        if (!last) break;
        after = last.id;
        const outcomes = await Promise.all(some.map((row) => rewrap(db, wrapping, row)));
        rewrapped += outcomes.filter((outcome) => outcome === 'rewrapped').length;
        unreadable.push(...some.filter((_row, at) => outcomes[at] === 'unreadable').map(({ id }) => id));
        options.progress({ rewrapped, of });
      }
      return { rewrapped, unreadable, remaining: await waiting() };
    },
  };
};

type Row = typeof dataKeys.$inferSelect;

/** Only what was looked at is written over: a key that was destroyed meanwhile stays so. */
const rewrap = async (
  db: Database,
  wrapping: KeyWrapping,
  { id, masterKeyId, wrapped }: Row,
): Promise<'rewrapped' | 'unreadable' | 'gone'> => {
  const place = wrappingContextOf(id);
  let key: Uint8Array;
  try {
    key = await wrapping.unwrap(masterKeyId, wrapped, place);
  } catch (error) {
    if (error instanceof NotAuthentic) return 'unreadable';
    throw error;
  }
  try {
    const anew = await wrapping.wrap(key, place);
    await verifyRewrapped(wrapping, anew, place, key);
    const [row] = await db
      .update(dataKeys)
      .set({ ...anew, rewrappedAt: sql`now()` })
      .where(and(eq(dataKeys.id, id), eq(dataKeys.wrapped, wrapped)))
      .returning({ id: dataKeys.id });
    return row ? 'rewrapped' : 'gone';
  } finally {
    key.fill(0);
  }
};

/** The only copy of a key is not replaced by one that nobody has seen to open. */
const verifyRewrapped = async (
  wrapping: KeyWrapping,
  { masterKeyId, wrapped }: Awaited<ReturnType<KeyWrapping['wrap']>>,
  place: string,
  key: Uint8Array,
): Promise<void> => {
  const read = await wrapping.unwrap(masterKeyId, wrapped, place);
  const isSame = timingSafeEqual(read, key);
  read.fill(0);
  if (!isSame) throw new Error(`the master key "${masterKeyId}" does not give back what it has wrapped`);
};
