import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { deliveryStatuses } from '../../domain/audition/events.ts';
import type { Channel } from '../../domain/audition/request.ts';
import { type AuditionState, auditionStates } from '../../domain/audition/states.ts';
import type { AuditionId, ParticipantId } from '../../domain/ids.ts';
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

const rowSchema = z
  .object({
    state: z.enum(auditionStates),
    revision: z.int(),
    announcedAs: z.array(z.int()),
    joinUrl: z.string().nullable(),
    last: z.object({ status: z.enum(deliveryStatuses), code: z.string().nullable() }).nullable(),
  })
  .transform(
    ({ last, joinUrl, ...row }): Announcement => ({
      ...row,
      joinUrl: joinUrl ?? undefined,
      undeliveredCode: last?.status === 'failed' ? (last.code ?? undefined) : undefined,
    }),
  );

/** Creates the lookup. It only reads. */
export const createAnnouncements = (db: Database): Announcements => ({
  async present(auditionId, { participant, channel }) {
    const { rows } = await db.execute(sql`
      SELECT
        state,
        (view -> 'revision')::int AS revision,
        view -> 'announcedAs' AS "announcedAs",
        view #>> '{meeting,joinUrl}' AS "joinUrl",
        (SELECT jsonb_build_object('status', status, 'code', code) FROM deliveries
         WHERE audition_id = auditions.id AND participant = ${participant} AND channel = ${channel}
         ORDER BY created_at DESC LIMIT 1) AS last
      FROM auditions WHERE id = ${auditionId}
    `);
    return rows[0] && rowSchema.parse(rows[0]);
  },
});
