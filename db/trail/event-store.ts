import { and, eq, gt, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type AuditionEvent, auditionEventSchema } from '../../domain/audition/events.ts';
import { type AuditionView, createView, foldEvent } from '../../domain/audition/view.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import {
  attentionColumns,
  attentionRows,
  auditionColumns,
  auditionRow,
} from '../auditions/read-model-rows.ts';
import { auditionViewSchema } from '../auditions/view-schema.ts';
import type { Database } from '../client.ts';
import { outboxChannel } from '../endpoints/outbox.ts';
import { AuditConflict, isPostgresError } from '../errors.ts';
import { auditEvents } from '../schema/audit-events.ts';
import { chainEvents, genesisHash } from './hash-chain.ts';
import { foldTrail, type StoredEvent, selectTrail, storedEventSchema } from './stored-events.ts';
import { type TrailVerdict, verifyTrail } from './verify.ts';

/** The audit trail: append-only, hash-chained per audition. The read model is updated in the same statement. */
export interface EventStore {
  /**
   * Appends events and updates the read model in one statement. Idempotent by audition and sequence: equal events that
   * are stored already are skipped.
   * @throws {AuditConflict} when another event has the same sequence, or an earlier event is missing.
   * @throws {IllegalTransition} when the transition table does not allow an event.
   * @throws {z.ZodError} when an event does not match its schema. The trail is permanent, so events are checked again.
   */
  append(auditionId: AuditionId, events: readonly AuditionEvent[]): Promise<void>;
  /** Returns a page of the trail in order, with the hash of each event. Empty for another organization. */
  read(
    organization: OrganizationId,
    auditionId: AuditionId,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly StoredEvent[]>;
  /** Recomputes the hash chain. Returns the first broken link, if there is one. */
  verify(auditionId: AuditionId): Promise<TrailVerdict>;
}

/** Each failed attempt means that another writer of the same audition has appended. This rarely happens more than once. */
const maxAttempts = 10;

/**
 * Creates the event store. It is the only writer of the audit trail, and updates the read model with it.
 *
 * `append` does not lock between its read and its write. When another writer was faster, the primary key of the trail
 * rejects the whole statement, and `append` starts again. The first append to a trail takes one round trip, later ones
 * take two.
 */
export const createEventStore = (db: Database): EventStore => ({
  async append(auditionId, events) {
    const storable = events.map(toStorableEvent);
    const [first] = storable;
    if (!first) return;
    assertContiguous(auditionId, storable);
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const isProbablyNew = attempt === 0 && first.sequence === 1;
      const trail = isProbablyNew ? emptyTrail : await readTrail(db, auditionId, first.sequence);
      const links = missingLinks(auditionId, trail, storable);
      if (links.length === 0) return;
      const before = await viewAt(db, auditionId, trail);
      const after = foldOnto(before, links);
      if (after.id !== auditionId) throw new AuditConflict(auditionId, first.sequence, 'different');
      const attentionChanged = isViewStale(trail) || before?.attention !== after.attention;
      if (await write(db, { links, after, attentionChanged })) return;
    }
    throw new Error(
      `the trail of ${auditionId} was appended to concurrently ${maxAttempts} times: try again`,
    );
  },

  async read(organization, auditionId, { after, limit }) {
    const isWanted = and(eq(auditEvents.organization, organization), gt(auditEvents.sequence, after));
    const rows = await selectTrail(db, auditionId, isWanted).limit(limit);
    return rows.map((row) => storedEventSchema.parse(row));
  },

  verify: (auditionId) => verifyTrail(db, auditionId),
});

/** Replaces NUL and lone surrogates, which `jsonb` rejects and a vendor's message can contain. */
const toStorableEvent = (event: AuditionEvent): AuditionEvent =>
  auditionEventSchema.parse(JSON.parse(JSON.stringify(event), replaceUnstorableText));

const replaceUnstorableText = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replaceAll('\0', '\uFFFD').toWellFormed() : value;

const assertContiguous = (auditionId: AuditionId, events: readonly AuditionEvent[]): void => {
  for (const [index, { sequence }] of events.entries()) {
    const previous = events[index - 1];
    if (previous && sequence !== previous.sequence + 1) throw new AuditConflict(auditionId, sequence, 'gap');
  }
};

/** The stored trail: the audition's row, and the links from the predecessor of the first appended event. */
interface Trail {
  readonly row: { readonly sequence: number; readonly view: unknown } | null;
  readonly links: readonly { readonly sequence: number; readonly hash: string }[];
}

const emptyTrail: Trail = { row: null, links: [] };

const trailSchema = z.object({
  row: z.object({ sequence: z.int(), view: z.unknown() }).nullable(),
  links: z.array(z.object({ sequence: z.int(), hash: z.string() })),
});

