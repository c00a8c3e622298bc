import { describe, expect, it } from 'vitest';
import type { CalendarChoice } from '../calendars/calendar-choice.ts';
import type { ConnectionId } from '../ids.ts';
import { resolveCalendars } from './participant-calendars.ts';

const choice: CalendarChoice = {
  written: { calendarId: 'work', name: 'Work' },
  busy: [
    { calendarId: 'family', name: 'Family' },
    { calendarId: 'work', name: 'Work' },
  ],
};
const choices = new Map<ConnectionId, CalendarChoice | undefined>([
  ['conn_chosen', choice],
  ['conn_plain', undefined],
]);
const google = (connection: ConnectionId, calendarId?: string) =>
  ({ provider: 'google', connection, ...(calendarId === undefined ? {} : { calendarId }) }) as const;

describe('the calendars of a requested participant', () => {
  it('are those that the owner has chosen, without the written one among the busy ones', () => {
    expect(resolveCalendars({ calendar: google('conn_chosen') }, choices)).toEqual({
      calendar: google('conn_chosen', 'work'),
      busyCalendars: [google('conn_chosen', 'family')],
    });
  });

  it('are the main calendar, and no other one, without a choice', () => {
    expect(resolveCalendars({ calendar: google('conn_plain') }, choices)).toEqual({
      calendar: google('conn_plain', 'primary'),
    });
  });

  it('keep a calendar that the request names, and count the chosen ones as busy', () => {
    expect(resolveCalendars({ calendar: google('conn_chosen', 'primary') }, choices)).toEqual({
      calendar: google('conn_chosen', 'primary'),
      busyCalendars: [google('conn_chosen', 'family'), google('conn_chosen', 'work')],
    });
  });

  it('are the busy ones of the request instead of the chosen ones, also when it names none', () => {
    const feed = { provider: 'ics', connection: 'conn_feed', calendarId: 'primary' } as const;
    expect(
      resolveCalendars({ calendar: google('conn_chosen'), busyCalendars: [feed] }, choices).busyCalendars,
    ).toEqual([feed]);
    expect(resolveCalendars({ calendar: google('conn_chosen'), busyCalendars: [] }, choices)).toEqual({
      calendar: google('conn_chosen', 'work'),
    });
    expect(resolveCalendars({ busyCalendars: [feed] }, choices)).toEqual({ busyCalendars: [feed] });
  });

  it('lack the id of an Apple calendar when its owner has chosen none', () => {
    const apple = { provider: 'apple', connection: 'conn_plain' } as const;
    expect(resolveCalendars({ calendar: apple }, choices).calendar?.calendarId).toBeUndefined();
  });
});
