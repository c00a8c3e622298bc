/** Writes and removes the event of an audition in one calendar. */
import { z } from 'zod';
import type { EffectTarget, StandingEffect } from '../../domain/audition/effects.ts';
import { calendarTexts } from '../../domain/audition/events.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import { mainCalendar, roomUser } from '../../domain/audition/room-booking.ts';
import type { AuditionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import { isRoomProvider } from '../../domain/providers/vendors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import { minute } from '../../domain/time/units.ts';
import { calendarNames, roomCalendarName } from '../../providers/calendar-names.ts';
import type { BookedRoom, CallContext } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type { BookRoomInput, RemoveEventInput, UndoResult, WriteEventInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type AttemptContext, createAttemptContext } from '../effects/attempt.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoEach } from '../effects/undo-each.ts';
import { findCreated } from './own-creations.ts';

/** What the ledger stores. Rows of earlier versions have only the id. */
const writtenSchema = z.object({
  eventId: z.string().describe("The provider's id of the event"),
  uid: z.string().optional().describe('The UID that the vendor has chosen for the event'),
  creation: z
    .string()
    .optional()
    .describe('The id of the creation, by which copies of the event are told from it'),
  startedAt: instantSchema.optional().describe('Before the write'),
  overwrote: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('moved'),
        start: instantSchema.optional(),
        end: instantSchema.optional(),
      }),
      z.object({ kind: z.literal('deleted') }),
    ])
    .optional()
    .describe('The edit of a person that the write has replaced'),
  overwroteTexts: z
    .array(z.enum(calendarTexts))
    .readonly()
    .optional()
    .describe('The texts of a person that the write has replaced'),
});
export type WrittenEvent = z.infer<typeof writtenSchema>;

export interface EventWriter {
  /** Creates or moves the event for one participant. Idempotent by key. */
  write(input: Omit<WriteEventInput, 'trail'>, context: AttemptContext): Promise<WrittenEvent>;
  /** Creates or moves the event that books the room. Idempotent by key. */
  book(input: Omit<BookRoomInput, 'trail'>, context: AttemptContext): Promise<WrittenEvent>;
  /** Removes the event, unless another participant, the room or the meeting uses it. A room that no longer uses it is free. */
  remove(input: RemoveEventInput): Promise<UndoResult>;
}

/**
 * Creates the writer. The calendar deduplicates by our event id: a repeated write leaves one event, and a repeated
 * deletion has no further effect. No attempt has to search for earlier effects. The ledger stores the result, and blocks
 * later writes after the event was removed.
 */
