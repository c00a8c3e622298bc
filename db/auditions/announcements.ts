import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { deliveryStatuses } from '../../domain/audition/events.ts';
import type { Channel } from '../../domain/audition/request.ts';
import { type AuditionState, auditionStates } from '../../domain/audition/states.ts';
import type { AuditionId, ParticipantId } from '../../domain/ids.ts';
import { createBatching } from '../batching.ts';
import type { Database } from '../client.ts';

/** What a notice of an audition must agree with at the moment it is sent. */
export interface Announcement {
  readonly state: AuditionState;
  readonly revision: number;
  /** The revisions that the present slot was announced as. */
  readonly announcedAs: readonly number[];
  /** The link of the present meeting. */
  readonly joinUrl: string | undefined;
  /** The provider's code, when the recipient's last notice on the channel was not delivered. */
  readonly undeliveredCode: string | undefined;
}

export interface Announcements {
  /** Returns the present state of the audition, by the read model; undefined for an unknown audition. */
  present(
    auditionId: AuditionId,
    recipient: { readonly participant: ParticipantId; readonly channel: Channel },
  ): Promise<Announcement | undefined>;
}

/** A recipient of an audition's notice. */
interface Wanted {
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId;
  readonly channel: Channel;
}

const rowsSchema = z.array(
  z
    .object({
      index: z.int(),
      state: z.enum(auditionStates),
      revision: z.int(),
      announcedAs: z.array(z.int()),
      joinUrl: z.string().nullable(),
      last: z.object({ status: z.enum(deliveryStatuses), code: z.string().nullable() }).nullable(),
    })
    .transform(({ index, last, joinUrl, ...row }): { index: number; announcement: Announcement } => ({
      index,
      announcement: {
        ...row,
        joinUrl: joinUrl ?? undefined,
        undeliveredCode: last?.status === 'failed' ? (last.code ?? undefined) : undefined,
      },
    })),
);

/** Returns the announcement of each recipient, in the same order, or null for an unknown audition. */
const readAnnouncements = async (
  db: Database,
  wanted: readonly Wanted[],
): Promise<readonly (Announcement | null)[]> => {
  const recordset = JSON.stringify(wanted.map((of, index) => ({ ...of, index })));
  const { rows } = await db.execute(sql`
    SELECT
      wanted.index,
      state,
      (view -> 'revision')::int AS revision,
      view -> 'announcedAs' AS "announcedAs",
      view #>> '{meeting,joinUrl}' AS "joinUrl",
      (SELECT jsonb_build_object('status', status, 'code', code) FROM deliveries
       WHERE audition_id = auditions.id AND participant = wanted.participant AND channel = wanted.channel
       ORDER BY created_at DESC LIMIT 1) AS last
    FROM jsonb_to_recordset(${recordset}::jsonb)
      AS wanted(index int, "auditionId" text, participant text, channel text)
    JOIN auditions ON auditions.id = wanted."auditionId"
  `);
  const found = new Map(rowsSchema.parse(rows).map(({ index, announcement }) => [index, announcement]));
  return wanted.map((_, index) => found.get(index) ?? null);
};

/** Creates the lookup. It only reads. Concurrent calls share a statement. */
export const createAnnouncements = (db: Database): Announcements => {
  const read = createBatching({
    run: (wanted: readonly Wanted[]) => readAnnouncements(db, wanted),
    keyOf: ({ auditionId, participant, channel }) => `${auditionId} ${participant} ${channel}`,
  });
  return {
    present: async (auditionId, recipient) => (await read({ auditionId, ...recipient })) ?? undefined,
  };
};