const readTrail = async (db: Database, auditionId: AuditionId, from: number): Promise<Trail> => {
  const { rows } = await db.execute(sql`
    SELECT
      (SELECT jsonb_build_object('sequence', sequence, 'view', view) FROM auditions WHERE id = ${auditionId}) AS row,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('sequence', sequence, 'hash', hash) ORDER BY sequence), '[]')
       FROM audit_events WHERE audition_id = ${auditionId} AND sequence >= ${from - 1}) AS links
  `);
  return trailSchema.parse(rows[0]);
};

/** Returns the events that are not in the trail yet, as links. Throws when the trail has different events. */
const missingLinks = (
  auditionId: AuditionId,
  trail: Trail,
  events: readonly AuditionEvent[],
): readonly StoredEvent[] => {
  const first = events[0]?.sequence ?? 1;
  const known = new Map(trail.links.map(({ sequence, hash }) => [sequence, hash]));
  const previousHash = first === 1 ? genesisHash : known.get(first - 1);
  if (previousHash === undefined) throw new AuditConflict(auditionId, first, 'gap');
  const links = chainEvents(auditionId, previousHash, events);
  const different = links.find(({ sequence, hash }) => known.has(sequence) && known.get(sequence) !== hash);
  if (different) throw new AuditConflict(auditionId, different.sequence, 'different');
  return links.filter(({ sequence }) => !known.has(sequence));
};

/** Returns the stored view. When it lags behind the trail, folds the trail again. */
const viewAt = async (
  db: Database,
  auditionId: AuditionId,
  { row, links }: Trail,
): Promise<AuditionView | undefined> => {
  if (links.length === 0) return undefined;
  return row && !isViewStale({ row, links }) ? auditionViewSchema.parse(row.view) : foldTrail(db, auditionId);
};

const isViewStale = ({ row, links }: Trail): boolean => row?.sequence !== links.at(-1)?.sequence;

const foldOnto = (before: AuditionView | undefined, events: readonly AuditionEvent[]): AuditionView => {
  const [first, ...rest] = events;
  if (!first) throw new RangeError('no events to fold');
  return rest.reduce(foldEvent, before ? foldEvent(before, first) : createView(first));
};

interface Append {
  readonly links: readonly StoredEvent[];
  readonly after: AuditionView;
  readonly attentionChanged: boolean;
}

/**
 * Writes events, view, attention items and, when the organization has an enabled endpoint, an outbox row, in one
 * statement. Returns false and writes nothing when an event with the same sequence is stored already.
 */
const write = async (db: Database, { links, after, attentionChanged }: Append): Promise<boolean> => {
  const eventRows = links.map((link) => ({
    audition_id: after.id,
    sequence: link.sequence,
    organization: after.organization,
    at: link.at,
    type: link.fact.type,
    correlation_id: link.correlationId,
    fact: link.fact,
    previous_hash: link.previousHash,
    hash: link.hash,
  }));
  try {
    await db.execute(sql`
      WITH folded AS (
        INSERT INTO auditions (${auditionColumns})
        SELECT ${auditionColumns} FROM jsonb_populate_record(NULL::auditions, ${JSON.stringify(auditionRow(after))}::jsonb)
        ON CONFLICT (id) DO UPDATE SET
          state = excluded.state,
          needs_attention = excluded.needs_attention,
          scheduled_for = excluded.scheduled_for,
          sequence = excluded.sequence,
          view = excluded.view
      ), told AS (
        INSERT INTO outbox (organization, audition_id, sequence)
        SELECT ${after.organization}, ${after.id}, ${after.sequence}
        WHERE EXISTS (
          SELECT FROM webhook_endpoints WHERE organization = ${after.organization} AND status = 'enabled'
        )
        RETURNING pg_notify(${outboxChannel}, '')
      ) ${attentionChanged ? attentionChange(after) : sql``}
      INSERT INTO audit_events (${eventColumns})
      SELECT ${eventColumns} FROM jsonb_populate_recordset(NULL::audit_events, ${JSON.stringify(eventRows)}::jsonb)
    `);
    return true;
  } catch (error) {
    if (isPostgresError(error, 'unique_violation')) return false;
    throw error;
  }
};

const eventColumns: SQL = sql.raw(
  'audition_id, sequence, organization, at, type, correlation_id, fact, previous_hash, hash',
);

const attentionChange = (view: AuditionView) => sql`, raised AS (
  INSERT INTO attention_items (${attentionColumns})
  SELECT ${attentionColumns} FROM jsonb_populate_recordset(NULL::attention_items, ${JSON.stringify(attentionRows(view))}::jsonb)
  ON CONFLICT (id) DO UPDATE SET item = excluded.item WHERE attention_items.audition_id = excluded.audition_id
), resolved AS (
  DELETE FROM attention_items
  WHERE audition_id = ${view.id} AND id <> ALL (${sql.param(view.attention.map(({ id }) => id))}::text[])
)`;
