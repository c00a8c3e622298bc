/** Reads busy times and writes events in connected calendars. */
import { z } from 'zod';
import { defaultCalendarProvider } from '../../domain/providers/vendors.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type {
  CalendarActivities,
  FindBusyInput,
  RemoveEventInput,
  UndoResult,
  WriteEventInput,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoOnce } from '../effects/undo-once.ts';

const writtenSchema = z.object({ eventId: z.string() });

/**
 * Creates the calendar activities. The calendar deduplicates by our event id: a repeated write leaves one event, and a
 * repeated deletion has no further effect. No attempt has to search for earlier effects. The ledger stores the result
 * and blocks later writes after the event was removed.
 */
export const createCalendarActivities = ({
  repositories: { connections, ledger },
  providers: { calendars },
  accessTokens,
}: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>): CalendarActivities => {
  const openConnectionDependencies = { connections, accessTokens };
  return {
    findBusy: async (input: FindBusyInput) => {
      const { organization, connection, calendarIds, window, correlationId } = input;
      const provider = input.provider ?? defaultCalendarProvider;
      const call = createAttemptContext({ correlationId, organization }).startCall();
      const opened = await openConnectionById(
        openConnectionDependencies,
        organization,
        { provider, connection },
        'calendar.freeBusy',
      );
      return calendars[provider].freeBusy(opened, calendarIds, window, call);
    },

    writeEvent: async (input: WriteEventInput) => {
      const { organization, auditionId, key, calendar, slot, revision, summary, description, location } =
        input;
      const eventId = eventIdFor(auditionId, calendar);
      const open = () =>
        openConnectionById(openConnectionDependencies, organization, calendar, 'calendar.putEvent');
      return effectOnce(
        ledger,
        {
          key,
          organization,
          provider: calendar.provider,
          operation: 'calendar.putEvent',
          request: { eventId, slot, revision },
        },
        createAttemptContext(input),
        {
          kind: 'idempotent',
          result: writtenSchema,
          // Our id and not the calendar's: every attempt writes, and a removal removes, the event with our id.
          providerId: () => eventId,
          perform: async (call) => {
            const event = {
              calendarId: calendar.calendarId,
              eventId,
              summary,
              description,
              location,
              slot,
              revision,
            };
            const written = await calendars[calendar.provider].putEvent(await open(), event, call);
            return { eventId: written.eventId };
          },
          removeEffect: async (_written, call) =>
            calendars[calendar.provider].deleteEvent(await open(), calendar.calendarId, eventId, call),
        },
      );
    },

    removeEvent: async ({
      organization,
      auditionId,
      key,
      calendar,
      correlationId,
    }: RemoveEventInput): Promise<UndoResult> => {
      const eventId = eventIdFor(auditionId, calendar);
      return undoOnce(
        ledger,
        { key, organization, provider: calendar.provider, operation: 'calendar.putEvent' },
        createAttemptContext({ correlationId, organization }),
        {
          find: async () => [eventId],
          remove: async (_providerId, call) => {
            const opened = await openConnectionById(
              openConnectionDependencies,
              organization,
              calendar,
              'calendar.deleteEvent',
            );
            return calendars[calendar.provider].deleteEvent(opened, calendar.calendarId, eventId, call);
          },
        },
      );
    },
  };
};
