/** The calendar events that an operator has skipped, and that no later write has put into the calendar. */
import type { ConnectionId, ParticipantId } from '../ids.ts';

export interface SkippedEventView {
  /** An owner of the calendar. */
  readonly participant: ParticipantId;
  readonly connection: ConnectionId;
  /** The other owners of the calendar. Absent when there was none, and in facts of earlier versions. */
  readonly sharedBy?: readonly ParticipantId[] | undefined;
  /**
   * Participants whose event was written since, through the same connection. Whoever shares the calendar has it, too. Absent when the
   * event names all owners.
   */
  readonly writtenFor?: readonly ParticipantId[] | undefined;
}

/** An event that was written. */
interface WrittenEvent {
  readonly participant: ParticipantId;
  readonly connection: ConnectionId;
  /** The other owners of the calendar. Absent when no other participant has a calendar of the connection, and in earlier facts. */
  readonly sharedBy?: readonly ParticipantId[] | undefined;
}

interface SkippedEvents {
  readonly skippedEvents?: readonly SkippedEventView[] | undefined;
}

/** Returns the owners of the calendar, as far as the event names them. */
export const ownersOfSkipped = ({
  participant,
  sharedBy = [],
}: Pick<SkippedEventView, 'participant' | 'sharedBy'>): readonly ParticipantId[] => [
  participant,
  ...sharedBy,
];

/** Adds the event. */
export const withSkipped = (view: SkippedEvents, event: SkippedEventView): SkippedEvents => ({
  skippedEvents: [...withoutOwners(view, ownersOfSkipped(event)), event],
});

/** Removes a participant who has left, or is another person. The event stays skipped for the other owners of its calendar. */
export const withoutSkipped = (view: SkippedEvents, participant: ParticipantId): SkippedEvents =>
  view.skippedEvents ? skippedEventsOf(withoutOwners(view, [participant])) : {};

/**
 * Ends the skip for those into whose calendar the event was written. Other owners of the calendar that they had before have no event.
 * Changes nothing in a view without skipped events.
 */
export const afterWriting = (view: SkippedEvents, written: WrittenEvent): SkippedEvents => {
  const { skippedEvents } = view;
  if (!skippedEvents) return {};
  const events = skippedEvents.flatMap((event) =>
    event.sharedBy && written.sharedBy
      ? remainderOf(event, ownersOfSkipped(written))
      : afterWritingForOne(event, written),
  );
  return skippedEventsOf(events);
};

/** The event or the fact does not name those who share the calendar. */
const afterWritingForOne = (
  event: SkippedEventView,
  { participant, connection }: WrittenEvent,
): readonly SkippedEventView[] => {
  if (event.participant === participant) return [];
  return [event.connection === connection ? writtenAlsoFor(event, participant) : event];
};

const skippedEventsOf = (events: readonly SkippedEventView[]): SkippedEvents => ({
  skippedEvents: events.length > 0 ? events : undefined,
});

const writtenAlsoFor = (event: SkippedEventView, participant: ParticipantId): SkippedEventView => {
  const { writtenFor = [] } = event;
  return writtenFor.includes(participant) ? event : { ...event, writtenFor: [...writtenFor, participant] };
};

const withoutOwners = (
  { skippedEvents = [] }: SkippedEvents,
  ids: readonly ParticipantId[],
): readonly SkippedEventView[] => skippedEvents.flatMap((event) => remainderOf(event, ids));

/** Returns the event for its other owners; nothing when it has none. */
const remainderOf = (event: SkippedEventView, ids: readonly ParticipantId[]): readonly SkippedEventView[] => {
  const all = ownersOfSkipped(event);
  const [participant, ...sharedBy] = all.filter((id) => !ids.includes(id));
  if (participant === undefined) return [];
  return all.length === sharedBy.length + 1 ? [event] : [{ ...event, participant, sharedBy }];
};
