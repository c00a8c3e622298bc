/**
 * Simulates rooms. A room is a guest of an event; its copy of the event is in its own calendar, and it accepts when it is
 * free: https://developers.google.com/workspace/calendar/api/concepts/domain
 */
import { z } from 'zod';
import type { Room, RoomResponse } from '../room.ts';
import { createRoomRegister, type RoomRegister } from '../room-register.ts';
import type { GoogleSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import type { Calendar, Calendars } from './calendars.ts';
import { blocksTime, type StoredEvent } from './event.ts';

const guestSchema = z.looseObject({ email: z.string(), responseStatus: z.string().optional() });
type Guest = z.infer<typeof guestSchema>;

export interface Rooms extends RoomRegister {
  /** Returns the event as it is stored: a guest that is a room has no answer yet after a change of the time. */
  invite(event: StoredEvent, before: StoredEvent | undefined): StoredEvent;
  /** Lets the rooms among the guests answer, and those that are no longer guests forget the event. */
  notify(calendar: Calendar, event: StoredEvent): void;
  /** Answers for a room. Returns whether the room has such an event. */
  answer(response: RoomResponse): boolean;
}

const guestsOf = ({ details }: StoredEvent): readonly Guest[] =>
  (details.attendees ?? []).map((guest) => guestSchema.parse(guest));

const withGuests = (event: StoredEvent, change: (guest: Guest) => Guest): StoredEvent => ({
  ...event,
  details: { ...event.details, attendees: guestsOf(event).map(change) },
});

/** Creates a store without rooms. */
export const createRooms = (
  calendars: Calendars,
  settings: Pick<GoogleSandboxSettings, 'roomAnswerMs'>,
  clock: Clock,
): Rooms => {
  const register = createRoomRegister((email) => calendars.open(email));
  const { find } = register;

  const touched = (event: StoredEvent): StoredEvent => ({
    ...event,
    revision: calendars.nextRevision(),
    updated: clock(),
  });

  const copyIn = (room: Room, calendar: Calendar, id: string) =>
    [...calendars.open(room.email).events.values()].find(
      ({ copyOf }) => copyOf?.calendarId === calendar.id && copyOf.eventId === id,
    );

  /** The copy has no private properties: they belong to the copy of the organizer. */
  const putCopy = (room: Room, calendar: Calendar, event: StoredEvent, answer: string) => {
    const own = calendars.open(room.email);
    const before = copyIn(room, calendar, event.id);
    const { extendedProperties, ...details } = event.details;
    const id = before?.id ?? (own.events.has(event.id) ? `${event.id}c${own.events.size}` : event.id);
    calendars.put(
      own,
      touched({
        ...event,
        id,
        copyOf: { calendarId: calendar.id, eventId: event.id },
        details: {
          ...details,
          ...(extendedProperties?.shared
            ? { extendedProperties: { shared: extendedProperties.shared } }
            : {}),
          attendees: guestsOf(event).map((guest) =>
            find(guest.email)?.email === room.email ? { ...guest, responseStatus: answer } : guest,
          ),
        },
      }),
    );
  };

  const removeCopy = (copy: StoredEvent, room: Room) =>
    calendars.put(calendars.open(room.email), touched({ ...copy, status: 'cancelled' }));

  const isFree = (room: Room, calendar: Calendar, { id, startMs, endMs }: StoredEvent): boolean =>
    ![...calendars.open(room.email).events.values()].some(
      (other) =>
        !(other.copyOf?.calendarId === calendar.id && other.copyOf.eventId === id) &&
        other.startMs < endMs &&
        other.endMs > startMs &&
        blocksTime(other, room.email),
    );

  const record = (room: Room, calendar: Calendar, eventId: string, answer: string): boolean => {
    const event = calendar.events.get(eventId);
    const isGuest = event && guestsOf(event).some(({ email }) => find(email)?.email === room.email);
    if (!isGuest || event.status === 'cancelled') return false;
    const answered = withGuests(event, (guest) =>
      find(guest.email)?.email === room.email ? { ...guest, responseStatus: answer } : guest,
    );
    putCopy(room, calendar, answered, answer);
    calendars.put(calendar, touched(answered));
    return true;
  };

  const answerLater = (room: Room, calendar: Calendar, { id, startMs, endMs }: StoredEvent) => {
    setTimeout(() => {
      const event = calendars.all().includes(calendar) ? calendar.events.get(id) : undefined;
      if (event?.startMs !== startMs || event.endMs !== endMs) return;
      const guest = guestsOf(event).find(({ email }) => find(email)?.email === room.email);
      if (guest?.responseStatus !== 'needsAction') return;
      record(room, calendar, id, isFree(room, calendar, event) ? 'accepted' : 'declined');
    }, settings.roomAnswerMs).unref();
  };

  return {
    ...register,
    invite(event, before) {
      if (!event.details.attendees) return event;
      const isMoved = before?.startMs !== event.startMs || before.endMs !== event.endMs;
      const earlier = before && before.status !== 'cancelled' && !isMoved ? guestsOf(before) : [];
      return withGuests(event, (guest) => {
        const room = find(guest.email);
        if (!room) return guest;
        const known = earlier.find(({ email }) => find(email)?.email === room.email);
        // An organizer cannot answer for a room, but can ask it again.
        const answer = guest.responseStatus === 'needsAction' ? undefined : known?.responseStatus;
        return { ...guest, resource: true, displayName: room.name, responseStatus: answer ?? 'needsAction' };
      });
    },
    notify(calendar, event) {
      if (event.copyOf) return;
      const guests = event.status === 'cancelled' ? [] : guestsOf(event);
      for (const room of register.all()) {
        const guest = guests.find(({ email }) => find(email)?.email === room.email);
        const copy = copyIn(room, calendar, event.id);
        if (!guest) {
          if (copy && copy.status !== 'cancelled') removeCopy(copy, room);
          continue;
        }
        if (guest.responseStatus !== 'needsAction') continue;
        putCopy(room, calendar, event, 'needsAction');
        if (room.answers === 'automatic') answerLater(room, calendar, event);
      }
    },
    answer({ room: email, eventId, answer }) {
      const room = find(email);
      const holders = calendars.all().filter(({ id, events }) => id !== room?.email && events.has(eventId));
      return room !== undefined && holders.some((calendar) => record(room, calendar, eventId, answer));
    },
  };
};
