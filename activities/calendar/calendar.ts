/** Reads busy times and writes events in connected calendars. */
import { cancellationSignal } from '@temporalio/activity';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { TrailFact } from '../../domain/audition/trail-facts.ts';
import { writtenFactOf } from '../../domain/audition/written-event.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type {
  BookRoomInput,
  CalendarActivities,
  EventToWrite,
  StepFailure,
  WriteEventInput,
  WriteEventsInput,
  WriteEventsResult,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type AttemptContext, createAttemptContext } from '../effects/attempt.ts';
import { toStepFailure } from '../step-failure.ts';
import { openTrail } from '../trail/trail.ts';
import { busyRoom } from './busy-room.ts';
import type { CalendarReader } from './calendar-reader.ts';
import { createEventWriter, type WrittenEvent } from './event-writer.ts';

/** Creates the calendar activities. */
export const createCalendarActivities = (
  dependencies: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens' | 'joinUrl'>,
  reader: CalendarReader,
): CalendarActivities => {
  const { events, busyCalendars } = dependencies.repositories;
  const writer = createEventWriter(dependencies);

  /** Writes one event of a group. */
  const writeOne = async (
    input: WriteEventsInput,
    event: EventToWrite,
    context: AttemptContext,
  ): Promise<EventOutcome> => {
    try {
      return { ...event, ...(await writer.write({ ...input, ...event }, context)) };
    } catch (error) {
      return { ...event, failure: toStepFailure(error) };
    }
  };

  /**
   * Books the room. A booking that fails can be skipped: then the room is compared with the slot without one. The claim has registered it
   * for that, unless a move was reverted since, whose claim has registered the room of the other slot.
   */
  const bookOrCompare = async (input: BookRoomInput): Promise<WrittenEvent> => {
    try {
      return await writer.book(input, createAttemptContext(input));
    } catch (error) {
      await busyCalendars.replaceRoom(input, busyRoom(input.room));
      throw error;
    }
  };

  return {
    findBusy: async (input) => {
      const { organization, auditionId, provider, connection, calendarIds } = input;
      const { rooms = [], busyOnly = [] } = input;
      const { window, tentative } = input;
      await openTrail(events, input);
      const call = createAttemptContext(input).startCall();
      const [first, ...rest] = [
        ...calendarIds.map((calendarId) => ({ provider, connection, calendarId })),
        ...rooms.map((calendarId) => ({ provider, connection, calendarId, isRoom: true })),
        ...busyOnly.map((calendarId) => ({ provider, connection, calendarId, isBusyOnly: true })),
      ];
      if (!first) return [];
      return reader.readEvents({ organization, auditionId, call, tentative }, [first, ...rest], window);
    },

    writeEvent: async (input) => {
      const trail = await openTrail(events, input);
      const written = await writer.write(input, createAttemptContext(input));
      await trail.append({
        ifAllowed: [writtenFact(input, written.eventId), ...overwrittenFacts(input, written)],
      });
      return { eventId: written.eventId };
    },

    writeEvents: async (input): Promise<WriteEventsResult> => {
      const trail = await openTrail(events, input);
      const groups = await Promise.all(
        eventsByCalendar(input.events).map(async (group) => {
          const context = withOneDeadline(createAttemptContext(input));
          const outcomes: EventOutcome[] = [];
          for (const event of group) outcomes.push(await writeOne(input, event, context));
          return outcomes;
        }),
      );
      const outcomes = groups.flat();
      const written = outcomes.filter((outcome) => 'eventId' in outcome);
      const failed = outcomes.filter((outcome) => 'failure' in outcome);
      const facts = written.flatMap((event) => [
        writtenFact({ ...input, ...event }, event.eventId),
        ...overwrittenFacts({ ...input, ...event }, event),
      ]);
      const { facts: final = [], ...holds } = (failed.length === 0 && input.whenAllWritten) || {};
      const { notAllowed } = await trail.append({
        ifAllowed: [...facts, ...final],
        ifRevision: input.content.revision,
        ...holds,
      });
      // A cancelled activity ends as cancelled, unless there is nothing left to cancel.
      if (failed.length > 0) cancellationSignal().throwIfAborted();
      return {
        written: written.map(({ key, eventId }) => ({ key, eventId })),
        failed: failed.map(({ key, failure }) => ({ key, failure })),
        recorded: final.filter((fact) => !notAllowed.includes(fact)).map(({ fact }) => fact.type),
      };
    },

    bookRoom: async (input) => {
      const { key, correlationId, room } = input;
      const trail = await openTrail(events, input);
      const written = await bookOrCompare(input);
      const { eventId } = written;
      const { provider, connection } = room;
      const at = toInstant(Date.now());
      const fact = { type: 'room_booked', provider, connection, eventId } as const;
      const overwritten = overwrittenFacts({ key, correlationId, calendar: room }, written);
      await trail.append({ ifAllowed: [{ key, at, correlationId, fact }, ...overwritten] });
      return { eventId };
    },

    removeEvent: async (input) => {
      await openTrail(events, input);
      return writer.remove(input);
    },
  };
};

type EventOutcome = EventToWrite & (WrittenEvent | { readonly failure: StepFailure });

/** The fact that an event was written, under the key of the event: a repetition appends nothing. */
const writtenFact = (
  { key, correlationId, ...event }: Pick<WriteEventInput, 'correlationId'> & EventToWrite,
  eventId: string,
): TrailFact => ({
  key,
  at: toInstant(Date.now()),
  correlationId,
  fact: writtenFactOf(event, eventId),
});

/**
 * The facts that the write has replaced an edit that the synchronisation had not reported, and texts of a person. The audition
 * decides: its slot is where the event is now, our new texts are what people must find, and the edits are on the trail.
 */
const overwrittenFacts = (
  {
    key,
    correlationId,
    participant,
    calendar: { provider, connection },
  }: Pick<WriteEventInput, 'key' | 'correlationId'> & {
    readonly participant?: WriteEventInput['participant'] | undefined;
    readonly calendar: Pick<WriteEventInput['calendar'], 'provider' | 'connection'>;
  },
  { overwrote, overwroteTexts = [] }: WrittenEvent,
): readonly TrailFact[] => {
  const at = toInstant(Date.now());
  const about = { ...(participant === undefined ? {} : { participant }), provider, connection };
  const change = { type: 'calendar_changed', ...about, outcome: 'overwritten' } as const;
  const edits: TrailFact[] = [];
  if (overwrote) {
    const { kind, ...times } = overwrote;
    const fact = { ...change, change: kind, ...times } as const;
    edits.push({ key: `${key}:overwritten`, at, correlationId, fact });
  }
  if (overwroteTexts.length > 0) {
    const fact: AuditionFact = { ...change, change: 'text_edited', texts: [...overwroteTexts] };
    edits.push({ key: `${key}:overwritten-texts`, at, correlationId, fact });
  }
  return edits;
};

/**
 * Groups the events by connection. Two participants can name one calendar, in different ways: its event is then written
 * for one after the other, since simultaneous writes would conflict.
 */
const eventsByCalendar = (events: readonly EventToWrite[]): readonly (readonly EventToWrite[])[] => [
  ...Map.groupBy(events, ({ calendar: { provider, connection } }) => `${provider} ${connection}`).values(),
];

/** Calls that follow one another must fit into one attempt together. */
const withOneDeadline = (context: AttemptContext): AttemptContext => {
  let call: ReturnType<AttemptContext['startCall']> | undefined;
  return {
    ...context,
    startCall: () => {
      call ??= context.startCall();
      return call;
    },
  };
};
