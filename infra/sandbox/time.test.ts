import { afterEach, describe, expect, it, vi } from 'vitest';
import { daysLater, readLocal } from './time.ts';

afterEach(() => {
  vi.useRealTimers();
});

const instant = (text: string, zone: string) => new Date(readLocal(text, zone) ?? Number.NaN).toISOString();

describe.each(['2026-07-01T00:00:00Z', '2026-12-01T00:00:00Z'])('readLocal called on %s', (today) => {
  it.each([
    ['a usual time', '2026-12-01T09:00:00', 'Europe/Paris', '2026-12-01T08:00:00.000Z'],
    ['a time with an offset', '2026-12-01T09:00:00+02:00', 'Europe/Paris', '2026-12-01T07:00:00.000Z'],
    ['a time in a gap', '2026-03-29T02:30:00', 'Europe/Paris', '2026-03-29T01:30:00.000Z'],
    ['the first of two times', '2026-10-25T02:30:00', 'Europe/Paris', '2026-10-25T00:30:00.000Z'],
    [
      'the first of two times, half an hour apart',
      '2026-04-05T01:45:00',
      'Australia/Lord_Howe',
      '2026-04-04T14:45:00.000Z',
    ],
  ])('reads %s independently of the current date', (_what, text, zone, expected) => {
    vi.useFakeTimers({ now: new Date(today) });
    expect(instant(text, zone)).toBe(expected);
  });
});

it('readLocal returns undefined for an invalid time', () => {
  expect(readLocal('tomorrow', 'UTC')).toBeUndefined();
});

it.each([
  ['over the change to summer time', '2027-03-26T09:00:00', 'Europe/Paris', 7, '2027-04-02T07:00:00.000Z'],
  ['over the change to winter time', '2026-10-20T09:00:00', 'Europe/Paris', 7, '2026-10-27T08:00:00.000Z'],
  [
    'over a change in the southern hemisphere',
    '2026-10-01T09:00:00',
    'Australia/Sydney',
    7,
    '2026-10-07T22:00:00.000Z',
  ],
  ['into a gap', '2027-03-27T02:30:00', 'Europe/Paris', 1, '2027-03-28T01:30:00.000Z'],
  ['out of a gap’s day', '2027-03-27T02:30:00', 'Europe/Paris', 2, '2027-03-29T00:30:00.000Z'],
  ['into a repeated hour', '2026-10-24T02:30:00', 'Europe/Paris', 1, '2026-10-25T00:30:00.000Z'],
])('daysLater keeps the local time %s', (_what, text, zone, days, expected) => {
  const later = daysLater(readLocal(text, zone) ?? Number.NaN, days, zone);
  expect(new Date(later).toISOString()).toBe(expected);
});
