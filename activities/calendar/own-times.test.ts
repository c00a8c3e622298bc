import { describe, expect, it } from 'vitest';
import type { Instant } from '../../domain/time/instant.ts';
import { withoutOwnTimes } from './own-times.ts';

const at = (time: string): Instant => `2031-07-01T${time}:00.000Z`;
const range = (start: string, end: string) => ({ start: at(start), end: at(end) });
const merged = (start: string, end: string) => ({ kind: 'merged', ...range(start, end) }) as const;
const exact = (start: string, end: string) => ({ kind: 'time', ...range(start, end) }) as const;
const ours = range('10:00', '10:30');

describe('a time that events cover together', () => {
  it.each([
    ['is ours', merged('10:00', '10:30'), []],
    ['begins earlier', merged('09:45', '10:30'), [merged('09:45', '10:00')]],
    ['ends later', merged('10:00', '11:00'), [merged('10:30', '11:00')]],
    ['is longer', merged('09:45', '11:00'), [merged('09:45', '10:00'), merged('10:30', '11:00')]],
    ['lies within ours', merged('10:10', '10:20'), [merged('10:10', '10:20')]],
    ['contains only a part of ours', merged('10:15', '11:00'), [merged('10:15', '11:00')]],
    ['is another one', merged('12:00', '12:30'), [merged('12:00', '12:30')]],
  ])('that %s', (_what, time, left) => {
    expect(withoutOwnTimes([time], [ours])).toEqual(left);
  });

  it('can contain several of ours', () => {
    expect(withoutOwnTimes([merged('10:00', '11:30')], [ours, range('10:45', '11:30'), ours])).toEqual([
      merged('10:30', '10:45'),
    ]);
  });
});

describe('the time of one event', () => {
  it('is ours at exactly our time', () => {
    const others = [exact('10:00', '10:45'), exact('10:15', '10:30')];
    expect(withoutOwnTimes([exact('10:00', '10:30'), ...others], [ours])).toEqual(others);
  });

  it('is ours once: a second event at our time is another one', () => {
    const time = exact('10:00', '10:30');
    expect(withoutOwnTimes([time, time], [ours, ours])).toEqual([time]);
  });
});
