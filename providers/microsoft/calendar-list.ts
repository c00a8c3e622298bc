/** Lists the calendars of a mailbox: https://learn.microsoft.com/graph/api/user-list-calendars */
import { z } from 'zod';
import type { CalendarListing } from '../../domain/calendars/calendar-listing.ts';
import { nextPageField } from '../next-page.ts';
import { operationOf } from '../operations.ts';
import { optionalField, readableEntries } from '../optional-field.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import { mainCalendar } from './calendar-name.ts';
import { type GraphClient, pathOfLink } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import { sharedCalendarsScope } from './settings.ts';

const listOperation = operationOf('microsoft', 'calendar.listCalendars');

const calendarsPerPage = 100;
/** More pages than any mailbox has. */
const maxPages = 20;

/** https://learn.microsoft.com/graph/api/resources/calendar */
const calendarSchema = z.object({
  id: z.string().min(1),
  name: optionalField(z.string()),
  isDefaultCalendar: optionalField(z.boolean()).describe('Whether it is the main calendar of the mailbox'),
  canEdit: optionalField(z.boolean()).describe('Whether the user can write to the calendar'),
  owner: optionalField(z.object({ address: optionalField(z.string()) })).describe(
    'The user, or the person who has shared the calendar',
  ),
});
type Calendar = z.infer<typeof calendarSchema>;

const pageSchema = z.object({
  value: readableEntries(calendarSchema),
  '@odata.nextLink': nextPageField,
});

/**
 * Returns the calendars that the consent covers, the main calendar first. Calendars of other people are read with
 * `Calendars.Read.Shared` only, and never written:
 * https://learn.microsoft.com/graph/outlook-get-shared-events-calendars
 *
 * @throws {ProviderError}
 */
export const listCalendars = async (
  client: GraphClient,
  connection: ConnectedAccount,
  scopes: readonly string[],
  call: CallContext,
): Promise<readonly CalendarListing[]> => {
  const all = await readCalendars(client, connection, call);
  const main = all.find(({ isDefaultCalendar }) => isDefaultCalendar);
  const isOwn = ({ owner }: Calendar): boolean =>
    !owner?.address ||
    !main?.owner?.address ||
    owner.address.toLowerCase() === main.owner.address.toLowerCase();
  const readable = all.filter((calendar) => isOwn(calendar) || scopes.includes(sharedCalendarsScope));
  return readable
    .map((calendar): CalendarListing => {
      const isMain = calendar === main;
      return {
        calendarId: isMain ? mainCalendar : calendar.id,
        ...(isMain ? { alias: calendar.id } : {}),
        name: calendar.name ?? '',
        isMain,
        isWritable: isOwn(calendar) && calendar.canEdit === true,
      };
    })
    .sort((one, other) => Number(other.isMain) - Number(one.isMain));
};

const readCalendars = async (
  client: GraphClient,
  connection: ConnectedAccount,
  call: CallContext,
): Promise<readonly Calendar[]> => {
  const calendars: Calendar[] = [];
  let path = `/me/calendars?$top=${calendarsPerPage}&$select=id,name,isDefaultCalendar,canEdit,owner`;
  for (let page = 0; page < maxPages; page += 1) {
    const answer: z.output<typeof pageSchema> = await client.exchange(
      listOperation,
      connection,
      call,
      pageSchema,
      { method: 'get', path, isOwnCalendar: true },
    );
    calendars.push(...answer.value);
    const next = answer['@odata.nextLink'];
    if (next === undefined) return calendars;
    path = pathOfLink(next);
  }
  throw graphError(listOperation, {
    code: 'too_many_calendars',
    message: `more than ${maxPages} pages of calendars`,
  });
};
