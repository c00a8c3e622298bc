/** The calendar of a room, as one whose events count as busy for an audition. */
import { roomUser } from '../../domain/audition/room-booking.ts';
import type { RoomCalendar } from '../../domain/audition/slot.ts';
import { roomCalendarName } from '../../providers/calendar-names.ts';

/** Returns what `BusyCalendars` stores about the room. */
export const busyRoom = (room: RoomCalendar) => ({
  participant: roomUser,
  provider: room.provider,
  connection: room.connection,
  calendarId: room.email,
  calendarName: roomCalendarName(room),
});
