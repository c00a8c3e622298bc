/**
 * Serves the list of an account's calendars, and their sharing:
 * https://developers.google.com/workspace/calendar/api/v3/reference/calendarList and
 * https://developers.google.com/workspace/calendar/api/v3/reference/acl
 */
import { z } from 'zod';
import { type AccessRole, accessRoles, type Calendar, type Calendars, type ListEntry } from './calendars.ts';
import { GoogleError, googleErrors } from './errors.ts';
import type { Rooms } from './rooms.ts';

const flag = z.enum(['true', 'false']).default('false');

export const calendarListQuerySchema = z.object({
  maxResults: z.coerce.number().int().min(1).max(250).default(100),
  pageToken: z.string().regex(/^\d+$/).optional(),
  minAccessRole: z.enum(accessRoles).optional(),
  showHidden: flag,
  showDeleted: flag,
});

export const listEntryBodySchema = z.object({
  hidden: z.boolean().optional(),
  summaryOverride: z.string().optional(),
});
export const newListEntrySchema = listEntryBodySchema.extend({ id: z.string().min(1) });

export const aclRuleSchema = z.object({
  role: z.enum(['none', ...accessRoles]),
  scope: z.object({ type: z.literal('user'), value: z.string().min(1) }),
});

interface Listed {
  readonly id: string;
  readonly summary: string;
  readonly timeZone: string;
  readonly accessRole: AccessRole;
  readonly isPrimary: boolean;
  readonly entry: ListEntry;
}

const listed = (
  account: string,
  { id, owner, summary, timeZone, sharedWith, entries }: Calendar,
): Listed[] => {
  const accessRole = owner === account ? 'owner' : sharedWith.get(account);
  const entry = entries.get(account) ?? (owner === account ? {} : undefined);
  if (!entry || !accessRole) return [];
  return [{ id, summary, timeZone, accessRole, isPrimary: id === account, entry }];
};

const render = ({ id, summary, timeZone, accessRole, isPrimary, entry }: Listed) => ({
  kind: 'calendar#calendarListEntry',
  id,
  summary,
  timeZone,
  accessRole,
  ...(isPrimary ? { primary: true } : {}),
  ...(entry.hidden ? { hidden: true } : { selected: true }),
  ...(entry.deleted ? { deleted: true } : {}),
  ...(entry.summaryOverride === undefined ? {} : { summaryOverride: entry.summaryOverride }),
});

/** Answers calendarList.list. */
export const listCalendars = (
  account: string,
  query: z.infer<typeof calendarListQuerySchema>,
  calendars: Pick<Calendars, 'all'>,
  rooms: Pick<Rooms, 'all'>,
  timeZone: string,
) => {
  const needed = accessRoles.indexOf(query.minAccessRole ?? 'freeBusyReader');
  const roomsListed = rooms
    .all()
    .filter(({ listedBy }) => listedBy.includes(account))
    .map(
      ({ email, name, shares }): Listed => ({
        id: email,
        summary: name,
        timeZone,
        accessRole: shares === 'events' ? 'reader' : 'freeBusyReader',
        isPrimary: false,
        entry: {},
      }),
    );
  const all = [...calendars.all().flatMap((calendar) => listed(account, calendar)), ...roomsListed].filter(
    ({ accessRole, entry }) =>
      accessRoles.indexOf(accessRole) >= needed &&
      (query.showHidden === 'true' || !entry.hidden) &&
      (query.showDeleted === 'true' || !entry.deleted),
  );
  const from = Number(query.pageToken ?? 0);
  const until = from + query.maxResults;
  return {
    kind: 'calendar#calendarList',
    ...(until < all.length ? { nextPageToken: String(until) } : { nextSyncToken: 'sandbox-calendar-list' }),
    items: all.slice(from, until).map(render),
  };
};

/** Changes the entry of a calendar in the list of an account. @throws {GoogleError} Google's 404 */
export const putEntry = (
  account: string,
  calendarId: string,
  change: ListEntry,
  { calendars, isNew = false }: { readonly calendars: Pick<Calendars, 'accessTo'>; readonly isNew?: boolean },
) => {
  const access = calendars.accessTo(account, calendarId);
  const before =
    access?.calendar.entries.get(account) ?? (access?.role === 'owner' || isNew ? {} : undefined);
  if (!access || !before) throw new GoogleError(googleErrors.notFound);
  access.calendar.entries.set(account, { ...before, ...change });
  const [entry] = listed(account, access.calendar);
  if (!entry) throw new GoogleError(googleErrors.notFound);
  return render(entry);
};
