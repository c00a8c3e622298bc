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
});
