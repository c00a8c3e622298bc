/**
 * Folds the observations of a participant in the meeting into presence. Observations arrive out of order, and a
 * participant who loses the connection leaves and joins again.
 */
import { toEpochMs } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { minute } from '../time/units.ts';
import type { Slot } from './slot.ts';

export const presenceStatuses = ['present', 'left', 'left_early'] as const;
type PresenceStatus = (typeof presenceStatuses)[number];

export interface Presence {
  /** `left_early`: the participant left before the end of the slot, and the session continued. */
  readonly status: PresenceStatus;
  /** When the participant first joined. Absent when only the leaving was reported. */
  readonly joinedAt?: Instant | undefined;
  readonly lastJoinedAt?: Instant | undefined;
  readonly leftAt?: Instant | undefined;
  readonly isLate: boolean;
}

/** Clocks differ, and a waiting room takes its time. */
const lateAfter = 5 * minute;
/** A participant who leaves this long before the end of the session has stayed to its end. */
const leaveTogether = 5 * minute;

type Times = Pick<Presence, 'joinedAt' | 'lastJoinedAt' | 'leftAt'>;

const earliest = (a: Instant | undefined, b: Instant): Instant => (a !== undefined && a < b ? a : b);
const latest = (a: Instant | undefined, b: Instant): Instant => (a !== undefined && a > b ? a : b);

const withStatus = (times: Times, slot: Slot | undefined): Presence => {
  const { joinedAt, lastJoinedAt, leftAt } = times;
  const hasLeft = leftAt !== undefined && (lastJoinedAt === undefined || leftAt >= lastJoinedAt);
  return {
    ...times,
    status: !hasLeft ? 'present' : slot && leftAt < slot.end ? 'left_early' : 'left',
    isLate:
      joinedAt !== undefined && slot !== undefined && toEpochMs(joinedAt) > toEpochMs(slot.start) + lateAfter,
  };
};

/** Returns the presence after the participant has joined the meeting. */
export const afterJoining = (before: Presence | undefined, at: Instant, slot: Slot | undefined): Presence =>
  withStatus(
    {
      ...timesOf(before),
      joinedAt: earliest(before?.joinedAt, at),
      lastJoinedAt: latest(before?.lastJoinedAt, at),
    },
    slot,
  );

/**
 * Returns the presence after the participant has left the meeting.
 * @param endedAt when the session ended. Some reports arrive after that
 */
export const afterLeaving = (
  before: Presence | undefined,
  at: Instant,
  slot: Slot | undefined,
  endedAt?: Instant,
): Presence => {
  const presence = withStatus({ ...timesOf(before), leftAt: latest(before?.leftAt, at) }, slot);
  return endedAt === undefined ? presence : afterSession(presence, endedAt);
};

/** Returns the presence after the session has ended: a participant who left shortly before has not left early. */
export const afterSession = (before: Presence, endedAt: Instant): Presence =>
  before.status === 'left_early' &&
  before.leftAt !== undefined &&
  toEpochMs(before.leftAt) >= toEpochMs(endedAt) - leaveTogether
    ? { ...before, status: 'left' }
    : before;

const timesOf = (presence: Presence | undefined): Times =>
  presence
    ? { joinedAt: presence.joinedAt, lastJoinedAt: presence.lastJoinedAt, leftAt: presence.leftAt }
    : {};
