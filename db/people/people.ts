/**
 * What the tables know of a person, and its erasure. A person is a participant id of the platform within an organization: no
 * table contains a name or an address. Which auditions a person has ever taken part in is read from the trail.
 */
import { and, eq, isNotNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { auditionStates } from '../../domain/audition/states.ts';
import {
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  type ParticipantId,
} from '../../domain/ids.ts';
import { auditionDataKey, calendarSyncDataKey } from '../../domain/workflow-ids.ts';
import type { Database } from '../client.ts';
import { deleteDeliveredContents } from '../retention.ts';
import { attentionItems } from '../schema/attention-items.ts';
import { connectionFailures } from '../schema/connection-failures.ts';
import { connections } from '../schema/connections.ts';
import type { Vault } from '../vault/envelope-encryption.ts';

export interface Person {
  readonly organization: OrganizationId;
  readonly participant: ParticipantId;
}

export interface People {
  /** Returns every audition that the person takes part in or has taken part in, with its state. */
  listAuditions(
    person: Person,
  ): Promise<readonly { readonly id: AuditionId; readonly state: (typeof auditionStates)[number] }[]>;
  /** Records in the key database that the erasure has begun. Idempotent. */
  beginErasure(person: Person): Promise<void>;
  /**
   * Erases the data key of an audition, and deletes what the tables know of its participants beside the trail. The facts stay.
   * No workflow of the audition must run. Idempotent.
   */
  eraseAudition(id: AuditionId): Promise<void>;
  /** Returns the meetings that the audition has had. They can have been recorded. */
  listMeetings(id: AuditionId): Promise<readonly { readonly provider: string; readonly id: string }[]>;
  /** Returns whether the audition was erased: its history is unreadable. */
  isErased(id: AuditionId): Promise<boolean>;
  /**
   * Erases what is left of a disconnected account: the keys, the hashes that would find the account, and what was read from its
   * calendars. The synchronisation of the account must not run. Idempotent.
   */
  eraseConnection(id: string): Promise<void>;
  /** Deletes the contents of delivered webhooks, and records that the erasure is finished. Idempotent. */
  finishErasure(person: Person): Promise<void>;
  /** Returns who was erased. After the main database was restored from a backup, they must be erased in it again. */
  listErased(): Promise<
    readonly { readonly organization: string; readonly participant: string; readonly isFinished: boolean }[]
  >;
}

const auditionsSchema = z.array(
  z.object({
    id: auditionIdSchema,
    state: z
      .enum(auditionStates)
      .nullable()
      .transform((state) => state ?? 'requested'),
  }),
);
const meetingsSchema = z.array(z.object({ provider: z.string(), id: z.string() }));
const erasedSchema = z.array(
  z.object({ organization: z.string(), participant: z.string(), isFinished: z.boolean() }),
);

/**
 * Creates the repository.
 * @param keys the key database
 */
export const createPeople = (
  db: Database,
  keys: Database,
  vault: Pick<Vault, 'erase' | 'destroy'>,
): People => ({
  async listAuditions({ organization, participant }) {
    const member = JSON.stringify([{ id: participant }]);
    const { rows } = await db.execute(sql`
      SELECT found.audition_id AS id, auditions.state FROM (
        SELECT audition_id FROM audit_events
        WHERE organization = ${organization} AND type = 'requested' AND fact -> 'participants' @> ${member}::jsonb
        UNION
        SELECT audition_id FROM audit_events
        WHERE organization = ${organization} AND type = 'participant_added'
          AND fact -> 'participant' ->> 'id' = ${participant}
      ) AS found LEFT JOIN auditions ON auditions.id = found.audition_id ORDER BY found.audition_id
    `);
    return auditionsSchema.parse(rows);
  },

  async beginErasure({ organization, participant }) {
    await keys.execute(sql`
      INSERT INTO erased_people (organization, participant) VALUES (${organization}, ${participant})
      ON CONFLICT (organization, participant) DO UPDATE SET begun_at = now(), finished_at = NULL
    `);
  },

  async eraseAudition(id) {
    // The key first: whatever happens next, what is sealed stays unreadable.
    await vault.erase(auditionDataKey(id));
    await db.transaction(async (tx) => {
      for (const table of ownedTables)
        await tx.execute(sql`DELETE FROM ${sql.identifier(table)} WHERE audition_id = ${id}`);
      // The workflows of the recordings have ended, and cannot delete their questions. Other items are part of the view.
      await tx
        .delete(attentionItems)
        .where(and(eq(attentionItems.auditionId, id), isNotNull(attentionItems.workflowId)));
    });
  },

  async listMeetings(id) {
    const { rows } = await db.execute(sql`
      SELECT DISTINCT fact -> 'meeting' ->> 'provider' AS provider, fact -> 'meeting' ->> 'id' AS id
      FROM audit_events WHERE audition_id = ${id} AND type IN ('meeting_created', 'meeting_lost')
    `);
    return meetingsSchema.parse(rows);
  },

  async isErased(id) {
    const { rows } = await keys.execute(
      sql`SELECT FROM data_keys WHERE id = ${auditionDataKey(id)} AND wrapped = ''`,
    );
    return rows.length > 0;
  },

  async eraseConnection(id) {
    await vault.erase(calendarSyncDataKey(id));
    await vault.destroy(id);
    await db.transaction(async (tx) => {
      // The synchronisation would delete them in its last round, which does not run.
      for (const table of tablesOfCalendars)
        await tx.execute(sql`DELETE FROM ${sql.identifier(table)} WHERE connection = ${id}`);
      // The row stays: the platform is told that the failure is over.
      await tx.update(connectionFailures).set({ calendars: [] }).where(eq(connectionFailures.connection, id));
      await tx
        .update(connections)
        .set({ accountReference: null, providerAccount: null })
        .where(eq(connections.id, id));
    });
  },

  async finishErasure({ organization, participant }) {
    await deleteDeliveredContents(db, keys);
    await keys.execute(sql`
      UPDATE erased_people SET finished_at = now()
      WHERE organization = ${organization} AND participant = ${participant} AND finished_at IS NULL
    `);
  },

  async listErased() {
    const { rows } = await keys.execute(sql`
      SELECT organization, participant, finished_at IS NOT NULL AS "isFinished" FROM erased_people
      ORDER BY organization, participant
    `);
    return erasedSchema.parse(rows);
  },
});

/**
 * What an audition has beside its trail: links and their uses, delivery ids with hashes of addresses, waiting lists, results
 * of calls, what was written to calendars and what people have edited there, held slots with their rooms. Rows of `join_links` and `operations` delete those that refer to them, such as the uses of shared rooms.
 */
const ownedTables = [
  'join_links',
  'response_links',
  'deliveries',
  'waiting_entries',
  'participant_conflicts',
  'own_event_uids',
  'busy_calendars',
  'calendar_removals',
  'synced_events',
  'slot_holds',
  'operations',
] as const;

/** What the synchronisation stores of the calendars of an account. */
const tablesOfCalendars = [
  'synced_events',
  'synced_calendars',
  'calendar_removals',
  'unreadable_events',
  'watch_subscriptions',
] as const;
