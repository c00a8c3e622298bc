/** Writes new events with everything that follows from them, in one statement. */
import { type SQL, sql } from 'drizzle-orm';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import {
  attentionColumns,
  attentionRows,
  auditionColumns,
  auditionRow,
  isItemOfView,
} from '../auditions/read-model-rows.ts';
import type { Database } from '../client.ts';
import { outboxChannel } from '../endpoints/outbox.ts';
import { isPostgresError, TrailMoved } from '../errors.ts';
import type { StoredEvent } from './stored-events.ts';
import type { TrailCodes } from './trail-codes.ts';

/** An event that is not stored yet, as it is stored, with what prevents a second append. */
interface NewEvent extends Omit<StoredEvent, 'fact'> {
  /** The type is readable, whatever is sealed. */
  readonly fact: unknown;
  readonly number: number | null;
  readonly key: string | null;
}

/** What must hold for events to be written onto an end that was not read. */
interface Guard {
  /** The end of the trail. The read model must not lag behind it. */
  readonly sequence: number;
  readonly hash: string;
  /** The number of the last fact that the run knows to be in the trail. Other runs must have appended no later one. */
  readonly knows: number;
}

interface Append {
  readonly run: string;
  readonly events: readonly NewEvent[];
  /** The facts of the events, in the same order. */
  readonly facts: readonly AuditionFact[];
  readonly after: AuditionView;
  readonly attentionChanged: boolean;
  /** Without a guard, the caller has read the end of the trail. */
  readonly guard?: Guard | undefined;
}

/**
 * Writes events, view, attention items and, when the organization has an enabled endpoint, an outbox row. Revokes the join
 * links of participants who have left. Returns whether the guard held. If not, nothing is written.
 * @throws {TrailMoved} when another writer was faster. Nothing is written.
 */
export const writeEvents = async (
  db: Database,
  codes: TrailCodes,
  { run, events, facts, after, attentionChanged, guard }: Append,
): Promise<boolean> => {
  const eventRows = events.map((event, index) => ({
    audition_id: after.id,
    sequence: event.sequence,
    organization: after.organization,
    at: event.at,
    type: facts[index]?.type,
    correlation_id: event.correlationId,
    principal: event.principal,
    fact: event.fact,
    previous_hash: event.previousHash,
    hash: event.hash,
    number: event.number,
    key: event.key,
    run_id: run,
    mac: codes.ofEvent({ ...event, auditionId: after.id, organization: after.organization, runId: run }),
  }));
  try {
    const { rowCount } = await db.execute(sql`
      WITH guard AS MATERIALIZED (${guard ? guarded(run, events, after, guard) : unguarded}), folded AS (
        INSERT INTO auditions (${auditionColumns})
        SELECT ${auditionColumns}
        FROM guard, jsonb_populate_record(NULL::auditions, ${JSON.stringify(auditionRow(after))}::jsonb)
        ON CONFLICT (id) DO UPDATE SET
          state = excluded.state,
          needs_attention = excluded.needs_attention,
          scheduled_for = excluded.scheduled_for,
          sequence = excluded.sequence,
          view = excluded.view
      ), told AS (
        INSERT INTO outbox (organization, audition_id, sequence)
        SELECT ${after.organization}, ${after.id}, ${after.sequence} FROM guard
        WHERE EXISTS (
          SELECT FROM webhook_endpoints WHERE organization = ${after.organization} AND status = 'enabled'
        )
        RETURNING pg_notify(${outboxChannel}, '')
      ) ${attentionChanged ? attentionChange(after) : sql``} ${revocation(after, facts)} ${feedRevocation(after, facts)}
      INSERT INTO audit_events (${eventColumns})
      SELECT ${eventColumns}
      FROM guard, jsonb_populate_recordset(NULL::audit_events, ${JSON.stringify(eventRows)}::jsonb)
    `);
    return (rowCount ?? 0) > 0;
  } catch (error) {
    if (isPostgresError(error, 'unique_violation')) throw new TrailMoved(after.id);
    throw error;
  }
};

