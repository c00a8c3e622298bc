import { describe, expect, it } from 'vitest';
import { calendarName } from './calendar-names.ts';

describe('the name of a calendar', () => {
  it.each([
    ['ada@example.com', 'primary', 'google/ada@example.com'],
    ['ada@example.com', 'Ada@Example.com', 'google/ada@example.com'],
    ['Ada@Example.com', 'primary', 'google/ada@example.com'],
    ['carl@example.com', 'ada@example.com', 'google/ada@example.com'],
    ['ada.lee@gmail.com', 'primary', 'google/adalee@gmail.com'],
    ['ada.lee@gmail.com', 'adalee+casting@googlemail.com', 'google/adalee@gmail.com'],
    ['ada.lee@example.com', 'ada.lee@example.com', 'google/ada.lee@example.com'],
    ['ada@example.com', 'c_1f@group.calendar.google.com', 'google/c_1f@group.calendar.google.com'],
    [undefined, 'primary', 'google/conn_1/primary'],
  ])('of the account %s and the id %s is %s', (account, calendarId, expected) => {
    expect(calendarName('google', { id: 'conn_1', account }, calendarId)).toBe(expected);
  });

  it.each([
    ['https://caldav.icloud.com/123/calendars/work/', 'apple/caldav.icloud.com/123/calendars/work'],
    ['https://p42-caldav.icloud.com:443/123/calendars/work', 'apple/caldav.icloud.com/123/calendars/work'],
    [
      'https://Cloud.Example.com/dav/ann@example.com/main/',
      'apple/cloud.example.com/dav/ann%40example.com/main',
    ],
    [
      'http://cloud.example.com/dav/ann%40example.com//main',
      'apple/cloud.example.com/dav/ann%40example.com/main',
    ],
    ['https://cloud.example.com:8443/a%zz/', 'apple/cloud.example.com:8443/a%zz'],
    ['home', 'apple/home'],
  ])('at the URL %s is %s', (calendarId, expected) => {
    const connection = { id: 'conn_1', account: 'ann@example.com' } as const;
    expect(calendarName('apple', connection, calendarId)).toBe(expected);
  });
});
