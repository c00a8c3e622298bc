/** Turns blackouts, which are days, into times. */
import type { ParticipantId } from '../ids.ts';
import { toInstant } from '../time/epoch.ts';
import { startOfDay } from '../time/start-of-day.ts';
import { day } from '../time/units.ts';
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
  end: startOfDay(dayAfter(until), zone),
});

const dayAfter = (date: string): string => toInstant(Date.parse(date) + day).slice(0, 10);
