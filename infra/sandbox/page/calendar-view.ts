/** Prepares the calendars for the page: a list of days for each calendar. */
import { DateTime } from 'luxon';
import type { SandboxState } from '../control/control.ts';

type GoogleCalendar = SandboxState['google']['calendars'][number];
type OutlookCalendar = SandboxState['microsoft']['calendars'][number];

interface ShownEvent {
  readonly id: string;
  readonly start: Time;
  readonly end: Time;
  readonly summary: string;
  readonly where: string;
  readonly link: string;
  readonly kind: EventView['kind'];
  readonly note: string;
}
interface Time {
  /** Of an event that lasts all day. */
  readonly date?: string | undefined;
  readonly dateTime?: string | undefined;
}
interface ShownCalendar {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly events: readonly ShownEvent[];
}

const ofGoogle = ({ id, summary, owner, events }: GoogleCalendar): ShownCalendar => ({
  id,
  name: summary,
  owner,
  events: events.map((event) => ({
    id: event.id,
    start: event.start,
    end: event.end,
    summary: event.summary ?? '',
    where: event.location ?? '',
    link: 'hangoutLink' in event ? (event.hangoutLink ?? '') : '',
    kind: event.status === 'cancelled' ? 'cancelled' : event.origin,
    note: event.sequence > 0 ? `changed ${event.sequence}×` : '',
  })),
});

const ofOutlook = ({ id, name, owner, isDefault, events }: OutlookCalendar): ShownCalendar => ({
  id,
  name: isDefault ? owner : name,
  owner,
  events: events
    .filter(({ type }) => type !== 'seriesMaster')
    .map((event) => {
      const timeOf = ({ dateTime }: { readonly dateTime: string }): Time =>
        event.isAllDay ? { date: dateTime.slice(0, 10) } : { dateTime: `${dateTime}Z` };
      return {
        id: event.immutableId,
        start: timeOf(event.start),
        end: timeOf(event.end),
        summary: event.subject,
        where: event.location.displayName ?? '',
        link: '',
        kind: event.deleted ? 'cancelled' : event.origin,
        note: event.showAs === 'busy' ? '' : event.showAs,
      };
    }),
});

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

const startOf = (event: ShownEvent, zone: string): DateTime =>
  event.start.date === undefined
    ? DateTime.fromISO(event.start.dateTime ?? '', { zone })
    : DateTime.fromISO(event.start.date, { zone });

const viewOf = ({ start: _start, end: _end, ...event }: ShownEvent, time: string): EventView => ({
  ...event,
  summary: event.summary || '(no title)',
  time,
});

const timeOf = (event: ShownEvent, zone: string): string => {
  if (event.start.date !== undefined) return 'all day';
  const end = DateTime.fromISO(event.end.dateTime ?? '', { zone });
  return `${startOf(event, zone).toFormat('HH:mm')}–${end.toFormat('HH:mm')}`;
};

const viewCalendar = (calendar: ShownCalendar, zone: string, now: DateTime): CalendarView => {
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
    name: calendar.name,
    owner: calendar.owner,
    upcoming: upcoming.filter(({ event }) => event.kind !== 'cancelled').length,
    days: [...days].map(([date, events]) => ({
      label: DateTime.fromISO(date, { zone }).toFormat('cccc d LLLL yyyy'),
      today: date === today.toISODate(),
      events: events.map(({ event }) => viewOf(event, timeOf(event, zone))),
    })),
    more: starts.length - shown.length,
  };
};

/** Returns Google's calendars, those with events first. */
export const viewGoogleCalendars = ({ google }: SandboxState, zone: string, nowMs: number) =>
  viewCalendars(google.calendars.map(ofGoogle), zone, nowMs);

/** Returns Outlook's calendars, those with events first. */
export const viewOutlookCalendars = ({ microsoft }: SandboxState, zone: string, nowMs: number) =>
  viewCalendars(microsoft.calendars.map(ofOutlook), zone, nowMs);

const viewCalendars = (
  calendars: readonly ShownCalendar[],
  zone: string,
  nowMs: number,
): readonly CalendarView[] => {
  const now = DateTime.fromMillis(nowMs, { zone });
  return calendars
    .map((calendar) => viewCalendar(calendar, zone, now))
    .sort((a, b) => Number(b.days.length > 0) - Number(a.days.length > 0));
};
