/**
 * Reads the list of calendars of an account:
 * https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list
 */
import { z } from 'zod';
import type { CalendarListing } from '../../domain/calendars/calendar-listing.ts';
import { nextPageField } from '../next-page.ts';
import { operationOf } from '../operations.ts';
import { optionalField, readableEntries } from '../optional-field.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import { readPages } from './pages.ts';

/** The most calendars in one page. */
const calendarsPerPage = 250;

/** The id of a room's calendar is its address. */
const roomDomain = '@resource.calendar.google.com';

/** https://developers.google.com/workspace/calendar/api/v3/reference/calendarList */
const entrySchema = z.object({
  id: z.string().min(1).describe('An address; for the main calendar, that of the account'),
  summary: optionalField(z.string()).describe('The name that the owner of the calendar has given'),
  summaryOverride: optionalField(z.string()).describe('The name that the account sees instead'),
  primary: optionalField(z.boolean()).describe('Whether it is the main calendar of the account'),
  accessRole: optionalField(z.string()).describe(
    'freeBusyReader, reader, writerWithoutPrivateAccess, writer or owner',
  ),
  deleted: optionalField(z.boolean()).describe('Whether the account has removed it from the list'),
});
type Entry = z.infer<typeof entrySchema>;

const pageSchema = z.object({
  nextPageToken: nextPageField.describe('Absent on the last page'),
  items: readableEntries(entrySchema).default([]),
});

/** Returns the entries of the list. A calendar that the account hides in its list is still one of them. */
const readEntries = (
  client: GoogleClient,
  operation: Parameters<GoogleClient['exchange']>[0],
  connection: ConnectedAccount,
  call: CallContext,
): Promise<readonly Entry[]> =>
  readPages(operation, (page) =>
    client.exchange(operation, connection, call, pageSchema, (calendar, options) =>
      calendar.calendarList.list({ maxResults: calendarsPerPage, showHidden: true, ...page }, options),
    ),
  );

const isRoom = ({ id }: Entry): boolean => id.toLowerCase().endsWith(roomDomain);

const nameOf = ({ summary, summaryOverride }: Entry): string => summaryOverride ?? summary ?? '';

/** The roles with which events can be written. A role that Google adds later is taken for one that cannot. */
const writingRoles: ReadonlySet<string> = new Set(['owner', 'writer', 'writerWithoutPrivateAccess']);

const listCalendarsOperation = operationOf('google', 'calendar.listCalendars');

/** Returns the calendars of the account without its rooms, the main calendar first. */
export const listCalendars = async (
  client: GoogleClient,
  connection: ConnectedAccount,
  call: CallContext,
): Promise<readonly CalendarListing[]> => {
  const entries = await readEntries(client, listCalendarsOperation, connection, call);
  return entries
    .filter((entry) => !entry.deleted && !isRoom(entry))
    .map(
      (entry): CalendarListing => ({
        calendarId: entry.primary ? 'primary' : entry.id,
        ...(entry.primary ? { alias: entry.id } : {}),
        name: nameOf(entry),
        isMain: entry.primary ?? false,
        isWritable: writingRoles.has(entry.accessRole ?? ''),
      }),
    )
    .sort((one, other) => Number(other.isMain) - Number(one.isMain));
};

/** Returns the rooms that the person has added to the list of calendars, with their address as id. */
export const listRoomEntries = async (
  client: GoogleClient,
  operation: Parameters<GoogleClient['exchange']>[0],
  connection: ConnectedAccount,
  call: CallContext,
): Promise<readonly { readonly id: string; readonly name: string }[]> => {
  const entries = await readEntries(client, operation, connection, call);
  return entries.filter(isRoom).map((entry) => ({ id: entry.id, name: nameOf(entry) }));
};
