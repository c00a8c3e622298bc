/** Prepares the calendars for the page: a list of days for each calendar. */
import { DateTime } from 'luxon';
import type { SandboxState } from '../control/control.ts';

type Calendar = SandboxState['google']['calendars'][number];
type Event = Calendar['events'][number];

export interface CalendarView {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly upcoming: number;
  readonly days: readonly {
    readonly label: string;
    readonly today: boolean;
    readonly events: readonly EventView[];
  }[];
  /** The number of events that are not shown. */
  readonly more: number;
}

interface EventView {
  readonly id: string;
  readonly time: string;
  readonly summary: string;
  readonly where: string;
  readonly link: string;
  readonly kind: 'api' | 'foreign' | 'cancelled';
  readonly note: string;
}

/** The maximum number of events to show per calendar. */
const maximumEvents = 40;

const startOf = (event: Event, zone: string): DateTime =>
  event.start.date === undefined
    ? DateTime.fromISO(event.start.dateTime ?? '', { zone })
    : DateTime.fromISO(event.start.date, { zone });

const viewOf = (event: Event, zone: string): EventView => {
  const end = DateTime.fromISO(event.end.dateTime ?? '', { zone });
  const time =
    event.start.date === undefined
      ? `${startOf(event, zone).toFormat('HH:mm')}–${end.toFormat('HH:mm')}`
      : 'all day';
  return {
    id: event.id,
    time,
    summary: event.summary ?? '(no title)',
    where: event.location ?? '',
    link: 'hangoutLink' in event ? (event.hangoutLink ?? '') : '',
    kind: event.status === 'cancelled' ? 'cancelled' : event.origin,
    note: event.sequence > 0 ? `changed ${event.sequence}×` : '',
  };
};

const viewCalendar = (calendar: Calendar, zone: string, now: DateTime): CalendarView => {
  const starts = calendar.events
    .map((event) => ({ event, start: startOf(event, zone) }))
    .sort((a, b) => a.start.toMillis() - b.start.toMillis());
  const today = now.startOf('day');
  const upcoming = starts.filter(({ start }) => start >= today);
  const past = starts.filter(({ start }) => start < today);
  // Upcoming events take precedence. Past events fill the remaining places.
  const shown = [
    ...past.slice(Math.min(0, upcoming.length - maximumEvents)),
    ...upcoming.slice(0, maximumEvents),
  ].slice(-maximumEvents);
  const days = Map.groupBy(shown, ({ start }) => start.toISODate() ?? '');
  return {
    id: calendar.id,
    name: calendar.summary,
    owner: calendar.owner,
    upcoming: upcoming.filter(({ event }) => event.status !== 'cancelled').length,
    days: [...days].map(([date, events]) => ({
      label: DateTime.fromISO(date, { zone }).toFormat('cccc d LLLL yyyy'),
      today: date === today.toISODate(),
      events: events.map(({ event }) => viewOf(event, zone)),
    })),
    more: starts.length - shown.length,
  };
};

/** Returns the calendars, those with events first. */
export const viewCalendars = (state: SandboxState, zone: string, nowMs: number): readonly CalendarView[] => {
  const now = DateTime.fromMillis(nowMs, { zone });
  return state.google.calendars
    .map((calendar) => viewCalendar(calendar, zone, now))
    .sort((a, b) => Number(b.days.length > 0) - Number(a.days.length > 0));
};
