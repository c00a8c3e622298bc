/**
 * The choice of calendars of a connected account: to which one events are written, and which ones count as busy besides.
 * The written calendar always counts as busy.
 */
import { Refusal } from '../errors.ts';
import { type CalendarProviderName, calendarVendors } from '../providers/vendors.ts';
import type { CalendarListing } from './calendar-listing.ts';

/** The most calendars of an account that count as busy. Each one costs a request for each audition. */
export const mostBusyCalendars = 20;

/** A chosen calendar, with the name that it had then: a calendar that no longer exists can still be named. */
interface ChosenCalendar {
  readonly calendarId: string;
  readonly name: string;
}

export interface CalendarChoice {
  /** Undefined: the main calendar of the account. */
  readonly written?: ChosenCalendar | undefined;
  readonly busy: readonly ChosenCalendar[];
}

/** The id of the main calendar, where the provider has one. */
const mainCalendar = 'primary';

/** Returns the id of the calendar to which events are written; undefined when it must be chosen first. */
export const writtenCalendarOf = (
  provider: CalendarProviderName,
  choice: CalendarChoice | undefined,
): string | undefined =>
  choice?.written?.calendarId ?? (calendarVendors[provider].hasMainCalendar ? mainCalendar : undefined);

const isListedAs =
  (id: string) =>
  ({ calendarId, alias }: CalendarListing): boolean =>
    calendarId === id || alias === id;

/**
 * Returns the choice of calendars by their ids.
 * @throws {Refusal} `unknown_calendar`, `calendar_not_writable`, `duplicate_calendar`
 */
export const chooseCalendars = (
  listed: readonly CalendarListing[],
  { written, busy }: { readonly written?: string | undefined; readonly busy: readonly string[] },
): CalendarChoice => {
  const find = (id: string, pointer: string): CalendarListing => {
    const calendar = listed.find(isListedAs(id));
    if (calendar) return calendar;
    throw new Refusal(
      'unknown_calendar',
      'The account has no such calendar, or it is no longer shared with the account.',
      'Choose a calendarId from GET /v1/connections/{id}/calendars.',
      [pointer],
    );
  };
  const toWrite = written === undefined ? undefined : find(written, '/written');
  if (toWrite && !toWrite.isWritable) {
    throw new Refusal(
      'calendar_not_writable',
      'The account cannot write events to this calendar.',
      'Choose a calendar with isWritable, or list this one in `busy`.',
      ['/written'],
    );
  }
  const toRead = busy.map((id, index) => find(id, `/busy/${index}`));
  const twice = toRead.findIndex((calendar, index) => toRead.indexOf(calendar) !== index);
  if (twice >= 0) {
    throw new Refusal('duplicate_calendar', 'A calendar is listed twice.', 'List each calendar once.', [
      `/busy/${twice}`,
    ]);
  }
  return {
    ...(toWrite ? { written: chosen(toWrite) } : {}),
    busy: toRead.map(chosen),
  };
};

const chosen = ({ calendarId, name }: CalendarListing): ChosenCalendar => ({ calendarId, name });

/** A calendar with what was chosen for it. */
export interface CalendarInChoice {
  readonly calendarId: string;
  readonly name: string;
  readonly isMain: boolean;
  readonly isWritable: boolean;
  readonly isWritten: boolean;
  readonly isBusy: boolean;
  /** Whether the calendar was chosen, and no longer exists for the account. */
  readonly isMissing: boolean;
}

/** Returns the calendars of an account, and after them those that were chosen and no longer exist. */
export const withChoice = (
  provider: CalendarProviderName,
  listed: readonly CalendarListing[],
  choice: CalendarChoice | undefined,
): readonly CalendarInChoice[] => {
  const written = writtenCalendarOf(provider, choice);
  const busy = new Set(choice?.busy.map(({ calendarId }) => calendarId));
  const chosenFor = (id: string) => ({
    isWritten: id === written && calendarVendors[provider].isWritable,
    isBusy: id === written || busy.has(id),
  });
  const present = listed.map(({ calendarId, name, isMain, isWritable }) => ({
    calendarId,
    name,
    isMain,
    isWritable,
    ...chosenFor(calendarId),
    isMissing: false,
  }));
  const known = [...(choice?.written ? [choice.written] : []), ...(choice?.busy ?? [])];
  const missing = known.filter(
    ({ calendarId }, index) =>
      !listed.some(isListedAs(calendarId)) &&
      known.findIndex((other) => other.calendarId === calendarId) === index,
  );
  return [
    ...present,
    ...missing.map(({ calendarId, name }) => ({
      calendarId,
      name,
      isMain: false,
      isWritable: false,
      ...chosenFor(calendarId),
      isMissing: true,
    })),
  ];
};
