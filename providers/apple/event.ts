/**
 * Maps our events to iCalendar (RFC 5545) and back. In an existing event only our properties are replaced: every other
 * line stays as its author has written it, alarms and attendees included.
 */

import type { CalendarText } from '../../domain/audition/events.ts';
import { endUses, hasUse, hasUser, useOf } from '../event-uses.ts';
import {
  begunBy,
  type Component,
  componentsNamed,
  endedBy,
  escapeText,
  fold,
  linesNamed,
  nameOf,
  readComponents,
  unfold,
} from '../icalendar/content-lines.ts';
import { addressesOf, isOfOwner } from '../icalendar/event.ts';
import { rawValueOf, withParameter } from '../icalendar/parameters.ts';
import { readTimes, textOf } from '../icalendar/properties.ts';
import { instantOf, utc } from '../icalendar/zones/zone.ts';
import { createZones } from '../icalendar/zones/zones.ts';
import type { CalendarEvent, EventToDelete } from '../ports.ts';
import { reminderText } from '../reminder-text.ts';
import { allTexts, changedTexts, overwrittenTexts, type TextField, textMarkOf } from '../text-digest.ts';

/** An event of ours as the calendar stores it. */
export interface StoredEvent {
  readonly uid: string;
  readonly lines: readonly string[];
  readonly component: Component;
  /** A person has cancelled the event instead of deleting it. */
  readonly isCancelled: boolean;
  readonly reference: string | undefined;
  readonly revision: number;
  /** Identifies the texts that were written last. */
  readonly textMark: string | undefined;
  readonly sequence: number;
  /** In epoch milliseconds. */
  readonly start: number | undefined;
  readonly end: number | undefined;
  /** The uses of the event, as `event-uses.ts` names them. */
  readonly uses: Readonly<Record<string, string>>;
}

type EventChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'update'; readonly text: string };

export const referenceProperty = 'X-CASTMATCH-REFERENCE';
export const revisionProperty = 'X-CASTMATCH-REVISION';
export const textProperty = 'X-CASTMATCH-TEXT';
/** The reminders that were written last. People change the alarms afterwards. */
const reminderProperty = 'X-CASTMATCH-REMINDERS';
const usePrefix = 'X-CASTMATCH-USE-';
const usesPrefix = 'castmatchUse';

/** Returns the text of a new event. */
export const newEventText = (event: CalendarEvent, now: Date): string =>
  fold([
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//CastMatch//Orchestrator//EN',
    'BEGIN:VEVENT',
    `UID:${event.eventId}`,
    `CREATED:${digitsOf(now)}`,
    ...linesOf({ ...textLines(event, allTexts), ...timeLines(event, event.revision), ...stampLines(now) }),
    ...useLines(useOf(event.use)),
    'TRANSP:OPAQUE',
    ...(event.reminders ? alarmLines(event, event.reminders) : []),
    'END:VEVENT',
    'END:VCALENDAR',
  ]);

/** Returns the event of ours in the text of a resource; undefined when it has none. */
export const readStored = (text: string, uid: string): StoredEvent | undefined => {
  const lines = unfold(text);
  const components = readComponents(lines);
  const component = componentsNamed(components, 'VEVENT').find(
    (event) => textOf(event, 'UID') === uid && linesNamed(event, 'RECURRENCE-ID').length === 0,
  );
  if (!component) return undefined;
  const zones = createZones(components, utc, () => {});
  const instant = (name: string): number | undefined => {
    const [time] = linesNamed(component, name).flatMap((line) => readTimes(line).times);
    return time && instantOf(zones.zoneOf(time, uid), time.localMs);
  };
  return {
    uid,
    lines,
    component,
    isCancelled: textOf(component, 'STATUS')?.toUpperCase() === 'CANCELLED',
    reference: textOf(component, referenceProperty),
    revision: numberOf(component, revisionProperty),
    textMark: textOf(component, textProperty),
    sequence: numberOf(component, 'SEQUENCE'),
    start: instant('DTSTART'),
    end: instant('DTEND'),
    uses: Object.fromEntries(component.lines.flatMap(useOfLine)),
  };
};

const numberOf = (component: Component, name: string): number => {
  const [line = ''] = linesNamed(component, name);
  return Number.parseInt(rawValueOf(line), 10) || 0;
};

/**
 * Returns the change that writes our event over the stored one. Does not change a later revision, and nothing when the
 * stored event is the same. An event that a person has cancelled is revived without its former uses.
 * @param account the owner, whose answer ends with the revision that it was given for
 */
