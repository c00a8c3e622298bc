/** Lists the calendars of an account: the collections with events in its calendar home (RFC 4791, section 6.2.1). */
import { createAccount, propfind } from 'tsdav';
import { z } from 'zod';
import type { CalendarListing } from '../../domain/calendars/calendar-listing.ts';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { maySendCredentials } from '../outbound/guarded-fetch.ts';
import { textValue } from './dav-values.ts';
import { appleError, userMessages } from './errors.ts';
import { type CaldavScope, exchange } from './exchange.ts';

const oneOrMore = <Item extends z.ZodType>(item: Item) =>
  z.union([z.array(item), item.transform((value) => [value])]);

const name = z.union([
  z.string(),
  z.number().transform(String),
  z.object({ _cdata: z.string() }).transform(({ _cdata }) => _cdata),
]);
const component = z.object({ _attributes: z.object({ name: z.string() }) });

const propsSchema = z.object({
  resourcetype: z.record(z.string(), z.unknown()).catch({}),
  displayname: name.optional().catch(undefined),
  supportedCalendarComponentSet: z
    .object({ comp: oneOrMore(component) })
    .optional()
    .catch(undefined),
  currentUserPrivilegeSet: z
    .object({ privilege: oneOrMore(z.record(z.string(), z.unknown())) })
    .optional()
    .catch(undefined),
});
const principalSchema = z.object({
  calendarHomeSet: z
    .object({ href: oneOrMore(textValue) })
    .optional()
    .catch(undefined),
});
type Props = z.infer<typeof propsSchema>;

/**
 * Returns the calendars for events. The homes are discovered each time, because a server can move an account.
 *
 * @throws {ProviderError}
 */
export const listCalendars = async (scope: CaldavScope): Promise<readonly CalendarListing[]> => {
  const found = new Map<string, CalendarListing>();
  const failures: unknown[] = [];
  for (const home of await findHomes(scope)) {
    try {
      for (const listing of await listHome(scope, home)) found.set(listing.calendarId, listing);
    } catch (error) {
      if (!(error instanceof ProviderError) || !isClosed(error)) throw error;
      failures.push(error);
    }
  }
  if (found.size === 0 && failures.length > 0) throw failures[0];
  return [...found.values()];
};

const closed: ReadonlySet<ProviderFaultKind> = new Set(['not_found', 'not_permitted']);

/** The home of another person can be closed to the account, or be no collection of calendars (405). */
const isClosed = ({ fault, vendor }: ProviderError): boolean =>
  closed.has(fault.kind) || vendor.status === 405;

/** Returns the URLs of the calendar homes: a principal can have several (RFC 4791, section 6.2.1). */
const findHomes = async (scope: CaldavScope): Promise<readonly string[]> => {
  const { principalUrl } = await exchange(scope, ({ serverUrl, headers, fetch }) =>
    // The home is only a placeholder, because the library reads the first one.
    createAccount({ account: { serverUrl, accountType: 'caldav', homeUrl: serverUrl }, headers, fetch }),
  );
  const answers = await exchange(scope, ({ serverUrl, headers, fetch }) =>
    propfind({
      url: principalUrl ?? serverUrl,
      depth: '0',
      props: { 'c:calendar-home-set': {} },
      headers,
      fetch,
    }),
  );
  const homes = answers.flatMap(
    ({ props }) => principalSchema.parse(props ?? {}).calendarHomeSet?.href ?? [],
  );
  if (principalUrl === undefined || homes.length === 0) {
    throw appleError(scope.operation, { code: 'no_calendar_server', message: userMessages.noCalendarServer });
  }
  return homes.map((home) => new URL(home, principalUrl).href);
};

const listHome = async (scope: CaldavScope, homeUrl: string): Promise<readonly CalendarListing[]> => {
  const answers = await exchange(scope, ({ headers, fetch }) =>
    propfind({
      url: homeUrl,
      depth: '1',
      props: {
        'd:resourcetype': {},
        'd:displayname': {},
        'c:supported-calendar-component-set': {},
        'd:current-user-privilege-set': {},
      },
      headers,
      fetch,
    }),
  );
  return answers.flatMap(({ href, props }) => {
    const parsed = propsSchema.safeParse(props ?? {});
    if (href === undefined || !parsed.success || !holdsEvents(parsed.data)) return [];
    return [
      {
        calendarId: calendarIdOf(href, homeUrl),
        name: parsed.data.displayname ?? '',
        isMain: false,
        isWritable: isWritable(parsed.data),
      },
    ];
  });
};

/** A server behind a proxy can name an address of its own, which gets no password. */
const calendarIdOf = (href: string, homeUrl: string): string => {
  const [home, named] = [new URL(homeUrl), new URL(href, homeUrl)];
  return maySendCredentials(home, named) ? named.href : new URL(named.pathname, home).href;
};

/** A calendar that names no components holds all of them (RFC 4791, section 5.2.3). */
const holdsEvents = ({ resourcetype, supportedCalendarComponentSet }: Props): boolean =>
  'calendar' in resourcetype &&
  (supportedCalendarComponentSet?.comp.some(({ _attributes }) => _attributes.name === 'VEVENT') ?? true);

const writing = ['all', 'write', 'writeContent', 'bind'];

/** A server that names no privileges is believed to permit writing, until it refuses. */
const isWritable = ({ currentUserPrivilegeSet }: Props): boolean =>
  currentUserPrivilegeSet?.privilege.some((privilege) => writing.some((right) => right in privilege)) ?? true;
