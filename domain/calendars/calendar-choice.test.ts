import { describe, expect, it } from 'vitest';
import { chooseCalendars, withChoice, writtenCalendarOf } from './calendar-choice.ts';

const main = { calendarId: 'primary', alias: 'ann@example.com', name: 'Ann', isMain: true, isWritable: true };
const family = { calendarId: 'family', name: 'Family', isMain: false, isWritable: true };

describe('a choice of calendars', () => {
  it('stores the listed id and the name of each calendar', () => {
    expect(chooseCalendars([main, family], { written: 'ann@example.com', busy: ['family'] })).toEqual({
      written: { calendarId: 'primary', name: 'Ann' },
      busy: [{ calendarId: 'family', name: 'Family' }],
    });
  });

  it('finds a chosen calendar by its alias, which is not missing then', () => {
    const choice = { written: { calendarId: 'ann@example.com', name: 'Ann' }, busy: [] };
    expect(withChoice('google', [main, family], choice).map(({ isMissing }) => isMissing)).toEqual([
      false,
      false,
    ]);
  });

  it('lists a missing calendar once that was written and busy', () => {
    const gone = { calendarId: 'gone', name: 'Gone' };
    expect(withChoice('google', [main], { written: gone, busy: [gone] })).toMatchObject([
      { calendarId: 'primary', isWritten: false, isBusy: false },
      { calendarId: 'gone', isWritten: true, isBusy: true, isMissing: true },
    ]);
  });

  it('writes nothing to a feed, which counts as busy', () => {
    const feed = { calendarId: 'primary', name: 'Feed', isMain: true, isWritable: false };
    expect(withChoice('ics', [feed], undefined)).toMatchObject([{ isWritten: false, isBusy: true }]);
  });

  it('has no written calendar by default where the provider has no main calendar', () => {
    expect(writtenCalendarOf('apple', undefined)).toBeUndefined();
    expect(writtenCalendarOf('microsoft', undefined)).toBe('primary');
  });
});
