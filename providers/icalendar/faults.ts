/** What was wrong with a calendar. Faults are data: the rest of the calendar is still read. */

const faultCodes = [
  /** The event has no DTSTART, or one that cannot be read: it blocks no time. */
  'no_start',
  /** The event ends before it starts: it blocks no time. */
  'ends_before_start',
  /** A property cannot be read. It is left out. */
  'malformed_property',
  /** A rule of the event cannot be read. Its other occurrences are still read. */
  'invalid_rule',
  /** The zone is neither in the IANA database nor defined in the calendar: the owner's zone is used. */
  'unknown_zone',
  /** The event has too many occurrences to list them: it blocks all of the window from its start on. */
  'too_many_occurrences',
  /** The properties of the event that concern times are too large to read: it blocks no time. */
  'event_too_large',
  /** Reading the resource has failed unexpectedly: what was read of it before stays. */
  'not_read',
  /** The resource has no event and no other component: its text is damaged, or it was not sent. */
  'no_component',
  /** The account may not read the resource. */
  'not_permitted',
] as const;

export interface CalendarFault {
  readonly code: (typeof faultCodes)[number];
  /** The UID of the event, when it has one. */
  readonly uid: string | undefined;
  /** The name of the property, or of the zone. Never a text that a person wrote. */
  readonly about: string;
}

/** Returns the faults without what tells the events apart. */
export const textsOf = (faults: readonly Pick<CalendarFault, 'code' | 'about'>[]): readonly string[] =>
  faults.map(({ code, about }) => `${code}: ${about}`);

/** Whether occurrences that take place can be missing among those that were read. */
export const losesOccurrences = ({ code, about }: Pick<CalendarFault, 'code' | 'about'>): boolean =>
  losing.has(code) || (code === 'malformed_property' && about === 'RDATE');

const losing: ReadonlySet<CalendarFault['code']> = new Set([
  'no_start',
  'invalid_rule',
  'event_too_large',
  'not_read',
  'no_component',
  'not_permitted',
]);

/** Receives the faults while a calendar is read. */
export type ReportFault = (fault: CalendarFault) => void;
