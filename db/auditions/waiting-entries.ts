/** Stores the waiting lists of casting sessions. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';

interface EntryKey {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId;
  /** The revision of the slot. */
  readonly revision: number;
  readonly list: string;
}

/** `place`: 1 for the performer who is next. Undefined for a performer who was admitted. */
export interface WaitingEntry {
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId;
  readonly place: number | undefined;
  readonly checkedInAt: Instant | undefined;
  readonly admittedAt: Instant | undefined;
}

export interface WaitingEntries {
  /** Puts a performer on the list. Idempotent: the first check-in counts. */
  checkIn(entry: EntryKey, at: Instant): Promise<void>;
  /**
   * Admits a performer, who need not have checked in, with an administrative act. Idempotent. Returns when the performer
   * was admitted.
   */
  admit(entry: EntryKey, at: Instant, actor: Actor): Promise<{ readonly admittedAt: Instant }>;
  /**
   * Returns the list: those who wait in the order of their check-in, then those who were admitted, the last one first.
   * Performers whose audition has moved, has ended or no longer has them are not on it.
   */
  list(organization: OrganizationId, list: string): Promise<readonly WaitingEntry[]>;
}

const optionalInstant = instantSchema.nullable().transform((at) => at ?? undefined);
const entrySchema = z.object({
  auditionId: auditionIdSchema,
  participant: participantIdSchema,
  checkedInAt: optionalInstant,
  admittedAt: optionalInstant,
});
const admittedSchema = z.object({ admittedAt: instantSchema });

/** The states in which the performer of an audition can wait for the session. */
const waitingStates = sql`('scheduling', 'scheduled', 'confirmed', 'in_progress')`;

const instantText = (column: string) =>
  sql.raw(`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

/** Creates the repository. */
export const createWaitingEntries = (db: Database): WaitingEntries => ({
  async checkIn({ organization, auditionId, participant, revision, list }, at) {
    await db.execute(sql`
      INSERT INTO waiting_entries (organization, audition_id, participant, revision, list, checked_in_at)
      VALUES (${organization}, ${auditionId}, ${participant}, ${revision}::int, ${list}, ${at})
      ON CONFLICT (audition_id, participant, revision)
        DO UPDATE SET checked_in_at = coalesce(waiting_entries.checked_in_at, excluded.checked_in_at)
    `);
  },

  admit: ({ organization, auditionId, participant, revision, list }, at, actor) =>
    db.transaction(async (tx) => {
      const { rowCount } = await tx.execute(sql`
        INSERT INTO waiting_entries (organization, audition_id, participant, revision, list, admitted_at)
        VALUES (${organization}, ${auditionId}, ${participant}, ${revision}::int, ${list}, ${at})
        ON CONFLICT (audition_id, participant, revision)
          DO UPDATE SET admitted_at = excluded.admitted_at WHERE waiting_entries.admitted_at IS NULL
      `);
      const { rows } = await tx.execute(sql`
        SELECT ${instantText('admitted_at')} AS "admittedAt" FROM waiting_entries
        WHERE audition_id = ${auditionId} AND participant = ${participant} AND revision = ${revision}::int
      `);
      if (rowCount === 1) {
        await createAdministrativeActs(tx).record({
          organization,
          ...actor,
          act: 'performer.admitted',
          target: `${auditionId} ${participant}`,
        });
      }
      return admittedSchema.parse(rows[0]);
    }),

  async list(organization, list) {
    const { rows } = await db.execute(sql`
      SELECT waiting_entries.audition_id AS "auditionId", participant,
        ${instantText('checked_in_at')} AS "checkedInAt", ${instantText('admitted_at')} AS "admittedAt"
      FROM waiting_entries JOIN auditions ON auditions.id = waiting_entries.audition_id
      WHERE waiting_entries.organization = ${organization} AND list = ${list}
        AND auditions.state IN ${waitingStates}
        AND (auditions.view ->> 'revision')::int = waiting_entries.revision
        AND auditions.view -> 'participants' @> jsonb_build_array(jsonb_build_object('id', participant))
      ORDER BY admitted_at DESC NULLS FIRST, checked_in_at, waiting_entries.audition_id, participant
    `);
    return rows.map((row, index) => {
      const entry = entrySchema.parse(row);
      return { ...entry, place: entry.admittedAt === undefined ? index + 1 : undefined };
    });
  },
});
