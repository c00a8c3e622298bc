/**
 * Records the events that the ledger has and that are not compared with their calendar: they were written by an earlier
 * version of this service, or their record was lost.
 */
import { z } from 'zod';
import type { AuditionReadModel } from '../../db/auditions/read-model.ts';
import type { WrittenCalendar } from '../../db/calendars/synced-calendars.ts';
import type { SyncedEvents } from '../../db/calendars/synced-events.ts';
import type { WrittenEvents } from '../../db/calendars/written-events.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { CalendarUses } from './calendar-uses.ts';
import type { SyncRound } from './sync-round.ts';
import type { Settled } from './unaccounted-events.ts';

/** Bounds the time of a round. The next round records the others. */
const maxRecords = 100;
const auditionsPerPage = 100;

const writtenSchema = z.object({
  eventId: z.string().describe("The provider's id of the event"),
  uid: z.string().optional().describe('The UID that the vendor has chosen for the event'),
  creation: z
    .string()
    .optional()
    .describe('The id of the creation, by which copies of the event are told from it'),
});

/** Creates the function that records them. Idempotent. In a dry run, it only finds them. */
export const createMissingRecords =
  ({
    auditions,
    syncedEvents,
    writtenEvents,
    uses,
  }: {
    readonly auditions: Pick<AuditionReadModel, 'get'>;
    readonly syncedEvents: Pick<SyncedEvents, 'listUnrecorded'>;
    readonly writtenEvents: Pick<WrittenEvents, 'record'>;
    readonly uses: Pick<CalendarUses, 'lastWrite' | 'nameOf'>;
  }) =>
  async (
    round: SyncRound,
    calendar: WrittenCalendar,
    listedAt: Instant,
    isDryRun: boolean,
  ): Promise<Settled> => {
    const recordOne = async (auditionId: AuditionId): Promise<CalendarFinding | undefined> => {
      const { organization, connection, provider, calendarId } = calendar;
      const view = await auditions.get(organization, auditionId);
      // An audition that has changed since the listing began may be writing just now. The next listing is later.
      if (!view?.slot || view.state === 'closed' || toEpochMs(view.updatedAt) >= toEpochMs(listedAt)) {
        return undefined;
      }
      const write = await uses.lastWrite(round, calendar, auditionId);
      const { data: written } = writtenSchema.safeParse(write?.result);
      if (!write || !written) return undefined;
      const { participant } = write.target;
      if (!isDryRun) {
        await writtenEvents.record({
          organization,
          connection,
          provider,
          calendarName: await uses.nameOf(round, calendarId),
          calendarId,
          ...written,
          auditionId,
          participant,
          key: write.key,
          slot: view.slot,
          revision: view.revision,
          writtenAt: write.completedAt,
        });
      }
      return {
        calendar: calendar.calendar,
        auditionId,
        participant,
        fault: 'record_missing',
        repair: 'recorded',
      };
    };

    const findings: CalendarFinding[] = [];
    for (let after: string | undefined; ; ) {
      const page = await syncedEvents.listUnrecorded(calendar, { after, limit: auditionsPerPage });
      for (const auditionId of page) {
        const isOver = findings.length >= maxRecords || (findings.length > 0 && Date.now() > round.until);
        if (isOver && !isDryRun) return { findings, isComplete: false };
        const finding = await recordOne(auditionId);
        if (finding) findings.push(finding);
      }
      if (page.length < auditionsPerPage) return { findings, isComplete: true };
      after = page.at(-1);
    }
  };
