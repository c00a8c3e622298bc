import { describe, expect, it } from 'vitest';
import { trail } from '../../tests/harness/audition-trail.ts';
import { participantIdSchema } from '../ids.ts';
import type { AuditionFact } from './events.ts';
import { answerTimesOf, lastRoomAnswerOf, settledAnswerTimesOf } from './last-answers.ts';

const ada = participantIdSchema.parse('ada');
const room = { provider: 'google', connection: 'conn_room' } as const;
const slot = { start: '2027-03-01T10:00:00.000Z', end: '2027-03-01T10:30:00.000Z', zone: 'UTC' } as const;
const declined: AuditionFact = { type: 'room_answered', ...room, answer: 'declined' };
const moved: AuditionFact = { type: 'slot_moved', slot, revision: 2, origin: 'api' };

describe('the last answer of a room', () => {
  it('is about the present slot', () => {
    expect(lastRoomAnswerOf(trail([declined]))).toBe('declined');
    expect(lastRoomAnswerOf(trail([declined, moved]))).toBeUndefined();
    expect(lastRoomAnswerOf(trail([moved, declined]))).toBe('declined');
  });
});

describe('the time of the last answer of a participant', () => {
  it('is that of the last one that counted, or that was settled', () => {
    const answered = { participant: ada, answer: 'accepted', origin: 'email' } as const;
    const events = trail([
      { type: 'responded', ...answered },
      { type: 'answer_ignored', ...answered, revision: 1, reason: 'wrong_state' },
    ]);
    const [first, second] = events.map(({ at }) => Date.parse(at));
    expect(answerTimesOf(events)).toEqual({ [ada]: first });
    expect(settledAnswerTimesOf(events)).toEqual({ [ada]: second });
    expect(answerTimesOf(trail([{ type: 'holding_started' }]))).toEqual({});
  });
});
