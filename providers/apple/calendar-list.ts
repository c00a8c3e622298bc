/** Lists the calendars of an account: the collections with events in its calendar home (RFC 4791, section 6.2.1). */
import { propfind } from 'tsdav';
import { z } from 'zod';
import type { CalendarListing } from '../../domain/calendars/calendar-listing.ts';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { addressAt, discoverHomes, fetchAt } from './discovery.ts';
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

/** Returns the calendar homes: a principal can have several (RFC 4791, section 6.2.1). */
const findHomes = async (scope: CaldavScope): Promise<readonly string[]> => {
  const found = await exchange(scope, discoverHomes);
  if (!found) {
    throw appleError(scope.operation, { code: 'no_calendar_server', message: userMessages.noCalendarServer });
  }
  return found.homes;
};

const listHome = async (scope: CaldavScope, named: string): Promise<readonly CalendarListing[]> => {
  const { answers, homeUrl } = await exchange(scope, async ({ serverUrl, headers, fetch }) => {
    const server = new URL(serverUrl);
    const answers = await propfind({
      url: named,
      depth: '1',
      props: {
        'd:resourcetype': {},
        'd:displayname': {},
        'c:supported-calendar-component-set': {},
        'd:current-user-privilege-set': {},
      },
      headers,
      fetch: fetchAt(fetch, server),
    });
    return { answers, homeUrl: addressAt(server, new URL(named)) };
  });
  return answers.flatMap(({ href, props }) => {
    const parsed = propsSchema.safeParse(props ?? {});
    if (href === undefined || !parsed.success || !holdsEvents(parsed.data)) return [];
    return [
      {
        calendarId: addressAt(homeUrl, new URL(href, homeUrl)).href,
        name: parsed.data.displayname ?? '',
        isMain: false,
        isWritable: isWritable(parsed.data),
      },
    ];
  });
};

/** A calendar that names no components holds all of them (RFC 4791, section 5.2.3). */
const holdsEvents = ({ resourcetype, supportedCalendarComponentSet }: Props): boolean =>
  'calendar' in resourcetype &&
  (supportedCalendarComponentSet?.comp.some(({ _attributes }) => _attributes.name === 'VEVENT') ?? true);

const writing = ['all', 'write', 'writeContent', 'bind'];

/** A server that names no privileges is believed to permit writing, until it refuses. */
const isWritable = ({ currentUserPrivilegeSet }: Props): boolean =>
  currentUserPrivilegeSet?.privilege.some((privilege) => writing.some((right) => right in privilege)) ?? true;
