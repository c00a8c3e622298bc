/** The calendar events that an operator has skipped, and that no later write has put into the calendar. */
import type { ConnectionId, ParticipantId } from '../ids.ts';

export interface SkippedEventView {
  readonly participant: ParticipantId;
  readonly connection: ConnectionId;
}

interface SkippedEvents {
  readonly skippedEvents?: readonly SkippedEventView[] | undefined;
}

/** Adds the event. */
export const withSkipped = (view: SkippedEvents, event: SkippedEventView): SkippedEvents => ({
  skippedEvents: [...othersIn(view, event.participant), event],
});

/** Removes the event of the participant. Changes nothing in a view without skipped events. */
export const withoutSkipped = (view: SkippedEvents, participant: ParticipantId): SkippedEvents => {
  if (!view.skippedEvents) return {};
  const others = othersIn(view, participant);
  return { skippedEvents: others.length > 0 ? others : undefined };
};

const othersIn = ({ skippedEvents = [] }: SkippedEvents, id: ParticipantId): readonly SkippedEventView[] =>
  skippedEvents.filter(({ participant }) => participant !== id);
