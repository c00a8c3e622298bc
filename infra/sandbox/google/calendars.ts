/** Stores the calendars of all accounts and their events. */
import { z } from 'zod';
import type { ChangeNotifier } from '../change-notifier.ts';
import type { GoogleSandboxSettings } from '../settings.ts';
import { GoogleError, googleErrors } from './errors.ts';
import { type StoredEvent, storedEventSchema } from './event.ts';

export interface Calendar {
  readonly id: string;
  readonly owner: string;
  readonly summary: string;
  readonly timeZone: string;
  readonly events: Map<string, StoredEvent>;
}

const storedCalendarSchema = z.object({
  id: z.string(),
  owner: z.string(),
  summary: z.string(),
  timeZone: z.string(),
  events: z.array(storedEventSchema),
});
const storedCalendarsSchema = z.object({ revision: z.int(), calendars: z.array(storedCalendarSchema) });

export interface Calendars {
  /** Creates the primary calendar of an account, if it does not exist. Its id is the name of the account. */
  open(account: string): Calendar;
  add(calendar: Omit<Calendar, 'events'>): Calendar;
  /** Returns undefined when the calendar does not exist or belongs to another account. */
  find(account: string, calendarId: string): Calendar | undefined;
  /**
   * Like `find`.
   *
   * @throws {GoogleError} Google's 404.
   */
  get(account: string, calendarId: string): Calendar;
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
  const listeners: ((calendar: Calendar) => void)[] = [];

  const add = (calendar: Omit<Calendar, 'events'>): Calendar => {
    const added = { ...calendar, events: new Map<string, StoredEvent>() };
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
    find,
    get(account, calendarId) {
      const calendar = find(account, calendarId);
      if (!calendar) throw new GoogleError(googleErrors.notFound);
      return calendar;
    },
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
      calendars: [...calendars.values()].map((calendar) => ({
        ...calendar,
        events: [...calendar.events.values()],
      })),
    }),
    load(value) {
      const held = storedCalendarsSchema.parse(value);
      revision = held.revision;
      for (const { events, ...calendar } of held.calendars) {
        calendars.set(calendar.id, {
          ...calendar,
          events: new Map(events.map((event) => [event.id, event])),
        });
      }
    },
    reset() {
      calendars.clear();
      syncEpoch += 1;
      changeNotifier.notify();
    },
  };
};
