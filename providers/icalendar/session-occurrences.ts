/**
 * Expands session blocks with the expansion of calendars. A block is written as a series of events: its rule, its dates,
 * and a replaced occurrence for each exception.
 */
import { clockMsOf, clockTimeOf } from '../../domain/session-blocks/clock-times.ts';
import type { Session, SessionException, SessionPlan } from '../../domain/session-blocks/session-block.ts';
import { nearestInstant, toEpochMs } from '../../domain/time/epoch.ts';
import { day, hour, minute } from '../../domain/time/units.ts';
import type { Component } from './content-lines.ts';
import { type EventComponent, readEvent } from './event.ts';
import type { CalendarFault } from './faults.ts';
import { generatesStart, readRule } from './recurrence.ts';
import { createExpansion, type Span } from './series.ts';
import { ianaZone } from './zones/iana-zone.ts';
import { instantOf, localTimeOf } from './zones/zone.ts';
import { createZones } from './zones/zones.ts';

/** A block cannot be expanded. Blocks are checked before they are stored, so that a stored one always can. */
export class UnexpandableBlock extends Error {
  override readonly name = 'UnexpandableBlock';
  readonly fault: CalendarFault['code'];

  constructor(fault: CalendarFault['code']) {
    super(`the session block cannot be expanded: ${fault}`);
    this.fault = fault;
  }
}

const fail = ({ code }: CalendarFault): never => {
  throw new UnexpandableBlock(code);
};

/**
 * Returns the sessions that overlap the window, the earliest first. Bounded by the window: a rule that never ends costs
 * the same. Times follow the clock of the zone: one that the clock skips is read with the offset before the gap, and of one
 * that it shows twice, the first counts (RFC 5545, section 3.3.5). The first session and changed ones end at the time that is
 * written; the others are as long as the first one is on the clock.
 * @param window in epoch milliseconds
 * @throws UnexpandableBlock
 */
export const sessionsIn = (
  { definition, exceptions, isCancelled }: SessionPlan,
  window: Span,
): readonly Session[] => {
  if (isCancelled) return [];
  const { zone } = definition;
  const main = readEvent(componentOf(definition), noAddresses, fail);
  if (!main) return [];
  const changed = new Map<EventComponent, SessionException>();
  for (const exception of exceptions) {
    const event = readEvent(replacementOf(definition, exception), noAddresses, fail);
    if (event) changed.set(event, exception);
  }
  const around = { start: window.start - clockChange, end: window.end + clockChange };
  const expand = createExpansion(around, createZones([], ianaZone(zone), fail), fail, 'all');
  return expand({ main, replacements: [...changed.keys()] })
    .map(({ start, end: sameLength, event, at }) => {
      const change = changed.get(event)?.change;
      const isFirst = event === main && clockTimeOf(at) === definition.start;
      const writtenEnd = change && 'end' in change ? change.end : isFirst ? definition.end : undefined;
      const end = writtenEnd === undefined ? sameLength : instantOfClock(zone, clockMsOf(writtenEnd) ?? 0);
      const room = (change && 'room' in change ? change.room : undefined) ?? definition.room;
      return {
        at: clockTimeOf(at),
        start: nearestInstant(start),
        end: nearestInstant(start < end ? end : sameLength),
        ...(room === undefined ? {} : { room }),
        isChanged: change !== undefined,
      };
    })
    .filter(({ start, end }) => toEpochMs(start) < window.end && toEpochMs(end) > window.start)
    .sort((one, other) => one.start.localeCompare(other.start));
};

/** No clock changes by more. Only Pacific/Apia has skipped a day, in 2011. */
const clockChange = 2 * hour;

/** Returns whether the series, without its exceptions, has a session with this start on the clock of the zone. */
export const hasSessionAt = ({ definition }: Pick<SessionPlan, 'definition'>, at: string): boolean => {
  const clockMs = clockMsOf(at);
  if (clockMs === undefined) return false;
  const start = instantOf(ianaZone(definition.zone), clockMs);
  const series = { definition, exceptions: [], isCancelled: false };
  return sessionsIn(series, { start: start - day, end: start + day }).some((session) => session.at === at);
};

/** Returns the instant, in epoch milliseconds, of a time on the clock of the zone. */
export const instantOfClock = (zone: string, clockMs: number): number => instantOf(ianaZone(zone), clockMs);

/** Returns whether the clock of the zone never shows the time. */
export const isInGap = (zone: string, clockMs: number): boolean =>
  localTimeOf(ianaZone(zone), instantOf(ianaZone(zone), clockMs)) !== clockMs;

/** Returns whether the rule gives the start of the series. RFC 5545, section 3.8.5.3, does not define what else happens. */
export const isStartOfRule = (ruleText: string, clockMs: number): boolean => {
  const rule = readRule(ruleText);
  return rule !== undefined && generatesStart(rule, clockMs);
};

const noAddresses: ReadonlySet<string> = new Set();

type Definition = SessionPlan['definition'];

const componentOf = ({ zone, start, end, recurrence }: Definition): Component =>
  eventOf([
    `DTSTART;TZID=${zone}:${digitsOf(start)}`,
    durationBetween(start, end),
    ...(recurrence?.rule === undefined ? [] : [`RRULE:${recurrence.rule}`]),
    ...datesOf('RDATE', zone, recurrence?.added),
    ...datesOf('EXDATE', zone, recurrence?.excluded),
  ]);

const replacementOf = ({ zone, start, end }: Definition, { at, change }: SessionException): Component =>
  eventOf([
    `RECURRENCE-ID;TZID=${zone}:${digitsOf(at)}`,
    ...('status' in change
      ? [`DTSTART;TZID=${zone}:${digitsOf(at)}`, durationBetween(start, end), 'STATUS:CANCELLED']
      : [`DTSTART;TZID=${zone}:${digitsOf(change.start)}`, durationBetween(change.start, change.end)]),
  ]);

const eventOf = (lines: readonly string[]): Component => ({
  name: 'VEVENT',
  lines: ['UID:session-block', ...lines],
  children: [],
});

const datesOf = (name: string, zone: string, dates: readonly string[] = []): readonly string[] =>
  dates.length === 0 ? [] : [`${name};TZID=${zone}:${dates.map(digitsOf).join(',')}`];

const durationBetween = (start: string, end: string): string =>
  `DURATION:PT${((clockMsOf(end) ?? 0) - (clockMsOf(start) ?? 0)) / minute}M`;

/** Returns `20261201T100000`. */
const digitsOf = (clockTime: string): string => `${clockTime.replaceAll(/[-:]/g, '')}00`;
