/** Reads the parts of an event (VEVENT) that decide when it blocks time: RFC 5545, section 3.6.1. */
import type { Answer } from '../../domain/audition/events.ts';
import { comparableEmail } from '../../domain/audition/mailto.ts';
import { type BusyKind, busyKindOf } from '../../domain/calendars/busy-kind.ts';
import { addressOf, emailOf } from './calendar-address.ts';
import { type Component, linesNamed, nameOf } from './content-lines.ts';
import type { ReportFault } from './faults.ts';
import { parameterOf, rawValueOf } from './parameters.ts';
import {
  type CalendarDuration,
  type CalendarPeriod,
  type CalendarTime,
  readDuration,
  readTimes,
  textOf,
} from './properties.ts';
import { type Rule, readRule } from './recurrence.ts';

/** How an event blocks its time. A cancelled one does not take place. */
type Availability = BusyKind | 'cancelled';

export interface EventComponent {
  readonly uid: string | undefined;
  readonly start: CalendarTime;
  /** DTEND, or the duration. Every event has one of them. */
  readonly end: CalendarTime | CalendarDuration;
  readonly rules: readonly Rule[];
  /** EXRULE. */
  readonly exceptionRules: readonly Rule[];
  /** RDATE and EXDATE. */
  readonly addedStarts: readonly CalendarTime[];
  readonly addedPeriods: readonly CalendarPeriod[];
  readonly excluded: readonly CalendarTime[];
  /** Which occurrence of the series this component replaces; with `andFuture`, all later ones too. */
  readonly replaces: { readonly time: CalendarTime; readonly andFuture: boolean } | undefined;
  readonly availability: Availability;
  /** The owner's answer, without a pending one. */
  readonly answer: Answer | undefined;
  /** SEQUENCE, and DTSTAMP in milliseconds read as UTC. 0 for one that cannot be read. */
  readonly sequence: number;
  readonly stampMs: number;
  readonly component: Component;
}

const timePropertyNames: ReadonlySet<string> = new Set([
  'DTSTART',
  'DTEND',
  'DURATION',
  'RRULE',
  'EXRULE',
  'RDATE',
  'EXDATE',
  'RECURRENCE-ID',
]);

/** The most characters of the properties that concern times. About 6,000 dates. */
const largestTimes = 128_000;

/** The most lines of an event of each of these names, and of all other names together. Google permits 200 guests. */
const mostLines = 5_000;

/** The properties that are read here. */
const readNames: ReadonlySet<string> = new Set([
  ...timePropertyNames,
  'UID',
  'SEQUENCE',
  'DTSTAMP',
  'STATUS',
  'TRANSP',
  'X-MICROSOFT-CDO-BUSYSTATUS',
  'ATTENDEE',
  'ORGANIZER',
]);

/** Leaves out what no real event has: each property is looked for among all lines. The times have a limit of their own. */
const withoutSurplus = (component: Component): Component => {
  if (component.lines.length <= mostLines) return component;
  const counts = new Map<string, number>();
  const lines = component.lines.filter((line) => {
    const name = nameOf(line);
    if (timePropertyNames.has(name)) return true;
    const counted = readNames.has(name) ? name : '';
    const count = (counts.get(counted) ?? 0) + 1;
    counts.set(counted, count);
    return count <= mostLines;
  });
  return { ...component, lines };
};

/**
 * Returns the event, or undefined when it blocks no time because it has no start that can be read.
 *
 * @param addresses the owner's addresses, which identify the owner's answer to an invitation
 */
export const readEvent = (
  whole: Component,
  addresses: ReadonlySet<string>,
  reportFault: ReportFault,
): EventComponent | undefined => {
  const component = withoutSurplus(whole);
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
  const rulesIn = (name: string): readonly Rule[] => {
    const rules = linesNamed(component, name).map((line) => readRule(rawValueOf(line)));
    if (rules.includes(undefined)) report('invalid_rule', name);
    return rules.filter((rule) => rule !== undefined);
  };
  const added = read('RDATE');
  const [replaced] = read('RECURRENCE-ID');
  const [replacedTime] = replaced?.times ?? [];
  return {
    uid,
    start,
    end: read('DTEND').at(0)?.times[0] ?? durationOf(component, start, report),
    sequence: sequenceOf(component) ?? 0,
    stampMs: linesNamed(component, 'DTSTAMP').flatMap((line) => readTimes(line).times)[0]?.localMs ?? 0,
    rules: rulesIn('RRULE'),
    exceptionRules: rulesIn('EXRULE'),
    addedStarts: added.flatMap(({ times }) => times),
    addedPeriods: added.flatMap(({ periods }) => periods),
    excluded: read('EXDATE').flatMap(({ times }) => times),
    replaces: replacedTime && {
      time: replacedTime,
      andFuture: parameterOf(replaced?.line ?? '', 'RANGE')?.toUpperCase() === 'THISANDFUTURE',
    },
    availability: availabilityOf(component, addresses),
    answer: givenAnswer(component, addresses),
    component,
  };
};

