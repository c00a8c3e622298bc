/** Finds the meetings of the sessions that begin now, and lets the worker processes look at them in turn. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { isWatched, watchedAfter, watchedBefore } from '../../domain/audition/meeting-watch.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { type OrganizationId, organizationIdSchema } from '../../domain/ids.ts';
import { type MeetingProviderName, meetingProviders } from '../../domain/providers/vendors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { auditionViewSchema } from '../auditions/view-schema.ts';
import type { Database } from '../client.ts';
import { millisecondsInterval } from '../time.ts';

/** What the watch needs of an audition. The texts of its view are sealed. */
export type WatchedAudition = Pick<AuditionView, 'id' | 'organization' | 'meeting'>;

/** The auditions of an organization whose meetings one provider has. */
export interface WatchedMeetings {
  readonly organization: OrganizationId;
  readonly provider: MeetingProviderName;
  /** At least one. Each has a slot and a meeting. */
  readonly auditions: readonly WatchedAudition[];
}

export interface MeetingWatch {
  /**
   * Claims the meetings of organizations and providers that no process has looked at for `intervalMs`. The claim ends by itself: a
   * process that is killed delays the next look by one interval.
   *
   * @param nowMs epoch milliseconds, compared with the slots
   * @param limit the largest number of results
   */
  claim(nowMs: number, intervalMs: number, limit: number): Promise<readonly WatchedMeetings[]>;
}

const claimedSchema = z.array(
  z.object({
    organization: organizationIdSchema,
    provider: z.enum(meetingProviders),
    views: z.array(auditionViewSchema),
  }),
);

/** Creates the repository. */
export const createMeetingWatch = (db: Database): MeetingWatch => ({
  async claim(nowMs, intervalMs, limit) {
    const from = toInstant(nowMs - watchedAfter);
    const until = toInstant(nowMs + watchedBefore);
    // The states are constants, so that the planner uses the partial index.
    const { rows } = await db.execute(sql`
      WITH upcoming AS (
        SELECT organization, view -> 'meeting' ->> 'provider' AS provider, view
        FROM auditions
        WHERE state IN ('scheduled', 'confirmed', 'in_progress')
          AND scheduled_for > ${from}::timestamptz AND scheduled_for <= ${until}::timestamptz
          AND view -> 'meeting' ->> 'provider' <> 'manual'
      ), due AS (
        SELECT organization, provider, min(looked_at) AS looked_at
        FROM upcoming LEFT JOIN meeting_watches USING (organization, provider)
        GROUP BY organization, provider
        HAVING min(looked_at) IS NULL OR min(looked_at) <= now() - ${millisecondsInterval(intervalMs)}
        ORDER BY looked_at NULLS FIRST, organization, provider
        LIMIT ${limit}
      ), claimed AS (
        INSERT INTO meeting_watches (organization, provider, looked_at)
        SELECT organization, provider, now() FROM due
        ON CONFLICT (organization, provider) DO UPDATE SET looked_at = excluded.looked_at
          WHERE meeting_watches.looked_at <= now() - ${millisecondsInterval(intervalMs)}
        RETURNING organization, provider
      )
      SELECT organization, provider, jsonb_agg(view) AS views
      FROM claimed JOIN upcoming USING (organization, provider)
      GROUP BY organization, provider
    `);
    return claimedSchema.parse(rows).flatMap(({ organization, provider, views }) => {
      const auditions = views.filter((view) => isWatched(view, nowMs));
      return auditions.length > 0 ? [{ organization, provider, auditions }] : [];
    });
  },
});
