/**
 * Expands recurring events. Each instance is stored as an event of its own, with an id that Google forms in the same way:
 * https://developers.google.com/workspace/calendar/api/guides/recurringevents
 */
import { DateTime } from 'luxon';
import { RRuleTemporal } from 'rrule-temporal';
import { invalid } from './errors.ts';
import type { StoredEvent } from './event.ts';
import { formatIn } from './event-time.ts';

/** Google expands endless series for some years. A test needs less. */
const mostInstances = 730;

const localStamp = (ms: number, zone: string): string =>
  DateTime.fromMillis(ms, { zone }).toFormat("yyyyMMdd'T'HHmmss");

const startsOf = ({ recurrence = [], startMs, start }: StoredEvent, zone: string): readonly number[] => {
  const lines = [`DTSTART;TZID=${zone}:${localStamp(startMs, zone)}`, ...recurrence];
  try {
    const rule = new RRuleTemporal({ rruleString: lines.join('\n') });
    return rule.all((_, index) => index < mostInstances).map(({ epochMilliseconds }) => epochMilliseconds);
  } catch {
    throw invalid(`Invalid recurrence rule of the event that begins ${start.date ?? start.dateTime}.`);
  }
};

const timeAt = ({ start }: StoredEvent, ms: number, zone: string) =>
  start.date === undefined
    ? { dateTime: formatIn(ms, zone), timeZone: zone }
    : { date: DateTime.fromMillis(ms, { zone }).toISODate() ?? '' };

const idAt = (series: StoredEvent, ms: number, zone: string): string =>
  `${series.id}_${series.start.date === undefined ? `${localStamp(ms, 'utc')}Z` : localStamp(ms, zone).slice(0, 8)}`;

/** Returns whether the event is a series: `singleEvents` lists its instances instead. */
export const isSeries = ({ recurrence, status }: StoredEvent): boolean =>
  status !== 'cancelled' && (recurrence?.length ?? 0) > 0;

/**
 * Returns the instances that the series has and those that it has no longer, as cancelled. An instance that was changed by
 * itself keeps its time and texts.
 * @param calendarZone the zone of an event without its own
 * @param known the instances that are stored
 * @throws {GoogleError} a 400 for a rule that cannot be read
 */
export const instancesOf = (
  series: StoredEvent,
  calendarZone: string,
  known: readonly StoredEvent[],
): readonly StoredEvent[] => {
  const zone = series.start.timeZone ?? calendarZone;
  const length = series.endMs - series.startMs;
  const present = isSeries(series) ? startsOf(series, zone) : [];
  const instances = present.map((startMs): StoredEvent => {
    const id = idAt(series, startMs, zone);
    const changed = known.find((event) => event.id === id && event.instanceOf?.isException);
    const { recurrence: _recurrence, ...common } = series;
    return (
      changed ?? {
        ...common,
        id,
        start: timeAt(series, startMs, zone),
        end: timeAt(series, startMs + length, zone),
        startMs,
        endMs: startMs + length,
        instanceOf: { id: series.id, originalStart: timeAt(series, startMs, zone), isException: false },
      }
    );
  });
  const ids = new Set(instances.map(({ id }) => id));
  const gone = known.filter(({ id, status }) => !ids.has(id) && status !== 'cancelled');
  return [...instances, ...gone.map((event) => ({ ...event, status: 'cancelled' as const }))];
};
