/** Returns from the trail what participants and the room have answered last. */
import type { ParticipantId } from '../ids.ts';
import { toEpochMs } from '../time/epoch.ts';
import type { AuditionEvent } from './events.ts';
import type { RoomAnswer } from './room-booking.ts';

/** When each participant answered last, epoch milliseconds. */
export type AnswerTimes = Readonly<Record<ParticipantId, number>>;

/** Returns when the last answer of each participant was recorded. An answer was given before that, at the latest. */
export const answerTimesOf = (events: readonly AuditionEvent[]): AnswerTimes =>
  timesOf(events, ({ fact }) => (fact.type === 'responded' ? fact.participant : undefined));

/** Returns the same, with the answers that did not count. */
export const settledAnswerTimesOf = (events: readonly AuditionEvent[]): AnswerTimes =>
  timesOf(events, ({ fact }) =>
    fact.type === 'responded' || fact.type === 'answer_ignored' ? fact.participant : undefined,
  );

const timesOf = (
  events: readonly AuditionEvent[],
  answeredBy: (event: AuditionEvent) => ParticipantId | undefined,
): AnswerTimes =>
  Object.fromEntries(
    events.flatMap((event) => {
      const participant = answeredBy(event);
      return participant === undefined ? [] : [[participant, toEpochMs(event.at)]];
    }),
  );

/** Returns what the room has answered last about the present slot. Undefined: nothing is recorded. */
export const lastRoomAnswerOf = (events: readonly AuditionEvent[]): RoomAnswer | undefined =>
  events.reduce<RoomAnswer | undefined>((last, { fact }) => {
    if (fact.type === 'room_answered') return fact.answer;
    return fact.type === 'slot_moved' || fact.type === 'move_reverted' ? undefined : last;
  }, undefined);
