/** Turns blackouts, which are days, into times. */
import type { ParticipantId } from '../ids.ts';
import { endOfDay, startOfDay } from '../time/start-of-day.ts';
import type { Blackout, ConflictRules } from './conflict-rules.ts';
import type { TimeRange } from './free-slots.ts';

export interface BlackoutTime extends TimeRange {
  /** Undefined: the blackout is the organization's. */
  readonly participant?: ParticipantId | undefined;
}

/** Returns the blackouts of the organization and of the participants, each from midnight to midnight in its zone. */
export const blackoutTimes = (
  { blackouts }: Pick<ConflictRules, 'blackouts'>,
  participants: readonly {
    readonly id: ParticipantId;
    readonly zone: string;
    readonly blackouts?: readonly Blackout[] | undefined;
  }[],
): readonly BlackoutTime[] => [
  ...blackouts.map((blackout) => timeIn(blackout, blackout.zone)),
  ...participants.flatMap(({ id, zone, blackouts: own = [] }) =>
    own.map((blackout) => ({ ...timeIn(blackout, zone), participant: id })),
  ),
];

const timeIn = ({ from, until }: Blackout, zone: string): TimeRange => ({
  start: startOfDay(from, zone),
  end: endOfDay(until, zone),
});
