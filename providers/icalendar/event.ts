/** Reads the parts of an event (VEVENT) that decide when it blocks time: RFC 5545, section 3.6.1. */
import { type Component, linesNamed, nameOf } from './content-lines.ts';
import type { ReportFault } from './faults.ts';
import {
  type CalendarDuration,
  type CalendarPeriod,
  type CalendarTime,
  parameterOf,
  rawValueOf,
  readDuration,
  readTimes,
  textOf,
} from './properties.ts';
import { type Rule, readRule } from './recurrence.ts';

/** How an event blocks its time. A cancelled one does not take place. */
type Availability = 'busy' | 'tentative' | 'free' | 'cancelled';

export interface EventComponent {
  readonly uid: string | undefined;
  readonly start: CalendarTime;
  /** DTEND, or the duration. Every event has one of them. */
  readonly end: CalendarTime | CalendarDuration;
  readonly rules: readonly Rule[];
  /** RDATE and EXDATE. */
  readonly addedStarts: readonly CalendarTime[];
  readonly addedPeriods: readonly CalendarPeriod[];
  readonly excluded: readonly CalendarTime[];
  /** Which occurrence of the series this component replaces; with `andFuture`, all later ones too. */
  readonly replaces: { readonly time: CalendarTime; readonly andFuture: boolean } | undefined;
  readonly availability: Availability;
  readonly component: Component;
}

const timeProperties = ['DTSTART', 'DTEND', 'DURATION', 'RRULE', 'RDATE', 'EXDATE', 'RECURRENCE-ID'];
const timePropertyNames: ReadonlySet<string> = new Set(timeProperties);

/** The most characters of the properties that concern times. About 6,000 dates. */
const largestTimes = 128_000;

/**
 * Returns the event, or undefined when it blocks no time because it has no start that can be read.
 *
 * @param addresses the owner's addresses: an event that the owner has declined is not busy
 */
export const readEvent = (
  component: Component,
  addresses: ReadonlySet<string>,
  reportFault: ReportFault,
): EventComponent | undefined => {
  const uid = textOf(component, 'UID');
  const report = (code: Parameters<ReportFault>[0]['code'], about: string) =>
    reportFault({ code, uid, about });
  const timeLines = component.lines.filter((line) => timePropertyNames.has(nameOf(line)));
  if (timeLines.reduce((size, line) => size + line.length, 0) > largestTimes) {
    report('event_too_large', 'VEVENT');
    return undefined;
  }
  const read = (name: string) => {
    const lines = linesNamed(component, name).map((line) => ({ line, ...readTimes(line) }));
    if (lines.some(({ unreadable }) => unreadable > 0)) report('malformed_property', name);
    return lines;
  };
  const [start] = linesNamed(component, 'DTSTART').flatMap((line) => readTimes(line).times);
  if (!start) {
    report('no_start', 'DTSTART');
    return undefined;
  }
  const rules = linesNamed(component, 'RRULE').map((line) => readRule(rawValueOf(line)));
  if (rules.includes(undefined)) report('invalid_rule', 'RRULE');
  const added = read('RDATE');
  const [replaced] = read('RECURRENCE-ID');
  const [replacedTime] = replaced?.times ?? [];
  return {
    uid,
    start,
    end: read('DTEND').at(0)?.times[0] ?? durationOf(component, start, report),
    rules: rules.filter((rule) => rule !== undefined),
    addedStarts: added.flatMap(({ times }) => times),
    addedPeriods: added.flatMap(({ periods }) => periods),
    excluded: read('EXDATE').flatMap(({ times }) => times),
    replaces: replacedTime && {
      time: replacedTime,
      andFuture: parameterOf(replaced?.line ?? '', 'RANGE')?.toUpperCase() === 'THISANDFUTURE',
    },
    availability: availabilityOf(component, addresses),
    component,
  };
};

/** Without DTEND and DURATION, a day lasts one day and a time has no length (section 3.6.1). */
const durationOf = (
  component: Component,
  start: CalendarTime,
  report: (code: 'malformed_property', about: string) => void,
): CalendarDuration => {
  const [line] = linesNamed(component, 'DURATION');
  const duration = line === undefined ? undefined : readDuration(rawValueOf(line));
  if (line !== undefined && !duration) report('malformed_property', 'DURATION');
  return duration ?? { days: start.form === 'date' ? 1 : 0, ms: 0 };
};

/**
 * Outlook writes its own status beside TRANSP
 * (https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcical, X-MICROSOFT-CDO-BUSYSTATUS). An event that
 * the owner has declined leaves the time free.
 */
const availabilityOf = (component: Component, addresses: ReadonlySet<string>): Availability => {
  const value = (name: string) => textOf(component, name)?.trim().toUpperCase();
  const outlook = value('X-MICROSOFT-CDO-BUSYSTATUS');
  const answers = linesNamed(component, 'ATTENDEE')
    .filter((line) => isOf(line, addresses))
    .map((line) => parameterOf(line, 'PARTSTAT')?.toUpperCase());
  if (value('STATUS') === 'CANCELLED') return 'cancelled';
  const isFree =
    value('TRANSP') === 'TRANSPARENT' ||
    outlook === 'FREE' ||
    outlook === 'WORKINGELSEWHERE' ||
    answers.includes('DECLINED');
  if (isFree) return 'free';
  const isTentative =
    value('STATUS') === 'TENTATIVE' || outlook === 'TENTATIVE' || answers.includes('TENTATIVE');
  return isTentative ? 'tentative' : 'busy';
};

/** Whether the ATTENDEE is one of the addresses. */
const isOf = (line: string, addresses: ReadonlySet<string>): boolean =>
  addresses.has(
    rawValueOf(line)
      .trim()
      .toLowerCase()
      .replace(/^mailto:/, ''),
  );
