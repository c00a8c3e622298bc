import { expect, it } from 'vitest';
import { eventIdOfUid, uidOfCalendar } from './calendar-uid.ts';

const calendar = 'https://p42-caldav.icloud.com/123/calendars/work/';
const uid = uidOfCalendar(calendar, 'a1b2');

it('is the same however the calendar is named', () => {
  expect(uid).toMatch(/^a1b2-[0-9a-f]{12}$/);
  expect(uidOfCalendar('https://P7-CALDAV.icloud.com:443/123/calendars/work', 'a1b2')).toBe(uid);
});

it('leads to our event id in its calendar only', () => {
  expect(eventIdOfUid(calendar, uid)).toBe('a1b2');
  expect(eventIdOfUid(calendar, 'a1b2')).toBe('a1b2');
  expect(eventIdOfUid('https://p42-caldav.icloud.com/123/calendars/home/', uid)).toBe(uid);
});
