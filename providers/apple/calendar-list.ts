/** Lists the calendars of an account: the collections with events in its calendar home (RFC 4791, section 6.2.1). */
import { createAccount, propfind } from 'tsdav';
import { z } from 'zod';
import type { CalendarListing } from '../../domain/calendars/calendar-listing.ts';
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
 * Returns the calendars for events. The home is discovered each time, because a server can move an account.
 *
 * @throws {ProviderError}
 */
export const listCalendars = async (scope: CaldavScope): Promise<readonly CalendarListing[]> => {
  const { homeUrl } = await exchange(scope, ({ serverUrl, headers, fetch }) =>
    createAccount({ account: { serverUrl, accountType: 'caldav' }, headers, fetch }),
  );
  if (!homeUrl) {
    throw appleError(scope.operation, { code: 'no_calendar_server', message: userMessages.noCalendarServer });
  }
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
    const calendarId = new URL(href, homeUrl).href;
    return [
      {
        calendarId,
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