const unguarded = sql`SELECT true AS holds`;

const guarded = (
  run: string,
  events: readonly NewEvent[],
  { id }: AuditionView,
  { sequence, hash, knows }: Guard,
): SQL => {
  const numbers = sql.param(events.flatMap(({ number }) => number ?? []));
  const keys = sql.param(events.flatMap(({ key }) => key ?? []));
  return sql`
    SELECT true AS holds
    FROM audit_events AS last JOIN auditions ON auditions.id = last.audition_id AND auditions.sequence = last.sequence
    WHERE last.audition_id = ${id} AND last.sequence = ${sequence} AND last.hash = ${hash}
      AND NOT EXISTS (
        SELECT FROM audit_events AS other
        WHERE other.audition_id = last.audition_id AND (
          other.sequence > last.sequence OR other.number = ANY (${numbers}::int[]) OR other.key = ANY (${keys}::text[])
          OR (other.number > ${knows} AND other.run_id IS DISTINCT FROM ${run}))
      )`;
};

const eventColumns: SQL = sql.raw(
  'audition_id, sequence, organization, at, type, correlation_id, principal, fact, previous_hash, hash, number, key, run_id, mac',
);

/** Returns the ids whose earlier links are not those of a participant any more: another person can have the id. */
const departedIds = (facts: readonly AuditionFact[]): readonly string[] =>
  facts.flatMap((fact) => {
    if (fact.type === 'participant_removed') return [fact.participant];
    return fact.type === 'participant_added' && !fact.isSamePerson ? [fact.participant.id] : [];
  });

const revocation = ({ id }: AuditionView, facts: readonly AuditionFact[]): SQL => {
  const departed = departedIds(facts);
  return departed.length === 0
    ? sql``
    : sql`, revoked AS (
        UPDATE join_links SET revoked_at = now() FROM guard
        WHERE audition_id = ${id} AND participant = ANY (${sql.param(departed)}::text[]) AND revoked_at IS NULL
      )`;
};

/**
 * Revokes the subscription feed of an id that another person has got: the address is known to the former one, and the feed
 * has the personal join links. A person who joins the audition, and whom nobody preceded, keeps the feed. The statement sees
 * the audition as it was before.
 */
const feedRevocation = ({ id, organization }: AuditionView, facts: readonly AuditionFact[]): SQL => {
  const added = facts.flatMap((fact) =>
    fact.type === 'participant_added' && !fact.isSamePerson ? [fact.participant.id] : [],
  );
  return added.length === 0
    ? sql``
    : sql`, unsubscribed AS (
        UPDATE participant_feeds AS feed SET is_revoked = true, changed_at = now() FROM guard
        WHERE feed.organization = ${organization} AND feed.participant = ANY (${sql.param(added)}::text[]) AND NOT feed.is_revoked
          AND (
            EXISTS (
              SELECT FROM auditions AS former, jsonb_array_elements(former.view -> 'participants') AS member
              WHERE former.id = ${id} AND member ->> 'id' = feed.participant
            ) OR EXISTS (
              SELECT FROM join_links WHERE join_links.audition_id = ${id} AND join_links.participant = feed.participant
            )
          )
      )`;
};

const attentionChange = (view: AuditionView) => sql`, raised AS (
  INSERT INTO attention_items (${attentionColumns})
  SELECT ${attentionColumns} FROM guard, jsonb_populate_recordset(NULL::attention_items, ${JSON.stringify(attentionRows(view))}::jsonb)
  ON CONFLICT (id) DO UPDATE SET item = excluded.item WHERE attention_items.audition_id = excluded.audition_id
), resolved AS (
  DELETE FROM attention_items USING guard
  WHERE audition_id = ${view.id} AND ${isItemOfView} AND id <> ALL (${sql.param(view.attention.map(({ id }) => id))}::text[])
)`;
