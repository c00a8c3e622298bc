/** Stores the calendars of all accounts and their events. */
import { z } from 'zod';
import type { ChangeNotifier } from '../change-notifier.ts';
import type { GoogleSandboxSettings } from '../settings.ts';
import { GoogleError, googleErrors } from './errors.ts';
import { type StoredEvent, storedEventSchema } from './event.ts';

/** The roles of people at a calendar, the weakest first: https://developers.google.com/workspace/calendar/api/concepts/sharing */
export const accessRoles = ['freeBusyReader', 'reader', 'writer', 'owner'] as const;
export type AccessRole = (typeof accessRoles)[number];

export interface Calendar {
  readonly id: string;
  readonly owner: string;
  readonly summary: string;
  readonly timeZone: string;
  readonly events: Map<string, StoredEvent>;
  /** The roles of the accounts with which the owner shares the calendar. */
  readonly sharedWith: Map<string, AccessRole>;
  /** How accounts have the calendar in their list. The owner's entry exists without it. */
  readonly entries: Map<string, ListEntry>;
}
type NewCalendar = Omit<Calendar, 'events' | 'sharedWith' | 'entries'>;

const listEntrySchema = z.object({
  hidden: z.boolean().optional(),
  deleted: z.boolean().optional(),
  summaryOverride: z.string().optional(),
});
export type ListEntry = z.infer<typeof listEntrySchema>;

const storedCalendarSchema = z.object({
  id: z.string(),
  owner: z.string(),
  summary: z.string(),
  timeZone: z.string(),
  events: z.array(storedEventSchema),
  sharedWith: z.array(z.tuple([z.string(), z.enum(accessRoles)])).default([]),
  entries: z.array(z.tuple([z.string(), listEntrySchema])).default([]),
});
const storedCalendarsSchema = z.object({
  revision: z.int(),
  calendars: z.array(storedCalendarSchema),
  sharedAt: z.array(z.tuple([z.string(), z.int()])).default([]),
});

export interface Calendars {
  /** Creates the primary calendar of an account, if it does not exist. Its id is the name of the account. */
  open(account: string): Calendar;
  add(calendar: NewCalendar): Calendar;
  /** Deletes a calendar with its events. */
  remove(calendar: Calendar): void;
  /** Returns undefined when the calendar does not exist or belongs to another account. */
  find(account: string, calendarId: string): Calendar | undefined;
  /**
   * Like `find`.
   *
   * @throws {GoogleError} Google's 404.
   */
  get(account: string, calendarId: string): Calendar;
  /** Returns the role of the account at a calendar of its own or of another account; undefined without access. */
  accessTo(account: string, calendarId: string): { calendar: Calendar; role: AccessRole } | undefined;
  /** Changes the role of an account at the calendar. Sync tokens of the calendar become invalid. */
  share(calendar: Calendar, account: string, role: AccessRole | 'none'): void;
  /** The revision of the latest change of a role at the calendar; 0 before the first one. */
  sharedAt(calendar: Calendar): number;
  of(account: string): readonly Calendar[];
  all(): readonly Calendar[];
  put(calendar: Calendar, event: StoredEvent): void;
  /** Calls the listener with the calendar of each stored event. */
  onChange(listener: (calendar: Calendar) => void): void;
  /** Returns a number that increases with every change in any calendar. */
  nextRevision(): number;
  /** The revision of the newest change. */
  readonly revision: number;
  /** Sync tokens of an earlier epoch are invalid. */
  readonly syncEpoch: number;
  /** Invalidates all sync tokens, as Google does from time to time. */
  expireSyncTokens(): void;
  readonly save: () => z.infer<typeof storedCalendarsSchema>;
  readonly load: (value: unknown) => void;
  reset(): void;
}

/** Creates a store without calendars. */
export const createCalendars = (
  settings: GoogleSandboxSettings,
  changeNotifier: ChangeNotifier,
): Calendars => {
  const calendars = new Map<string, Calendar>();
  let revision = 1;
  let syncEpoch = 1;
  const sharedAt = new Map<string, number>();
  const listeners: ((calendar: Calendar) => void)[] = [];

  const add = (calendar: NewCalendar): Calendar => {
    const added = { ...calendar, events: new Map(), sharedWith: new Map(), entries: new Map() };
    calendars.set(calendar.id, added);
    changeNotifier.notify();
    return added;
  };
  const open = (account: string): Calendar =>
    calendars.get(account) ??
    add({ id: account, owner: account, summary: account, timeZone: settings.timeZone });
  const find = (account: string, calendarId: string) => {
    const calendar = calendars.get(calendarId === 'primary' ? account : calendarId);
    return calendar?.owner === account ? calendar : undefined;
  };

  return {
    open,
    add,
    remove(calendar) {
      calendars.delete(calendar.id);
      changeNotifier.notify();
    },
    find,
    accessTo(account, calendarId) {
      const calendar = calendars.get(calendarId === 'primary' ? account : calendarId);
      const role = calendar?.owner === account ? 'owner' : calendar?.sharedWith.get(account);
      return calendar && role && { calendar, role };
    },
    get(account, calendarId) {
      const calendar = find(account, calendarId);
      if (!calendar) throw new GoogleError(googleErrors.notFound);
      return calendar;
    },
    share(calendar, account, role) {
      if (role === 'none') calendar.sharedWith.delete(account);
      else calendar.sharedWith.set(account, role);
      revision += 1;
      sharedAt.set(calendar.id, revision);
      changeNotifier.notify();
    },
    sharedAt: ({ id }) => sharedAt.get(id) ?? 0,
    of: (account) => [...calendars.values()].filter((calendar) => calendar.owner === account),
    all: () => [...calendars.values()],
    put(calendar, event) {
      calendar.events.set(event.id, event);
      changeNotifier.notify();
      for (const listener of listeners) listener(calendar);
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    nextRevision() {
      revision += 1;
      return revision;
    },
    get revision() {
      return revision;
    },
    get syncEpoch() {
      return syncEpoch;
    },
    expireSyncTokens() {
      syncEpoch += 1;
    },
    save: () => ({
      revision,
      sharedAt: [...sharedAt],
      calendars: [...calendars.values()].map((calendar) => ({
        ...calendar,
        events: [...calendar.events.values()],
        sharedWith: [...calendar.sharedWith],
        entries: [...calendar.entries],
      })),
    }),
    load(value) {
      const held = storedCalendarsSchema.parse(value);
      revision = held.revision;
      for (const [id, at] of held.sharedAt) sharedAt.set(id, at);
      for (const { events, sharedWith, entries, ...calendar } of held.calendars) {
        calendars.set(calendar.id, {
          ...calendar,
          sharedWith: new Map(sharedWith),
          entries: new Map(entries),
          events: new Map(events.map((event) => [event.id, event])),
        });
      }
    },
    reset() {
      calendars.clear();
      sharedAt.clear();
      syncEpoch += 1;
      changeNotifier.notify();
    },
  };
};
