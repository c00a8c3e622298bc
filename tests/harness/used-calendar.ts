/** Registers a calendar for synchronization, as the first event that an audition writes to it does. */
import type { Repositories } from '../../db/index.ts';
import { type ConnectionId, type OrganizationId, participantIdSchema } from '../../domain/ids.ts';
import { newAuditionId } from './audition-trail.ts';

/** Returns the registered calendar. */
export const useCalendar = async (
  { writtenEvents, syncedCalendars }: Pick<Repositories, 'writtenEvents' | 'syncedCalendars'>,
  {
    organization,
    connection,
    calendarId,
  }: {
    readonly organization: OrganizationId;
    readonly connection: ConnectionId;
    readonly calendarId: string;
  },
) => {
  await writtenEvents.record({
    organization,
    connection,
    provider: 'google',
    calendarName: `google/${connection}/${calendarId}`,
    calendarId,
    eventId: 'e1',
    auditionId: newAuditionId(),
    participant: participantIdSchema.parse('ada'),
    key: 'k1',
    slot: { start: '2031-01-01T10:00:00.000Z', end: '2031-01-01T11:00:00.000Z', zone: 'UTC' },
    revision: 1,
  });
  const calendars = await syncedCalendars.list(connection);
  const calendar = calendars.find((registered) => registered.calendarId === calendarId);
  if (!calendar) throw new Error(`the calendar ${calendarId} is not registered`);
  return calendar;
};
