/** Reads when the calendar of a feed is busy. */
import { setImmediate } from 'node:timers/promises';
import { type BusyTime, eachBusyTimes } from '../icalendar/busy-times.ts';
import { componentsNamed, readComponents, unfold } from '../icalendar/content-lines.ts';
import type { CalendarFault } from '../icalendar/faults.ts';
import { toInstantWithin } from '../icalendar/instant-range.ts';
import { type EventSpans, type PreparedCalendar, prepareCalendar } from '../icalendar/prepared-calendar.ts';
import { feedLimit } from '../icalendar/work-limit.ts';
import { calendarZone } from '../icalendar/zones/calendar-zone.ts';
import { commonZone } from '../icalendar/zones/common-zone.ts';
import { zoneOfTzid } from '../icalendar/zones/iana-zone.ts';
import { utc, type Zone } from '../icalendar/zones/zone.ts';
import type { BusyEvent, CallContext } from '../ports.ts';

/** A feed that is read once and asked for several windows. */
export interface PreparedFeed {
  /** The text of the feed. */
  readonly text: string;
  readonly calendar: PreparedCalendar;
}

type Call = Pick<CallContext, 'signal'>;

/** Reads a feed for several windows. */
export const prepareFeed = async (text: string, call: Call): Promise<PreparedFeed> => {
  const query = { owner: feedZone(text), addresses: addressesOf(text) };
  return { text, calendar: await inTurns(prepareCalendar(text, query), call, () => {}) };
};

/**
 * Returns the times in the window that the events of a feed block, in parts. Neither merged nor sorted.
 *
 * @param limit undefined is returned for more occurrences than this.
 */
export const busyPartsOf = async (
  { calendar }: PreparedFeed,
  { from, until }: { readonly from: string; readonly until: string },
  limit: number,
  call: Call,
): Promise<readonly EventSpans[] | undefined> => {
  const parts: EventSpans[] = [];
  let count = 0;
  const window = { start: Date.parse(from), end: Date.parse(until) };
  await inTurns(calendar.eachBusy(window), call, (part) => {
    count += part.starts.length;
    if (count <= limit) parts.push(part);
  });
  return count > limit ? undefined : parts;
};

/** Returns the times with their events. A UID stands for the id of an event that occurs once, and of all of a series. */
export const busyEventsIn = (parts: readonly EventSpans[]): readonly BusyEvent[] => {
  const found: BusyEvent[] = [];
  for (const { starts, ends, events } of parts) {
    for (const [index, { uid = '', availability }] of events.entries()) {
      const [start = 0, end = 0] = [starts[index], ends[index]];
      const busy = availability === 'tentative' ? 'tentative' : 'busy';
      found.push({ start: toInstantWithin(start), end: toInstantWithin(end), busy, eventId: uid });
    }
  }
  return found;
};

/** Runs small steps. Other work of the process gets its turn in between. */
const inTurns = async <Step, Result>(
  steps: Generator<Step, Result>,
  { signal }: Call,
  take: (step: Step) => void,
): Promise<Result> => {
  let turnBegan = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    take(step.value);
    if (performance.now() - turnBegan < turnMs) continue;
    await setImmediate();
    signal.throwIfAborted();
    turnBegan = performance.now();
  }
};

/** How long events are expanded before other work of the process gets its turn, in milliseconds. */
const turnMs = 20;

/**
 * Returns the times in the window that the calendar blocks, and the faults of its events. An event that cannot be read
 * blocks no time.
 *
 * @param limit the reading ends after so many busy times.
 */
export const readFeed = async (
  text: string,
  { from, until }: { readonly from: string; readonly until: string },
  limit: number,
  { signal }: Pick<CallContext, 'signal'>,
): Promise<{ readonly busy: readonly BusyTime[]; readonly faults: readonly CalendarFault[] }> => {
  const window = { start: Date.parse(from), end: Date.parse(until) };
  const faults: CalendarFault[] = [];
  const busy: BusyTime[] = [];
  let turnBegan = performance.now();
  const query = { window, owner: feedZone(text), addresses: addressesOf(text) };
  for (const times of eachBusyTimes(text, query, (fault) => faults.push(fault), feedLimit())) {
    for (const time of times) busy.push(time);
    if (busy.length > limit) break;
    if (performance.now() - turnBegan < turnMs) continue;
    await setImmediate();
    signal.throwIfAborted();
    turnBegan = performance.now();
  }
  return { busy, faults };
};

/** The lines before the first component hold the properties of the calendar (RFC 5545, section 3.6). */
const propertyOf = (text: string, name: string): string | undefined => {
  const head = text.slice(0, 10_000).replaceAll(/\r?\n[ \t]/g, '');
  return new RegExp(`^${name}(?:;[^:\r\n]*)?:(.*)$`, 'im').exec(head)?.[1]?.trim();
};

/**
 * Returns the name that its publisher gives the calendar (`X-WR-CALNAME`; `NAME` in RFC 7986), on one line of at most 80
 * characters. Google's is the address of the owner.
 */
export const feedName = (text: string): string | undefined => {
  const name = propertyOf(text, 'X-WR-CALNAME') ?? propertyOf(text, 'NAME');
  const plain = name?.replaceAll(/\\(.)/g, '$1').replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ');
  return plain === undefined ? undefined : Array.from(plain.trim()).slice(0, 80).join('') || undefined;
};

/** The owner has declined an event when the attendee with the owner's address has. */
const addressesOf = (text: string): ReadonlySet<string> => {
  const name = feedName(text)?.toLowerCase();
  return new Set(name?.includes('@') ? [name] : []);
};

/** The most characters of a VTIMEZONE. One with all changes since 1900 has about 20,000. */
const longestDefinition = 100_000;

/** Days and floating times are read in the zone of the calendar; else in the zone of most events; else in UTC. */
const feedZone = (text: string): Zone => {
  const named = propertyOf(text, 'X-WR-TIMEZONE');
  const zone = (named === undefined ? undefined : zoneOfTzid(named)) ?? commonZone([text]);
  if (zone) return zone;
  const begins = text.search(/^BEGIN:VTIMEZONE\s/im);
  const definition = begins < 0 ? '' : text.slice(begins, begins + longestDefinition);
  const [component] = componentsNamed(readComponents(unfold(definition)), 'VTIMEZONE');
  return component ? (calendarZone(component) ?? utc) : utc;
};
