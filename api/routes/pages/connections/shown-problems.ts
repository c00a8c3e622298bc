/** Prepares the problems of connections for the page: which of their calendars they concern, by the names that owners know. */
import type { StoredNames } from '../../../../db/auditions/stored-names.ts';
import type { Connection } from '../../../../db/connections/repository.ts';
import type { Repositories } from '../../../../db/index.ts';
import type { CalendarChoice } from '../../../../domain/calendars/calendar-choice.ts';
import type { ConnectionProblem } from '../../../../domain/connections/connection-problem.ts';
import { isCalendarProvider } from '../../../../domain/providers/vendors.ts';
import { calendarName } from '../../../../providers/calendar-names.ts';

export interface ShownProblem extends Pick<ConnectionProblem, 'kind' | 'since'> {
  /** Undefined: the problem is one of the whole connection, or the calendar has no known name. */
  readonly calendar:
    | { readonly kind: 'main' }
    | { readonly kind: 'named'; readonly name: string }
    | undefined;
}

/** Returns the problems of the connections that have any, the oldest first. @throws the errors of `Vault.open` */
export const readShownProblems = async (
  {
    connectionProblems,
    syncedCalendars,
    storedNames,
  }: Pick<Repositories, 'connectionProblems' | 'syncedCalendars' | 'storedNames'>,
  connections: readonly Connection[],
  choices: ReadonlyMap<string, CalendarChoice | undefined>,
): Promise<ReadonlyMap<string, readonly ShownProblem[]>> => {
  const problems = await connectionProblems.list(connections.map(({ id }) => id));
  const shown = connections
    .filter(({ id }) => problems.has(id))
    .map(async (connection) => {
      const found = problems.get(connection.id) ?? [];
      const isAboutCalendar = found.some(({ calendar }) => calendar !== undefined);
      const synced = isAboutCalendar ? await syncedCalendars.list(connection.id) : [];
      const names = isAboutCalendar ? await storedNames() : undefined;
      const choice = choices.get(connection.id);
      const nameOf = (key: string | undefined) => {
        const calendarId =
          synced.find(({ calendar }) => calendar === key)?.calendarId ??
          unsyncedIds(connection, choice).find((id) => names && storedName(names, connection, id) === key);
        return calendarId === undefined ? undefined : namedCalendar(calendarId, connection, choice);
      };
      const named = found.map(({ kind, since, calendar }) => ({ kind, since, calendar: nameOf(calendar) }));
      return [connection.id, named] as const;
    });
  return new Map(await Promise.all(shown));
};

const chosenCalendars = (choice: CalendarChoice | undefined) => [
  ...(choice?.written ? [choice.written] : []),
  ...(choice?.busy ?? []),
];

/** The calendars that are read for busy times when no audition uses them. */
const unsyncedIds = (
  { account }: Pick<Connection, 'account'>,
  choice: CalendarChoice | undefined,
): readonly string[] => [
  'primary',
  ...(account === undefined ? [] : [account]),
  ...chosenCalendars(choice).map(({ calendarId }) => calendarId),
];

const storedName = (names: StoredNames, connection: Connection, calendarId: string): string | undefined =>
  isCalendarProvider(connection.provider)
    ? names.calendar(calendarName(connection.provider, connection, calendarId))
    : undefined;

/** The id of Google's main calendar is the address of the account. */
const namedCalendar = (
  calendarId: string,
  { account }: Pick<Connection, 'account'>,
  choice: CalendarChoice | undefined,
): ShownProblem['calendar'] => {
  const name = chosenCalendars(choice).find((calendar) => calendar.calendarId === calendarId)?.name;
  if (calendarId === 'primary' || calendarId.toLowerCase() === account?.toLowerCase())
    return { kind: 'main' };
  return name ? { kind: 'named', name } : undefined;
};
