/** The calendar events that an operator has skipped, and that no later write has put into the calendar. */
import type { ConnectionId, ParticipantId } from '../ids.ts';

export interface SkippedEventView {
  readonly participant: ParticipantId;
  readonly connection: ConnectionId;
  /** Participants whose event was written since, through the same connection. Whoever shares the calendar has it, too. */
  readonly writtenFor?: readonly ParticipantId[] | undefined;
}

/** An event that was written. */
type WrittenEvent = Pick<SkippedEventView, 'participant' | 'connection'>;

interface SkippedEvents {
  readonly skippedEvents?: readonly SkippedEventView[] | undefined;
}

/** Adds the event. */
export const withSkipped = (view: SkippedEvents, event: SkippedEventView): SkippedEvents => ({
  skippedEvents: [...othersIn(view, event.participant), event],
});

/** Removes the event of a participant who has left, or is another person. Changes nothing in a view without skipped events. */
export const withoutSkipped = (view: SkippedEvents, participant: ParticipantId): SkippedEvents =>
  view.skippedEvents ? skippedEventsOf(othersIn(view, participant)) : {};

/** Removes the skipped event of the participant whose event was written. Changes nothing in a view without skipped events. */
export const afterWriting = (view: SkippedEvents, written: WrittenEvent): SkippedEvents => {
  if (!view.skippedEvents) return {};
  const others = othersIn(view, written.participant).map((event) =>
    event.connection === written.connection ? writtenAlsoFor(event, written.participant) : event,
  );
  return skippedEventsOf(others);
};

const skippedEventsOf = (events: readonly SkippedEventView[]): SkippedEvents => ({
  skippedEvents: events.length > 0 ? events : undefined,
});

const writtenAlsoFor = (event: SkippedEventView, participant: ParticipantId): SkippedEventView => {
  const { writtenFor = [] } = event;
  return writtenFor.includes(participant) ? event : { ...event, writtenFor: [...writtenFor, participant] };
};

const othersIn = ({ skippedEvents = [] }: SkippedEvents, id: ParticipantId): readonly SkippedEventView[] =>
  skippedEvents.filter(({ participant }) => participant !== id);
