import { and, eq, inArray, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { isPostgresError } from '../errors.ts';
import { slotFences, slotHolds } from '../schema/slot-holds.ts';
import { type AppendObserver, appendFacts, type OwnFacts, type TrailCall } from '../trail/append.ts';
import type { TrailProtection } from '../trail/trail-protection.ts';
import { acquire, ClaimReleased, type SlotClaim, SlotTaken, slotOf } from './claims.ts';
import { changeHolds } from './hold-changes.ts';
import {
  conflicting,
  endOf,
  gapTo,
  rangeOf,
  rangeSchema,
  type SlotNeeds,
  startOf,
  storedResources,
} from './resources.ts';
import type { ReadStoredNames, StoredNames } from './stored-names.ts';

export type { SlotClaim } from './claims.ts';
export type { HoldChange } from './hold-changes.ts';

type ClaimResult =
  /**
   * `slot` is the one of an earlier attempt when that attempt has acquired the claim. `takenFrom` has the auditions that
   * have yielded it, if there are any.
   */
  | { readonly kind: 'held'; readonly slot: TimeRange; readonly takenFrom?: readonly AuditionId[] }
  | { readonly kind: 'taken'; readonly resources: readonly string[]; readonly by: readonly HoldConflict[] }
  /** The audition has released this claim already, so this attempt is late. */
  | { readonly kind: 'released' };

/** A hold of another audition that keeps a slot from being held. */
export interface HoldConflict extends TimeRange {
  /** Undefined for an audition of another organization, which holds the same calendar. */
  readonly auditionId?: AuditionId | undefined;
  /** As the caller has written them. */
  readonly resources: readonly string[];
  /** Whether the hold overlaps the slot. Otherwise it is only too close. */
  readonly overlaps: boolean;
}

/**
 * The slots that auditions hold. A hold lasts until it is released. `EventStore.append` releases holds in the
 * transaction of the facts that say so.
 *
 * Resources have the names of `slotResources`. They belong to an organization, except calendars: a calendar is one
 * resource in all organizations.
 */
export interface SlotHolds {
  /**
   * Holds the slot for all resources of the claim, or for none when a resource is taken, or is held by another audition
   * too close to the slot. Idempotent by audition and claim. The other claims of the audition do not conflict. The holds of an audition that yields are taken from it.
   * @param call the call of `openTrail`, whose facts are in the trail.
   * @param own facts that are appended in the same transaction when the slot is held.
   * @throws {TrailAhead} when the trail has numbered facts of another run that the caller does not know.
   */
  claim(call: TrailCall, claim: SlotClaim, own?: OwnFacts): Promise<ClaimResult>;
  /** Returns the slot that the claim holds; undefined when it holds none. */
  find(auditionId: AuditionId, claim: number): Promise<TimeRange | undefined>;
  /** Returns the number of the audition's last claim (0 without a claim), and the claims that hold a slot. */
  claims(
    auditionId: AuditionId,
  ): Promise<{ readonly last: number; readonly held: readonly (TimeRange & { readonly claim: number })[] }>;
  /** Returns whether the claim holds its slot for exactly these resources. */
  isHeldFor(auditionId: AuditionId, claim: number, resources: readonly string[]): Promise<boolean>;
  /** Returns the resources for which the claim holds its slot. Calendars and rooms are hashed. */
  resourcesOf(auditionId: AuditionId, claim: number): Promise<readonly string[]>;
  /**
   * Gives up the slot of a claim that turned out to be unusable, so that the same claim can acquire another one. Unlike a
   * release, it does not block later attempts of the claim. Idempotent.
   */
  abandon(auditionId: AuditionId, claim: number): Promise<void>;
  /** Returns which of the auditions have ever claimed a slot. The holds tell when these need their resources. */
  findKnown(auditionIds: readonly AuditionId[]): Promise<ReadonlySet<string>>;
  /** Returns the holds of a resource that have not been over for a day. @param except the audition whose holds do not count */
  listOf(
    resource: string,
    except?: AuditionId,
  ): Promise<readonly (TimeRange & { readonly auditionId: AuditionId })[]>;
  /** Releases every claim of an audition that has no workflow any more. Idempotent. */
  releaseAll(auditionId: AuditionId): Promise<void>;
  /**
   * Returns the busy times of the resources in the window, for the ranking of free slots. The holds of an audition that
   * yields do not count, because a claim takes them. Each time includes the gap that a slot must leave to it.
   * @param except the audition whose own holds do not count.
   */
  listBusy(
    needs: SlotNeeds,
    window: { readonly from: Instant; readonly until: Instant },
    except?: AuditionId,
  ): Promise<readonly (TimeRange & { readonly resource: string })[]>;
}

/** A conflicting hold can end before its audition is looked up. Then the claim is tried again. */
const maxAttempts = 5;

/**
 * Creates the repository of slot holds. The exclusion constraint of the table decides conflicts. This code inserts and
 * reads the result.
 *
 * @param storedNames the names of calendars, rooms and places as the table has them
 * @param observe is told of the events that claims append
 */
export const createSlotHolds = (
  db: Database,
  storedNames: ReadStoredNames,
  protection: TrailProtection,
  observe?: AppendObserver,
): SlotHolds => ({
  async claim(call, claim, own) {
    const names = await storedNames();
    let yielding: readonly AuditionId[] = [];
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      try {
        const slot = await acquireAndAppend({ db, names, protection, observe }, call, claim, own, yielding);
        return { kind: 'held', slot, ...(yielding.length > 0 ? { takenFrom: yielding } : {}) };
      } catch (error) {
        if (error instanceof ClaimReleased) return { kind: 'released' };
        if (!(error instanceof SlotTaken) && !isPostgresError(error, 'exclusion_violation')) throw error;
      }
      const conflicts = await findConflicts(db, names, call.auditionId, claim);
      const taken = conflicts.filter((conflict) => !conflict.yielding);
      if (taken.length > 0) return takenBy(names, claim, taken);
      yielding = [...new Set(conflicts.map(({ auditionId }) => auditionId))];
    }
    return { kind: 'taken', resources: claim.resources, by: [] };
  },

  find: (auditionId, claim) => slotOf(db, auditionId, claim),

  async claims(auditionId) {
    const [fence] = await db
      .select({ last: slotFences.lastClaim })
      .from(slotFences)
      .where(eq(slotFences.auditionId, auditionId));
    const held = await db
      .selectDistinct({ claim: slotHolds.claim, start: startOf, end: endOf })
      .from(slotHolds)
      .where(eq(slotHolds.auditionId, auditionId))
      .orderBy(slotHolds.claim);
    return { last: fence?.last ?? 0, held: held.map((row) => heldSchema.parse(row)) };
  },

  async isHeldFor(auditionId, claim, resources) {
    const held = await heldResources(db, auditionId, claim);
    const wanted = storedResources(await storedNames(), resources);
    return held.length === wanted.size && held.every((resource) => wanted.has(resource));
  },

  resourcesOf: (auditionId, claim) => heldResources(db, auditionId, claim),

  async abandon(auditionId, claim) {
    await db.delete(slotHolds).where(and(eq(slotHolds.auditionId, auditionId), eq(slotHolds.claim, claim)));
  },

  async findKnown(auditionIds) {
    if (auditionIds.length === 0) return new Set();
    const rows = await db
      .select({ auditionId: slotFences.auditionId })
      .from(slotFences)
      .where(inArray(slotFences.auditionId, [...auditionIds]));
    return new Set(rows.map(({ auditionId }) => auditionId));
  },

  async listOf(resource, except) {
    const names = await storedNames();
    const rows = await db
      .selectDistinct({ auditionId: slotHolds.auditionId, start: startOf, end: endOf })
      .from(slotHolds)
      .where(
        and(
          eq(slotHolds.resource, names.resource(resource)),
          except && ne(slotHolds.auditionId, except),
          sql`${slotHolds.during} && tstzrange(now() - interval '1 day', NULL)`,
        ),
      )
      .orderBy(startOf, slotHolds.auditionId);
    return rows.map((row) => ofResourceSchema.parse(row));
  },

  async releaseAll(auditionId) {
    await db.transaction(async (transaction) => {
      const [fence] = await transaction
        .select({ last: slotFences.lastClaim })
        .from(slotFences)
        .where(eq(slotFences.auditionId, auditionId))
        .for('update');
      if (!fence) return;
      await changeHolds(transaction, auditionId, 0, { releaseHolds: { through: fence.last } });
    });
  },

  async listBusy(needs, { from, until }, except) {
    const { resources, gaps } = needs;
    if (resources.length === 0) return [];
    const names = await storedNames();
    const gap = gapTo(names, gaps);
    const rows = await db
      .select({
        resource: slotHolds.resource,
        start: sql<unknown>`${startOf} - ${gap}`,
        end: sql<unknown>`${endOf} + ${gap}`,
      })
      .from(slotHolds)
      .leftJoin(slotFences, eq(slotFences.auditionId, slotHolds.auditionId))
      .where(
        and(
          conflicting(names, needs, { start: from, end: until }),
          except && ne(slotHolds.auditionId, except),
          sql`NOT ${isYielding}`,
        ),
      )
      .orderBy(startOf, slotHolds.resource);
    const wanted = storedResources(names, resources);
    return rows.map((row) => {
      const busy = busySchema.parse(row);
      return { ...busy, resource: wanted.get(busy.resource) ?? busy.resource };
    });
  },
});