export const changeOf = (
  stored: StoredEvent,
  event: CalendarEvent,
  now: Date,
  account: string,
): EventChange => {
  if (isForeign(stored, event.reference)) return { kind: 'foreign' };
  const use = useOf(event.use);
  if (stored.revision > event.revision) {
    // A later step of another participant has written the event. This one only begins to use it.
    if (stored.isCancelled || hasUser(stored.uses, use)) return { kind: 'none' };
    return { kind: 'update', text: rewrite(stored, stampLines(now), { ...stored.uses, ...use }) };
  }
  const changed = changedTexts(stored.textMark, event, textsOf(stored));
  const texts = textLines(event, stored.isCancelled ? allTexts : changed);
  const isMoved =
    stored.isCancelled ||
    stored.start !== Date.parse(event.slot.start) ||
    stored.end !== Date.parse(event.slot.end);
  const alarms = hasOurReminders(stored, event) ? undefined : alarmLines(event, event.reminders ?? []);
  const isSame =
    !isMoved &&
    stored.revision === event.revision &&
    changed.size === 0 &&
    !alarms &&
    hasUse(stored.uses, use);
  if (isSame) return { kind: 'none' };
  const sequence = Math.max(event.revision, stored.sequence + (isMoved ? 1 : 0));
  return {
    kind: 'update',
    text: rewrite(
      stored.revision === event.revision && !stored.isCancelled ? stored : withoutAnswer(stored, account),
      { ...texts, ...timeLines(event, sequence), ...stampLines(now) },
      { ...(stored.isCancelled ? {} : stored.uses), ...use },
      alarms,
    ),
  };
};

/** RFC 5546, section 3.2.2.1: a person who is invited to another time has not answered yet. */
const withoutAnswer = (stored: StoredEvent, account: string): StoredEvent => {
  const addresses = addressesOf(account);
  const lines = stored.lines.map((line) =>
    nameOf(line) === 'ATTENDEE' && isOfOwner(line, addresses)
      ? withParameter(line, 'PARTSTAT', 'NEEDS-ACTION')
      : line,
  );
  return { ...stored, lines };
};

/** Returns what is left of the event after the end of the uses that steps with these keys have begun. */
export const withoutUses = (
  stored: StoredEvent,
  keys: EventToDelete['keys'],
  now: Date,
):
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'some'; readonly text: string } => {
  const { ended, properties } = endUses(stored.uses, keys);
  switch (ended) {
    case 'some':
      return { kind: 'some', text: rewrite(stored, stampLines(now), properties) };
    case 'none':
      return { kind: 'none' };
    case 'all':
      return { kind: 'all' };
  }
};

/** Whether the event with our UID is marked as the event of another program. */
export const isForeign = ({ reference }: StoredEvent, ours: string): boolean =>
  reference !== undefined && reference !== ours;

/** The lines of properties by name; undefined removes the property. */
type Lines = Readonly<Record<string, string | undefined>>;

/** An empty text has no property. */
const textLines = (
  { summary, description, location = '' }: CalendarEvent,
  fields: ReadonlySet<TextField>,
): Lines => ({
  ...(fields.has('summary') ? { SUMMARY: `SUMMARY:${escapeText(summary)}` } : {}),
  ...(fields.has('description')
    ? { DESCRIPTION: description === '' ? undefined : `DESCRIPTION:${escapeText(description)}` }
    : {}),
  ...(fields.has('location')
    ? { LOCATION: location === '' ? undefined : `LOCATION:${escapeText(location)}` }
    : {}),
});

/** Returns the texts of a person that the write has replaced. A cancelled event had none. @param stored before the write */
export const textsOverwrittenIn = (stored: StoredEvent, event: CalendarEvent): readonly CalendarText[] => {
  if (stored.isCancelled || stored.revision > event.revision) return [];
  const { summary: title, location: place, description } = textsOf(stored);
  return overwrittenTexts(stored.textMark, event, { title, place, description });
};

const textsOf = ({ component }: StoredEvent) => ({
  summary: textOf(component, 'SUMMARY') ?? '',
  description: textOf(component, 'DESCRIPTION') ?? '',
  location: textOf(component, 'LOCATION') ?? '',
});

/**
 * Times are in UTC: they need no VTIMEZONE, and an outdated zone on a server or a device cannot move them. Calendar
 * programs show them in the zone of the person.
 */
const timeLines = (event: CalendarEvent, sequence: number): Lines => {
  const { slot, reference, revision } = event;
  return {
    DTSTART: `DTSTART:${digitsOf(new Date(slot.start))}`,
    DTEND: `DTEND:${digitsOf(new Date(slot.end))}`,
    DURATION: undefined,
    STATUS: 'STATUS:CONFIRMED',
    SEQUENCE: `SEQUENCE:${sequence}`,
    [referenceProperty]: `${referenceProperty}:${escapeText(reference)}`,
    [revisionProperty]: `${revisionProperty}:${revision}`,
    [textProperty]: `${textProperty}:${textMarkOf(event)}`,
    ...(event.reminders
      ? { [reminderProperty]: `${reminderProperty}:${reminderText(event.reminders)}` }
      : {}),
  };
};

