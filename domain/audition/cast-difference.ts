/** Compares the casts before and after a change, so that a participant who stays is not told of what stays as it is. */
import type { Channel, Participant } from './request.ts';
import { hasWritableCalendar } from './writable-calendar.ts';

/** A participant whose details have changed, or who was replaced under the same id. */
interface ReplacedParticipant {
  readonly before: Participant;
  readonly after: Participant;
  /** Whether it is the same person: one who can be reached at an address of before. */
  readonly isSamePerson: boolean;
}

export interface CastDifference {
  readonly added: readonly Participant[];
  readonly removed: readonly Participant[];
  readonly replaced: readonly ReplacedParticipant[];
}

/** Returns the difference. A participant who is in both casts with the same details is in no list. */
export const castDifference = (
  before: readonly Participant[],
  after: readonly Participant[],
): CastDifference => {
  return {
    added: after.filter((participant) => !memberOf(before, participant)),
    removed: before.filter((participant) => !memberOf(after, participant)),
    replaced: after.flatMap((participant) => {
      const earlier = memberOf(before, participant);
      return earlier && !isEqual(earlier, participant)
        ? [{ before: earlier, after: participant, isSamePerson: isSamePerson(earlier, participant) }]
        : [];
    }),
  };
};

const memberOf = (cast: readonly Participant[], { id }: Participant): Participant | undefined =>
  cast.find((one) => one.id === id);

/** Returns the channels on which the participant keeps the address that earlier notices were sent to. */
export const keptChannels = ({
  before,
  after,
  isSamePerson: isSame,
}: ReplacedParticipant): readonly Channel[] =>
  isSame
    ? after.channels.filter(
        (channel) =>
          before.channels.includes(channel) && addressOn(before, channel) === addressOn(after, channel),
      )
    : [];

/** Returns all channels on which the participant can have got notices. */
export const usableChannels = ({ channels, fallbackChannels = [] }: Participant): readonly Channel[] => [
  ...channels,
  ...fallbackChannels.filter((channel) => !channels.includes(channel)),
];

/** Returns the channels on which the participant's notices must be retracted: no later notice is sent to that address. */
export const leftChannels = ({
  before,
  after,
  isSamePerson: isSame,
}: ReplacedParticipant): readonly Channel[] =>
  usableChannels(before).filter(
    (channel) =>
      !isSame ||
      !usableChannels(after).includes(channel) ||
      addressOn(before, channel) !== addressOn(after, channel),
  );

/** Returns the channel on which the participant gets a notice that was not delivered on the given one, if there is one. */
export const fallbackFor = (
  { channels, fallbackChannels = [] }: Participant,
  failed: Channel,
): Channel | undefined =>
  fallbackChannels.find((channel) => channel !== failed && !channels.includes(channel));

/** Returns whether the participant keeps the event in the calendar. */
export const keepsCalendar = ({ before, after, isSamePerson: isSame }: ReplacedParticipant): boolean =>
  isSame && isEqual(before.calendar, after.calendar);

/**
 * Returns whether the entry of a participant who keeps the email address changes its place: from the emails to a connected
 * calendar, or back.
 */
export const movesCalendarEntry = (change: ReplacedParticipant): boolean =>
  keptChannels(change).includes('email') &&
  hasWritableCalendar(change.before) !== hasWritableCalendar(change.after);

/** Returns the participant's address on the channel. */
export const addressOn = ({ email, phone }: Participant, channel: Channel): string | undefined =>
  channel === 'email' ? email : phone;

const isSamePerson = (a: Participant, b: Participant): boolean =>
  a.kind === b.kind &&
  ((a.email !== undefined && a.email === b.email) || (a.phone !== undefined && a.phone === b.phone));

/** Compares plain values. The order of their keys does not matter. */
const isEqual = (a: unknown, b: unknown): boolean => {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [definedEntries(a), definedEntries(b)];
  return left.length === right.length && left.every(([key, value]) => isEqual(value, Reflect.get(b, key)));
};

const definedEntries = (value: object): readonly [string, unknown][] =>
  Object.entries(value).filter(([, entry]) => entry !== undefined);