/**
 * Returns the length of an event whose DTEND is missing or cannot be read. Without DTEND and DURATION, a day lasts one day
 * and a time has no length (section 3.6.1). When what is written cannot be read, the event blocks a day: it must not count
 * as free.
 */
const durationOf = (
  component: Component,
  start: CalendarTime,
  report: (code: 'malformed_property', about: string) => void,
): CalendarDuration => {
  const [line] = linesNamed(component, 'DURATION');
  const duration = line === undefined ? undefined : readDuration(rawValueOf(line));
  if (duration) return duration;
  if (line !== undefined) report('malformed_property', 'DURATION');
  const isUnreadable = line !== undefined || linesNamed(component, 'DTEND').length > 0;
  return { days: start.form === 'date' || isUnreadable ? 1 : 0, ms: 0 };
};

/** Returns the SEQUENCE of an event: how often its organizer has changed it (section 3.8.7.4). */
export const sequenceOf = (component: Component): number | undefined => {
  const [line] = linesNamed(component, 'SEQUENCE');
  const digits = line === undefined ? '' : rawValueOf(line).trim();
  return /^\d{1,9}$/.test(digits) ? Number(digits) : undefined;
};

/** Returns whether the event takes place, and blocks its time (docs/conflicts.md). */
const availabilityOf = (component: Component, addresses: ReadonlySet<string>): Availability =>
  valueOf(component, 'STATUS') === 'CANCELLED'
    ? 'cancelled'
    : busyKindOf({
        isCancelled: false,
        shownAs: shownAs(component),
        answer: answerOf(component, addresses),
      });

const valueOf = (component: Component, name: string) => textOf(component, name)?.trim().toUpperCase();

/** https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcical, X-MICROSOFT-CDO-BUSYSTATUS */
const outlookStatuses: ReadonlyMap<string, 'free' | 'elsewhere' | 'tentative' | 'absent'> = new Map([
  ['FREE', 'free'],
  ['WORKINGELSEWHERE', 'elsewhere'],
  ['TENTATIVE', 'tentative'],
  ['OOF', 'absent'],
]);

/** Outlook writes its own status beside TRANSP and STATUS. */
const shownAs = (component: Component) => {
  if (valueOf(component, 'TRANSP') === 'TRANSPARENT') return 'free';
  const outlook = outlookStatuses.get(valueOf(component, 'X-MICROSOFT-CDO-BUSYSTATUS') ?? '');
  return outlook ?? (valueOf(component, 'STATUS') === 'TENTATIVE' ? 'tentative' : 'busy');
};

/** RFC 5545, section 3.2.12. */
const answersByStatus: ReadonlyMap<string, 'pending' | 'tentative' | 'accepted' | 'declined'> = new Map([
  ['NEEDS-ACTION', 'pending'],
  ['TENTATIVE', 'tentative'],
  ['ACCEPTED', 'accepted'],
  ['DECLINED', 'declined'],
]);

const givenAnswer = (component: Component, addresses: ReadonlySet<string>): Answer | undefined => {
  const own = linesNamed(component, 'ATTENDEE').find((line) => isOfOwner(line, addresses));
  const answer = answersByStatus.get((own && parameterOf(own, 'PARTSTAT')?.toUpperCase()) ?? '');
  return answer === 'pending' ? undefined : answer;
};

/** Returns whether an ATTENDEE or ORGANIZER is the owner. iCloud writes the address as a parameter (RFC 7986, section 6.2). */
export const isOfOwner = (line: string, addresses: ReadonlySet<string>): boolean =>
  addresses.size > 0 &&
  [addressOf(line), emailOf(line)].some(
    (address) =>
      address !== undefined &&
      (addresses.has(address) || addresses.has(localPartMark + localPartOf(address))),
  );

const localPartMark = 'user:';
const localPartOf = (address: string): string => address.slice(0, address.lastIndexOf('@'));

/** Returns the addresses of an account. Some servers name an account without a domain: its domain is then not compared. */
export const addressesOf = (account: string): ReadonlySet<string> => {
  const name = comparableEmail(account);
  return new Set(name.includes('@') ? [name] : [name, localPartMark + name]);
};

/** The organizer has invited the others, and gives no answer. A missing PARTSTAT is NEEDS-ACTION. */
const answerOf = (component: Component, addresses: ReadonlySet<string>) => {
  const isOwn = (line: string) => isOfOwner(line, addresses);
  const own = linesNamed(component, 'ATTENDEE').find(isOwn);
  if (own === undefined) return undefined;
  const answer = answersByStatus.get(parameterOf(own, 'PARTSTAT')?.toUpperCase() ?? 'NEEDS-ACTION');
  return answer === 'pending' && linesNamed(component, 'ORGANIZER').some(isOwn) ? undefined : answer;
};