/** RFC 5545, section 3.8.7.2: without METHOD, DTSTAMP is the time of the last change. */
const stampLines = (now: Date): Lines => ({
  DTSTAMP: `DTSTAMP:${digitsOf(now)}`,
  'LAST-MODIFIED': `LAST-MODIFIED:${digitsOf(now)}`,
});

const hasOurReminders = ({ component }: StoredEvent, { reminders }: CalendarEvent): boolean =>
  !reminders || textOf(component, reminderProperty) === reminderText(reminders);

/** The UIDs of our alarms (RFC 9074, section 4) begin with it. */
const alarmPrefix = (uid: string): string => `${uid}-reminder-`;

/** RFC 5545, section 3.6.6: an alarm that is displayed needs a text, and its trigger is relative to the start. */
const alarmLines = (
  { eventId, summary }: Pick<CalendarEvent, 'eventId' | 'summary'>,
  reminders: readonly number[],
): readonly string[] =>
  reminders.flatMap((minutes) => [
    'BEGIN:VALARM',
    `UID:${alarmPrefix(eventId)}${minutes}`,
    'ACTION:DISPLAY',
    `DESCRIPTION:${escapeText(summary)}`,
    `TRIGGER:${minutes === 0 ? '' : '-'}PT${minutes}M`,
    'END:VALARM',
  ]);

const useLines = (uses: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(uses).map(
    ([name, key]) => `${usePrefix}${name.slice(usesPrefix.length).toUpperCase()}:${key}`,
  );

const useOfLine = (line: string): readonly (readonly [string, string])[] => {
  const name = nameOf(line);
  return name.startsWith(usePrefix)
    ? [[`${usesPrefix}${name.slice(usePrefix.length).toLowerCase()}`, rawValueOf(line)]]
    : [];
};

const linesOf = (lines: Lines): readonly string[] =>
  Object.values(lines).filter((line) => line !== undefined);

/** Returns the resource with our properties, and our alarms if they are given, replaced. The new lines come before the first component inside the event. */
const rewrite = (
  { uid, lines }: StoredEvent,
  replaced: Lines,
  uses: Readonly<Record<string, string>>,
  alarms?: readonly string[],
): string => {
  const written: string[] = [];
  const open: string[] = [];
  /** The lines of the event that is being read, without ours. */
  let event: string[] | undefined;
  for (const line of lines) {
    const begun = begunBy(line);
    if (begun !== undefined) open.push(begun);
    if (begun === 'VEVENT') event = [];
    if (!event) written.push(line);
    else event.push(line);
    if (endedBy(line) === undefined) continue;
    open.pop();
    if (event && endedBy(line) === 'VEVENT') {
      written.push(
        ...(isMain(event, uid) ? replaceLines(withAlarms(event, uid, alarms), replaced, uses) : event),
      );
      event = undefined;
    }
  }
  return fold([...written, ...(event ?? [])]);
};

/** Replaces our alarms. Those of people stay. Undefined: nothing is replaced. */
const withAlarms = (
  lines: readonly string[],
  uid: string,
  alarms: readonly string[] | undefined,
): readonly string[] => {
  if (!alarms) return lines;
  const kept: string[] = [];
  let alarm: string[] | undefined;
  for (const line of lines.slice(0, -1)) {
    if (begunBy(line) === 'VALARM') alarm = [];
    (alarm ?? kept).push(line);
    if (!alarm || endedBy(line) !== 'VALARM') continue;
    if (!alarm.some((own) => own.startsWith(`UID:${alarmPrefix(uid)}`))) kept.push(...alarm);
    alarm = undefined;
  }
  return [...kept, ...(alarm ?? []), ...alarms, ...lines.slice(-1)];
};

const isMain = (lines: readonly string[], uid: string): boolean => {
  const [event] = componentsNamed(readComponents(lines), 'VEVENT');
  return (
    event !== undefined && textOf(event, 'UID') === uid && linesNamed(event, 'RECURRENCE-ID').length === 0
  );
};

const replaceLines = (
  lines: readonly string[],
  replaced: Lines,
  uses: Readonly<Record<string, string>>,
): readonly string[] => {
  const firstInside = lines.findIndex((line, at) => at > 0 && (begunBy(line) ?? endedBy(line)) !== undefined);
  const own = lines.slice(0, firstInside);
  const kept = own.filter((line) => !(nameOf(line) in replaced) && !nameOf(line).startsWith(usePrefix));
  return [...kept, ...linesOf(replaced), ...useLines(uses), ...lines.slice(firstInside)];
};

/** Returns `20261201T090000Z`. */
const digitsOf = (time: Date): string => `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
