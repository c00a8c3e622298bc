import { and, eq, gt, inArray } from 'drizzle-orm';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import { changeHolds, type HoldChange } from '../auditions/hold-changes.ts';
import type { Database } from '../client.ts';
import { auditEvents } from '../schema/audit-events.ts';
import {
  type Appended,
  type AppendObserver,
  appendFacts,
  FactsLeftOut,
  type OwnFacts,
  type TrailCall,
} from './append.ts';
import { openEvents, type StoredEvent, selectTrail } from './stored-events.ts';
import { readHead, type TrailHead } from './tail.ts';
import type { TrailProtection } from './trail-protection.ts';
import { type TrailVerdict, verifyTrail } from './verify.ts';

export type { Appended, AppendObserver, OwnFacts, TrailCall } from './append.ts';

/** The audit trail: append-only, hash-chained per audition. The read model is updated in the same statement. */
export interface EventStore {
  /**
   * Appends the facts of the call's position, then the caller's own, and updates the read model in the same statement.
   * Assigns the sequences. Idempotent: a fact whose number or key is in the trail is left out. Each fact is folded into
   * the stored state, after the facts that other writers have appended. Changes the holds of the audition in the same
   * transaction, also when all facts are in the trail already. Does not change them when a fact of `ifAllowed` is left
   * out.
   * @throws {TrailAhead} when the trail has numbered facts of another run that the caller does not know.
   * @throws {IllegalTransition} when the transition table does not allow a fact that is not in `ifAllowed`.
   * @throws {z.ZodError} when a fact does not match its schema. The trail is permanent, so facts are checked again.
   */
  append(call: TrailCall, own?: OwnFacts & HoldChange): Promise<Appended>;
  /** Returns the state of an audition of the organization, and its last numbered fact. */
  head(organization: OrganizationId, auditionId: AuditionId): Promise<TrailHead | undefined>;
  /** Returns a page of the trail in order, with the hash of each event. Empty for another organization. */
  read(
    organization: OrganizationId,
    auditionId: AuditionId,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly StoredEvent[]>;
  /** Returns the events that were appended under these keys, in order. Empty for another organization. */
  readByKeys(
    organization: OrganizationId,
    auditionId: AuditionId,
    keys: readonly string[],
  ): Promise<readonly StoredEvent[]>;
  /** Recomputes the hash chain and the authentication codes. Returns the first event that is not as it was appended. */
  verify(auditionId: AuditionId): Promise<TrailVerdict>;
}

/**
 * Creates the event store. It is the only writer of the audit trail, and updates the read model with it.
 *
 * `append` does not lock between its read and its write. When another writer was faster, the primary key of the trail
 * rejects the whole statement, and `append` starts again.
 *
 * @param observe is told of the events of each append
 */
export const createEventStore = (
  db: Database,
  protection: TrailProtection,
  observe?: AppendObserver,
): EventStore => ({
  append: async (call, own = {}) => {
    const result = await appendWithHolds(db, protection, call, own);
    observe?.(call.auditionId, result.appended);
    return result;
  },

  async head(organization, auditionId) {
    const head = await readHead(db, protection.texts, auditionId);
    return head?.view.organization === organization ? head : undefined;
  },

  async read(organization, auditionId, { after, limit }) {
    const isWanted = and(eq(auditEvents.organization, organization), gt(auditEvents.sequence, after));
    const rows = await selectTrail(db, auditionId, isWanted).limit(limit);
    return openEvents(protection.texts, rows);
  },

  async readByKeys(organization, auditionId, keys) {
    if (keys.length === 0) return [];
    const isWanted = and(eq(auditEvents.organization, organization), inArray(auditEvents.key, [...keys]));
    return openEvents(protection.texts, await selectTrail(db, auditionId, isWanted));
  },

  verify: (auditionId) => verifyTrail(db, protection.codes, auditionId),
});

const appendWithHolds = async (
  db: Database,
  protection: TrailProtection,
  call: TrailCall,
  own: OwnFacts & HoldChange,
): Promise<Appended> => {
  const { auditionId, position } = call;
  const changesHolds = own.releaseHolds !== undefined || own.yieldHolds !== undefined;
  const change = (transaction: Database) => changeHolds(transaction, auditionId, position.number, own);
  if (!changesHolds) return appendFacts(db, protection, call, own);
  try {
    return await appendFacts(db, protection, call, own, change);
  } catch (error) {
    if (error instanceof FactsLeftOut) return appendFacts(db, protection, call, own);
    throw error;
  }
};
