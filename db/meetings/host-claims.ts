/**
 * The claims on the hosts of meetings: which host has a meeting at which time. The exclusion constraint of the table
 * decides conflicts.
 *
 * Every claim belongs to the operation that creates its meeting, and its row in the ledger is the fence: a claim is
 * possible only while that row has the state that the caller states. An undo changes the state before it releases the
 * claims, so no late attempt can leave a claim behind. A deleted row deletes its claims.
 */
import { and, eq, inArray, ne, sql } from 'drizzle-orm';
import type { MeetingOwner } from '../../domain/audition/casting-session.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import { rangeOf } from '../auditions/resources.ts';
import type { Database } from '../client.ts';
import { isPostgresError } from '../errors.ts';
import { meetingHostClaims } from '../schema/meeting-host-claims.ts';
import type { HostHashes } from './host-hashes.ts';

interface HostClaim {
  /** The key of the operation that creates the meeting. */
  readonly key: string;
  readonly auditionId: MeetingOwner;
  readonly vendor: VendorName;
  /** Identifies the account at the vendor, such as its email address. The table stores a keyed hash. */
  readonly host: string;
  /** The other names of the host, under which earlier versions have claimed it. */
  readonly otherNames?: readonly string[] | undefined;
  readonly slot: TimeRange;
  /** The revision of the slot. Claims of several revisions can exist until `keepOnly`. */
  readonly revision: number;
}

/** `attempt`: the attempt that is creating the meeting. `created`: the meeting exists, and is moved. */
type ClaimFence = { readonly kind: 'attempt'; readonly attempt: number } | { readonly kind: 'created' };

export interface HostClaims {
  /**
   * Claims the host for the time, or changes the claim of the same key and revision. Idempotent.
   *
   * @returns `busy`: another audition has the host at an overlapping time. `fenced`: the caller no longer owns the
   *   operation, or the meeting was undone.
   */
  claim(claim: HostClaim, fence: ClaimFence): Promise<'held' | 'busy' | 'fenced'>;
  /** Returns which of the hosts have a meeting of another audition at an overlapping time. */
  findBusy(
    vendor: VendorName,
    hosts: readonly string[],
    slot: TimeRange,
    except: MeetingOwner,
  ): Promise<ReadonlySet<string>>;
  /** Releases the claims of other revisions, after a move. Idempotent. */
  keepOnly(key: string, revision: number): Promise<void>;
  /** Releases the claims of an attempt that had no effect, unless another attempt owns the operation. Idempotent. */
  releaseAttempt(key: string, attempt: number): Promise<void>;
  /** Releases the claims of an operation. Idempotent. */
  release(key: string): Promise<void>;
}

/** Creates the repository of host claims. */
export const createHostClaims = (db: Database, hashes: HostHashes): HostClaims => ({
  async claim({ key, auditionId, vendor, host, otherNames = [], slot, revision }, fence) {
    const [hash, plain] = await hashes.formsOf(host);
    const otherForms = await Promise.all(otherNames.map((name) => hashes.formsOf(name)));
    const otherHashes = [plain, ...otherForms.flat()].filter((other) => other !== hash);
    const owned =
      fence.kind === 'attempt'
        ? sql`operations.state = 'open' AND operations.attempt = ${fence.attempt}::int AND operations.lease_until > now()`
        : sql`operations.state = 'completed'`;
    try {
      return await db.transaction(async (transaction) => {
        // Two simultaneous inserts for one host would deadlock, and PostgreSQL detects a deadlock only after a second.
        // The lock has the name that processes of earlier versions use.
        await transaction.execute(
          sql`SELECT pg_advisory_xact_lock(hashtextextended(${`meeting host ${vendor} ${plain}`}, 0))`,
        );
        // The exclusion constraint knows one name of a host, and its keyed form. Claims under its other names, and those without a key,
        // are of earlier versions.
        const others = await transaction
          .select({ key: meetingHostClaims.key })
          .from(meetingHostClaims)
          .where(
            and(
              eq(meetingHostClaims.vendor, vendor),
              inArray(meetingHostClaims.host, otherHashes),
              ne(meetingHostClaims.auditionId, auditionId),
              sql`${meetingHostClaims.during} && ${rangeOf(slot)}`,
            ),
          )
          .limit(1);
        if (others.length > 0) return 'busy';
        // The lock on the row of the ledger keeps an undo from beginning until the claim can be seen.
        const { rowCount } = await transaction.execute(sql`
          INSERT INTO meeting_host_claims (key, revision, audition_id, vendor, host, during)
          SELECT operations.key, ${revision}::int, ${auditionId}, ${vendor}, ${hash}, ${rangeOf(slot)}
          FROM operations WHERE operations.key = ${key} AND ${owned} FOR SHARE
          ON CONFLICT (key, revision) DO UPDATE SET host = excluded.host, during = excluded.during
        `);
        return (rowCount ?? 0) > 0 ? 'held' : 'fenced';
      });
    } catch (error) {
      if (isPostgresError(error, 'exclusion_violation')) return 'busy';
      throw error;
    }
  },

  async findBusy(vendor, hosts, slot, except) {
    if (hosts.length === 0) return new Set();
    const forms = hosts.map(async (host) =>
      (await hashes.formsOf(host)).map((form) => [form, host] as const),
    );
    const names = new Map((await Promise.all(forms)).flat());
    const rows = await db
      .selectDistinct({ host: meetingHostClaims.host })
      .from(meetingHostClaims)
      .where(
        and(
          eq(meetingHostClaims.vendor, vendor),
          inArray(meetingHostClaims.host, [...names.keys()]),
          ne(meetingHostClaims.auditionId, except),
          sql`${meetingHostClaims.during} && ${rangeOf(slot)}`,
        ),
      );
    return new Set(rows.map(({ host }) => names.get(host) ?? host));
  },

  async keepOnly(key, revision) {
    await db
      .delete(meetingHostClaims)
      .where(and(eq(meetingHostClaims.key, key), ne(meetingHostClaims.revision, revision)));
  },

  async releaseAttempt(key, attempt) {
    await db.execute(sql`
      DELETE FROM meeting_host_claims USING operations
      WHERE meeting_host_claims.key = ${key} AND operations.key = ${key}
        AND operations.state = 'open' AND operations.attempt = ${attempt}::int
    `);
  },

  async release(key) {
    await db.delete(meetingHostClaims).where(eq(meetingHostClaims.key, key));
  },
});