const heldResources = async (
  db: Database,
  auditionId: AuditionId,
  claim: number,
): Promise<readonly string[]> => {
  const rows = await db
    .select({ resource: slotHolds.resource })
    .from(slotHolds)
    .where(and(eq(slotHolds.auditionId, auditionId), eq(slotHolds.claim, claim)));
  return rows.map(({ resource }) => resource);
};

const ofResourceSchema = rangeSchema.extend({ auditionId: auditionIdSchema });
const heldSchema = rangeSchema.extend({ claim: z.int() });
const busySchema = rangeSchema.extend({ resource: z.string() });

const acquireAndAppend = async (
  {
    db,
    names,
    protection,
    observe,
  }: {
    readonly db: Database;
    readonly names: StoredNames;
    readonly protection: TrailProtection;
    readonly observe: AppendObserver | undefined;
  },
  call: TrailCall,
  claim: SlotClaim,
  own: OwnFacts | undefined,
  yielding: readonly string[],
): Promise<TimeRange> => {
  let slot: TimeRange = claim.slot;
  const { appended } = await appendFacts(db, protection, call, own, async (transaction) => {
    slot = await acquire(transaction, names, call.auditionId, claim, yielding);
  });
  observe?.(call.auditionId, appended);
  return slot;
};

/** Whether a hold yields to the claim of another audition. */
const isYielding = sql<boolean>`coalesce(${slotHolds.claim} <= ${slotFences.yieldingThrough}, false)`;

