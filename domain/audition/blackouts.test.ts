import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../ids.ts';
import { blackoutTimes } from './blackouts.ts';

const ada = participantIdSchema.parse('ada');

describe('blackout times', () => {
  it('last from midnight to midnight in the zone of the organization, last day included', () => {
    const blackouts = [{ from: '2026-12-24', until: '2026-12-26', zone: 'America/New_York' }];
    expect(blackoutTimes({ blackouts }, [])).toEqual([
      { start: '2026-12-24T05:00:00.000Z', end: '2026-12-27T05:00:00.000Z' },
    ]);
  });

  it.each([
    [
      'an hour is skipped',
      'Europe/Paris',
      '2026-03-29',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ],
    [
      'an hour is repeated',
      'Australia/Sydney',
      '2026-04-05',
      '2026-04-04T13:00:00.000Z',
      '2026-04-05T14:00:00.000Z',
    ],
    ['the month ends', 'UTC', '2026-02-28', '2026-02-28T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
  ])('cover the whole day of a participant on which %s', (_what, zone, date, start, end) => {
    const participant = { id: ada, zone, blackouts: [{ from: date, until: date }] };
    expect(blackoutTimes({ blackouts: [] }, [participant])).toEqual([{ start, end, participant: ada }]);
  });
});
