/** Finds what a vendor that chooses the ids of events must know, so that it takes no copy for an event of ours. */
import type { WrittenEvents } from '../../db/calendars/written-events.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { CalendarProvider, EventCreation } from '../../providers/ports.ts';

/** Returns the known creations of events of the audition; undefined when the vendor needs none. */
export const findCreated = async (
  {
    writtenEvents,
    provider,
  }: {
    readonly writtenEvents: Pick<WrittenEvents, 'findCreations'>;
    readonly provider: Pick<CalendarProvider, 'hasCreations'>;
  },
  auditionId: AuditionId,
): Promise<readonly EventCreation[] | undefined> =>
  provider.hasCreations
    ? ((await writtenEvents.findCreations([auditionId])).get(auditionId) ?? [])
    : undefined;