const conflictSchema = rangeSchema.extend({
  auditionId: auditionIdSchema,
  organization: z.string(),
  resource: z.string(),
  yielding: z.boolean(),
  overlaps: z.boolean(),
});
type Conflict = z.infer<typeof conflictSchema>;

const findConflicts = async (
  db: Database,
  names: StoredNames,
  auditionId: AuditionId,
  claim: SlotClaim,
): Promise<readonly Conflict[]> => {
  const rows = await db
    .select({
      auditionId: slotHolds.auditionId,
      organization: slotHolds.organization,
      resource: slotHolds.resource,
      yielding: isYielding,
      overlaps: sql<unknown>`${slotHolds.during} && ${rangeOf(claim.slot)}`,
      start: startOf,
      end: endOf,
    })
    .from(slotHolds)
    .leftJoin(slotFences, eq(slotFences.auditionId, slotHolds.auditionId))
    .where(and(conflicting(names, claim, claim.slot), ne(slotHolds.auditionId, auditionId)))
    .orderBy(slotHolds.resource, slotHolds.auditionId);
  return rows.map((row) => conflictSchema.parse(row));
};

/** Names the conflicting resources as the caller has written them. */
const takenBy = (
  names: StoredNames,
  { organization, resources }: SlotClaim,
  conflicts: readonly Conflict[],
): Extract<ClaimResult, { readonly kind: 'taken' }> => {
  const wanted = storedResources(names, resources);
  const nameOf = ({ resource }: Conflict) => wanted.get(resource) ?? resource;
  const holds = Map.groupBy(conflicts, ({ auditionId, start }) => `${auditionId} ${start}`);
  return {
    kind: 'taken',
    resources: [...new Set(conflicts.map(nameOf))],
    by: [...holds.values()].flatMap((ofHold) => {
      const [first] = ofHold;
      if (!first) return [];
      const { start, end, overlaps, auditionId } = first;
      const isOwn = first.organization === organization;
      return [{ start, end, overlaps, resources: ofHold.map(nameOf), ...(isOwn ? { auditionId } : {}) }];
    }),
  };
};
