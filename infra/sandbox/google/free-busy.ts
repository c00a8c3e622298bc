/** Implements freeBusy.query: reports when calendars are busy, without the events. */
import { IANAZone } from 'luxon';
import { z } from 'zod';
import type { GoogleSandboxSettings } from '../settings.ts';
import { dayMs } from '../time.ts';
import type { Calendar, Calendars } from './calendars.ts';
import { GoogleError, googleErrors, invalid } from './errors.ts';
import { blocksTime } from './event.ts';
import { formatIn, readInstant } from './event-time.ts';
import { isMember } from './person.ts';
import type { Rooms } from './rooms.ts';

export const freeBusyRequestSchema = z.object({
  timeMin: z.string(),
  timeMax: z.string(),
  timeZone: z.string().optional(),
  items: z.array(z.object({ id: z.string() })).default([]),
});

/** Google's calendarExpansionMax: the maximum number of calendars in one query. */
const maximumCalendars = 50;

interface Span {
  start: number;
  end: number;
}

const merged = (spans: readonly Span[], from: number, until: number): Span[] => {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    const start = Math.max(span.start, from);
    const end = Math.min(span.end, until);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
};

/** Returns the intervals of busy events that overlap [from, until), in order of their start. */
const busySpans = (calendar: Calendar, from: number, until: number): Span[] => {
  const spans: Span[] = [];
  for (const event of calendar.events.values()) {
    if (
      event.endMs > from &&
      event.startMs < until &&
      event.endMs > event.startMs &&
      blocksTime(event, calendar.owner)
    ) {
      spans.push({ start: event.startMs, end: event.endMs });
    }
  }
  return spans.sort((a, b) => a.start - b.start || a.end - b.end);
};

/** Answers freeBusy.query. A calendar that the account cannot see gets an error instead of its busy times. */
export const answerFreeBusyQuery = (
  request: z.infer<typeof freeBusyRequestSchema>,
  account: string,
  calendars: Calendars,
  settings: GoogleSandboxSettings,
  rooms: Pick<Rooms, 'find'>,
) => {
  const from = readInstant(request.timeMin, 'timeMin');
  const until = readInstant(request.timeMax, 'timeMax');
  const zone = request.timeZone ?? 'UTC';
  if (!IANAZone.isValidZone(zone)) throw invalid(`Invalid time zone: ${zone}`);
  if (until <= from) throw new GoogleError(googleErrors.emptyRange);
  if (until - from > settings.freeBusyMaxDays * dayMs) throw new GoogleError(googleErrors.longRange);
  if (request.items.length > maximumCalendars) throw invalid('Too many calendars requested.');

  const answers = request.items.map(({ id }) => {
    const room = rooms.find(id);
    const isShared = room && room.shares !== 'none' && isMember(account);
    const calendar =
      calendars.accessTo(account, id)?.calendar ?? (isShared ? calendars.open(room.email) : undefined);
    if (!calendar) return [id, { errors: [{ domain: 'global', reason: 'notFound' }], busy: [] }] as const;
    const spans = busySpans(calendar, from, until);
    const busy = (settings.freeBusy === 'merged' ? merged(spans, from, until) : spans).map(
      ({ start, end }) => ({ start: formatIn(start, zone), end: formatIn(end, zone) }),
    );
    const name = id === 'primary' && settings.freeBusyPrimary === 'resolved' ? calendar.id : id;
    return [name, { busy }] as const;
  });
  return {
    kind: 'calendar#freeBusy',
    timeMin: new Date(from).toISOString(),
    timeMax: new Date(until).toISOString(),
    calendars: Object.fromEntries(answers),
  };
};