export const createEventWriter = ({
  repositories: { connections, ledger, writtenEvents },
  providers: { calendars, calendarChanges },
  accessTokens,
  joinUrl,
}: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens' | 'joinUrl'>): EventWriter => {
  const open = (organization: OrganizationId, calendar: WritableCalendarRef, purpose: string) =>
    openConnectionById({ connections, accessTokens }, organization, calendar, purpose);

  const createdAt = ({ provider }: WritableCalendarRef, auditionId: AuditionId) =>
    findCreated({ writtenEvents, provider: calendars[provider] }, auditionId);

  /** Two participants can have calendars in one account, which permits each id once. Each can have connected the account. */
  const otherCalendarsOf = ({ provider, calendarId }: WritableCalendarRef, auditionId: AuditionId) =>
    calendars[provider].hasAccountWideIds
      ? async (): Promise<readonly string[]> => {
          const written = (await ledger.allTargets(auditionId)).filter(isEventTarget);
          const others = written.flatMap(({ calendar: other }) =>
            other.provider === provider && other.calendarId !== calendarId ? [other.calendarId] : [],
          );
          return [...new Set(others)];
        }
      : undefined;

  const deleteFrom = async (
    { organization, auditionId }: { readonly organization: OrganizationId; readonly auditionId: AuditionId },
    calendar: WritableCalendarRef,
    key: string,
    call: CallContext,
  ) =>
    calendars[calendar.provider].deleteEvent(
      await open(organization, calendar, 'calendar.deleteEvent'),
      {
        calendarId: calendar.calendarId,
        eventId: eventIdFor(auditionId),
        reference: auditionId,
        created: await createdAt(calendar, auditionId),
        writtenElsewhere: otherCalendarsOf(calendar, auditionId),
        keys: [key],
      },
      call,
    );

  /** Returns the canonical name of the calendar, which tells whether it is in use. Undefined: it is not synchronized. */
  const nameOf = async (
    { organization, calendar }: EventForUser,
    call: CallContext,
  ): Promise<string | undefined> => {
    const { provider, connection: id, calendarId } = calendar;
    if (!calendarChanges[provider]) return undefined;
    const connection = (await connections.get(organization, id)) ?? { id, account: undefined };
    const openForName = () => open(organization, calendar, 'calendar.listEvents');
    return (await calendarNames(calendars[provider], connection, calendarId, openForName, call))[0];
  };

  /** The synchronisation compares the calendar with this record. Costs the audition no activity. */
  const recordWritten = async (
    { organization, auditionId, key, calendar, content, user }: EventForUser,
    { eventId, uid, creation, startedAt }: WrittenEvent,
    calendarName: string,
  ): Promise<void> => {
    const { provider, connection, calendarId } = calendar;
    await writtenEvents.record({
      organization,
      connection,
      provider,
      calendarName,
      calendarId,
      eventId,
      uid,
      creation,
      auditionId,
      participant: user.kind === 'participant' ? user.participant : undefined,
      room: roomOf(calendar, user),
      key,
      slot: content.slot,
      revision: content.revision,
      startedAt,
    });
  };

  /** Returns what the event states, with the join link of the audition. */
  const statedIn = async ({ organization, auditionId, content }: EventForUser) => {
    const { joinLink, reminders, ...texts } = content;
    const stated = { ...texts, ...(reminders ? { reminders: reminders.map((ms) => ms / minute) } : {}) };
    if (!joinLink) return stated;
    const url = await joinUrl({ organization, auditionId });
    const description = [url, stated.description].filter(Boolean).join('\n\n');
    return { ...stated, description, location: stated.location ?? url };
  };

  const write = async (input: EventForUser, context: AttemptContext): Promise<WrittenEvent> => {
    const { organization, auditionId, key, calendar, content, user } = input;
    const { slot, revision } = content;
    const { provider, connection, calendarId } = calendar;
    const eventId = eventIdFor(auditionId);
    let name: string | undefined;
    const written = await effectOnce(
      ledger,
      {
        key,
        organization,
        provider,
        operation: 'calendar.putEvent',
        request: { eventId, calendar: { provider, connection, calendarId }, slot, revision },
        auditionId,
        target: targetOf(input),
      },
      context,
      {
        kind: 'idempotent',
        result: writtenSchema,
        // Our id and not the calendar's: every attempt writes, and a removal removes, the event with our id.
        providerId: () => eventId,
        perform: async (call) => {
          const startedAt = toInstant(Date.now());
          name ??= await nameOf(input, call);
          const account = await open(organization, calendar, 'calendar.putEvent');
          const event = {
            ...(await statedIn(input)),
            calendarId,
            eventId,
            reference: auditionId,
            created: await createdAt(calendar, auditionId),
            writtenElsewhere: otherCalendarsOf(calendar, auditionId),
            known:
              name === undefined ? undefined : await writtenEvents.findKnown(auditionId, connection, name),
            use: { name: user.kind === 'participant' ? user.participant : roomUser, key },
            ...(user.kind === 'room' ? { room: user.room } : {}),
          };
          return { ...(await calendars[provider].putEvent(account, event, call)), startedAt };
        },
        removeEffect: (_written, call) => deleteFrom(input, calendar, key, call),
      },
    );
    name ??= await nameOf(input, context.startCall());
    if (name !== undefined) await recordWritten(input, written, name);
    return written;
  };

  return {
    write: ({ participant, ...input }, context) =>
      write({ ...input, user: { kind: 'participant', participant } }, context),

    book: ({ room: { provider, connection, email }, name, ...input }, context) =>
      write(
        {
          ...input,
          calendar: { provider, connection, calendarId: mainCalendar },
          user: { kind: 'room', room: { email, name } },
        },
        context,
      ),

    remove: async (input) => {
      const { organization, auditionId, keys, calendar } = input;
      const standing = await ledger.standingEffects(auditionId);
      const context = createAttemptContext(input);
      const all = [...earlierKeys(standing, keys), ...keys];
      // Before the removal, so that the synchronisation does not report it as a deletion by a person.
      await writtenEvents.forget(auditionId, all);
      return undoEach(all, async (key) => {
        const target = standing.find((effect) => effect.key === key)?.target;
        const written = isEventTarget(target) ? target.calendar : calendar;
        return {
          ledger,
          operation: { key, organization, provider: written.provider, operation: 'calendar.putEvent' },
          context,
          steps: {
            find: async () => [eventIdFor(auditionId)],
            remove: (_eventId, call) => deleteFrom(input, written, key, call),
          },
        };
      });
    },
  };
};

/**
 * Returns the steps that have written the events of the same participants before. Their events were moved by the steps
 * with these keys, or are in a calendar that the participant had before.
 */
const earlierKeys = (standing: readonly StandingEffect[], keys: readonly string[]): readonly string[] => {
  const last = standing.findLastIndex(({ key }) => keys.includes(key));
  const users = new Set(
    standing.flatMap(({ key, target }) =>
      isEventTarget(target) && keys.includes(key) ? [userIn(target)] : [],
    ),
  );
  return standing
    .slice(0, Math.max(last, 0))
    .flatMap(({ key, target }) =>
      isEventTarget(target) && users.has(userIn(target)) && !keys.includes(key) ? [key] : [],
    );
};

type EventTarget = Extract<EffectTarget, { readonly kind: 'calendar_event' | 'room_booking' }>;

const isEventTarget = (target: EffectTarget | undefined): target is EventTarget =>
  target?.kind === 'calendar_event' || target?.kind === 'room_booking';

/** A booking of the room with one account does not continue its booking with another. */
const userIn = (target: EventTarget): string =>
  target.kind === 'calendar_event' ? target.participant : `${roomUser}${target.calendar.connection}`;

/** The event of an audition, written for one of its users. */
type EventForUser = Omit<WriteEventInput, 'trail' | 'participant'> & {
  readonly user:
    | { readonly kind: 'participant'; readonly participant: ParticipantId }
    | { readonly kind: 'room'; readonly room: BookedRoom };
};

/** Returns the calendar of the room, whose busy times are read after the booking. */
const roomOf = ({ provider }: WritableCalendarRef, user: EventForUser['user']) =>
  user.kind === 'room' && isRoomProvider(provider)
    ? { calendarId: user.room.email, calendarName: roomCalendarName({ provider, email: user.room.email }) }
    : undefined;

const targetOf = ({ user, calendar }: EventForUser): EventTarget =>
  user.kind === 'participant'
    ? { kind: 'calendar_event', participant: user.participant, calendar }
    : { kind: 'room_booking', calendar };
