/**
 * Simulates rooms. A room is a guest of the type `resource`; its own mailbox has a copy of the event, and it accepts when it
 * is free: https://learn.microsoft.com/exchange/recipients/room-mailboxes
 */
import { z } from 'zod';
import type { Room, RoomResponse } from '../room.ts';
import { createRoomRegister, type RoomRegister } from '../room-register.ts';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import { type Calendar, type Calendars, exchangeId } from './calendars.ts';
import { GraphError } from './errors.ts';
import type { StoredEvent } from './event.ts';

/** https://learn.microsoft.com/graph/api/resources/attendee */
const guestSchema = z.looseObject({
  type: z.enum(['required', 'optional', 'resource']).default('required'),
  emailAddress: z.looseObject({ address: z.string().min(1) }),
  status: z.looseObject({ response: z.string().optional() }).optional(),
});
type Guest = z.infer<typeof guestSchema>;

export interface Rooms extends RoomRegister {
  /**
   * Returns the event as it is stored: with the answers of known guests, which a change of the time discards.
   *
   * @throws {GraphError} a 400 for a guest without an address or of an unknown type.
   */
  invite(event: StoredEvent, before: StoredEvent | undefined): StoredEvent;
  /** Lets the rooms among the guests answer, and those that are no longer guests forget the event. */
  notify(calendar: Calendar, event: StoredEvent): void;
  /** Answers for a room. Returns whether the room has such an event. */
  answer(response: RoomResponse): boolean;
}

const guestsOf = ({ details }: StoredEvent): readonly Guest[] =>
  (details.attendees ?? []).map((guest) => {
    const read = guestSchema.safeParse(guest);
    if (read.success) return read.data;
    throw new GraphError(
      400,
      'ErrorInvalidRecipients',
      'At least one recipient is not valid. Check type and emailAddress.',
    );
  });

const addressOf = ({ emailAddress }: Guest): string => emailAddress.address.toLowerCase();

const answers = { accepted: 'accepted', tentative: 'tentativelyAccepted', declined: 'declined' } as const;

/** Creates a store without rooms. */
export const createRooms = (
  calendars: Calendars,
  settings: Pick<MicrosoftSandboxSettings, 'roomAnswerMs'>,
  clock: Clock,
): Rooms => {
  const register = createRoomRegister((email) => calendars.open(email));
  const { find } = register;

  const withAnswer = (event: StoredEvent, room: Room, response: string): StoredEvent => ({
    ...event,
    details: {
      ...event.details,
      attendees: guestsOf(event).map((guest) =>
        addressOf(guest) === room.email
          ? { ...guest, status: { response, time: new Date(clock()).toISOString() } }
          : guest,
      ),
    },
  });
  const touched = (event: StoredEvent): StoredEvent => ({
    ...event,
    revision: calendars.nextRevision(),
    updated: clock(),
  });

  const copyIn = (room: Room, { immutableId }: Pick<StoredEvent, 'immutableId'>) =>
    [...calendars.open(room.email).events.values()].find(({ copyOf }) => copyOf === immutableId);

  /** The copy has another id than the event, the same `iCalUId`, and no extended properties. */
  const putCopy = (room: Room, event: StoredEvent, isAccepted: boolean) => {
    const own = calendars.open(room.email);
    const before = copyIn(room, event);
    const { transactionId: _transactionId, ...copied } = event;
    calendars.put(
      own,
      touched({
        ...copied,
        immutableId: before?.immutableId ?? exchangeId('AAkALgAAAAAAHYQDEapm', room.email),
        id: before?.id ?? exchangeId('AAMkAGEv', room.email),
        copyOf: event.immutableId,
        properties: [],
        response: isAccepted ? 'accepted' : 'notResponded',
        details: { ...event.details, showAs: isAccepted ? 'busy' : 'tentative' },
        deleted: false,
      }),
    );
  };

  const removeCopy = (room: Room, event: Pick<StoredEvent, 'immutableId'>) => {
    const copy = copyIn(room, event);
    if (copy && !copy.deleted) calendars.put(calendars.open(room.email), touched({ ...copy, deleted: true }));
  };

  const isFree = (room: Room, event: StoredEvent): boolean =>
    ![...calendars.open(room.email).events.values()].some(
      (other) =>
        other.copyOf !== event.immutableId &&
        !other.deleted &&
        other.type !== 'seriesMaster' &&
        other.details.showAs !== 'free' &&
        other.startMs < event.endMs &&
        other.endMs > event.startMs,
    );

  const record = (
    room: Room,
    calendar: Calendar,
    event: StoredEvent,
    answer: keyof typeof answers,
  ): boolean => {
    const isGuest = !event.deleted && guestsOf(event).some((guest) => addressOf(guest) === room.email);
    if (!isGuest) return false;
    // A room that declines has no event in its calendar.
    if (answer === 'declined') removeCopy(room, event);
    else putCopy(room, event, answer === 'accepted');
    calendars.put(calendar, touched(withAnswer(event, room, answers[answer])));
    return true;
  };

  const answerLater = (room: Room, calendar: Calendar, { immutableId, startMs, endMs }: StoredEvent) => {
    setTimeout(() => {
      const event = calendars.all().includes(calendar) ? calendar.events.get(immutableId) : undefined;
      if (event?.startMs !== startMs || event.endMs !== endMs) return;
      const guest = guestsOf(event).find((candidate) => addressOf(candidate) === room.email);
      if (guest?.status?.response !== 'none') return;
      record(room, calendar, event, isFree(room, event) ? 'accepted' : 'declined');
    }, settings.roomAnswerMs).unref();
  };

  return {
    ...register,
    invite(event, before) {
      if (!event.details.attendees) return event;
      const isMoved = before?.startMs !== event.startMs || before.endMs !== event.endMs;
      const earlier = before && !isMoved ? guestsOf(before) : [];
      return {
        ...event,
        details: {
          ...event.details,
          attendees: guestsOf(event).map((guest) => ({
            ...guest,
            status: earlier.find((known) => addressOf(known) === addressOf(guest))?.status ?? {
              response: 'none',
              time: '0001-01-01T00:00:00Z',
            },
          })),
        },
      };
    },
    notify(calendar, event) {
      if (event.copyOf !== undefined) return;
      const guests = event.deleted ? [] : guestsOf(event);
      for (const room of register.all()) {
        const guest = guests.find((candidate) => addressOf(candidate) === room.email);
        if (!guest) removeCopy(room, event);
        else if (guest.status?.response === 'none') {
          putCopy(room, event, false);
          if (room.answers === 'automatic') answerLater(room, calendar, event);
        }
      }
    },
    answer({ room: email, eventId, answer }) {
      const room = find(email);
      return (
        room !== undefined &&
        calendars.all().some((calendar) => {
          const event = calendar.events.get(eventId);
          return event?.copyOf === undefined && event !== undefined && record(room, calendar, event, answer);
        })
      );
    },
  };
};
