/** Stores the calendars of all mailboxes and their events. */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ChangeNotifier } from '../change-notifier.ts';
import { GraphError } from './errors.ts';
import { type StoredEvent, storedEventSchema } from './event.ts';

export interface Calendar {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly isDefault: boolean;
  /** By immutable id. */
  readonly events: Map<string, StoredEvent>;
}

/** Without `limitedRead`, which shows titles and places: https://learn.microsoft.com/graph/api/resources/calendarpermission */
export const sharingRoles = ['freeBusyRead', 'read', 'write'] as const;
type SharingRole = (typeof sharingRoles)[number];

/** A calendar that its owner shares, as the other account has it in its own mailbox. It has an id of its own there. */
const sharedCalendarSchema = z.object({
  id: z.string(),
  account: z.string(),
  calendarId: z.string(),
  role: z.enum(sharingRoles),
});
export type SharedCalendar = z.infer<typeof sharedCalendarSchema>;

const heldSchema = z.object({
  revision: z.int(),
  shared: z.array(sharedCalendarSchema).default([]),
  calendars: z.array(
    z.object({
      id: z.string(),
      owner: z.string(),
      name: z.string(),
      isDefault: z.boolean(),
      events: z.array(storedEventSchema),
    }),
  ),
});

export type EventChange = 'created' | 'updated' | 'deleted';

export interface Calendars {
  /** Returns the default calendar of the account. Creates the mailbox if it does not exist. */
  open(account: string): Calendar;
  /** @throws {GraphError} a 404 when the mailbox has no such calendar. */
  get(account: string, calendarId: string): Calendar;
  add(account: string, name: string): Calendar;
  /** Deletes a calendar with its events. */
  remove(calendar: Calendar): void;
  /** Shares a calendar with an account, which accepts it, or changes its role. The calendar keeps its id there. */
  share(calendar: Calendar, account: string, role: SharingRole): void;
  /** Returns the calendars that are shared with the account. */
  sharedWith(account: string): readonly { readonly shared: SharedCalendar; readonly calendar: Calendar }[];
  of(account: string): readonly Calendar[];
  all(): readonly Calendar[];
  put(calendar: Calendar, event: StoredEvent): void;
  /** Calls the listener with each stored event. */
  onChange(listener: (calendar: Calendar, event: StoredEvent, change: EventChange) => void): void;
  /** Returns the event that a creation with this transaction id made in the mailbox, deleted or not. */
  findTransaction(account: string, transactionId: string): StoredEvent | undefined;
  /** Returns a number that increases with every change in any calendar. */
  nextRevision(): number;
  /** The revision of the newest change. */
  readonly revision: number;
  /** Links of change queries of an earlier epoch are invalid. */
  readonly syncEpoch: number;
  /** Invalidates all links of change queries, as Graph does from time to time. */
  expireDeltaLinks(): void;
  readonly save: () => z.infer<typeof heldSchema>;
  readonly load: (value: unknown) => void;
  reset(): void;
}

/** Returns an id in the form of Exchange: it contains the mailbox, and is case-sensitive. */
export const exchangeId = (prefix: string, account: string): string =>
  `${prefix}${createHash('sha256').update(account).digest('base64url').slice(0, 24)}${randomBytes(30).toString('base64url')}=`;

/** Creates a store without mailboxes. */
export const createCalendars = (changeNotifier: ChangeNotifier): Calendars => {
  const calendars = new Map<string, Calendar>();
  let shares: readonly SharedCalendar[] = [];
  const listeners: ((calendar: Calendar, event: StoredEvent, change: EventChange) => void)[] = [];
  let revision = 1;
  let syncEpoch = 1;

  const of = (account: string) => [...calendars.values()].filter(({ owner }) => owner === account);
  const create = (account: string, name: string, isDefault: boolean): Calendar => {
    const calendar = {
      id: exchangeId('AAMkAG', account),
      owner: account,
      name,
      isDefault,
      events: new Map(),
    };
    calendars.set(calendar.id, calendar);
    changeNotifier.notify();
    return calendar;
  };

  return {
    open: (account) => of(account).find(({ isDefault }) => isDefault) ?? create(account, 'Calendar', true),
    get(account, calendarId) {
      const calendar = calendars.get(calendarId);
      if (calendar?.owner === account) return calendar;
      throw new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
    },
    add: (account, name) => create(account, name, false),
    remove(calendar) {
      calendars.delete(calendar.id);
      changeNotifier.notify();
    },
    share(calendar, account, role) {
      const isMeant = (shared: SharedCalendar) =>
        shared.calendarId === calendar.id && shared.account === account;
      const id = shares.find(isMeant)?.id ?? exchangeId('AAMkAG', account);
      const others = shares.filter((shared) => !isMeant(shared));
      shares = [...others, { id, account, calendarId: calendar.id, role }];
      changeNotifier.notify();
    },
    sharedWith: (account) =>
      shares.flatMap((shared) => {
        const calendar = shared.account === account ? calendars.get(shared.calendarId) : undefined;
        return calendar ? [{ shared, calendar }] : [];
      }),
    of,
    all: () => [...calendars.values()],
    put(calendar, event) {
      const isKnown = calendar.events.has(event.immutableId);
      calendar.events.set(event.immutableId, event);
      changeNotifier.notify();
      const change = event.deleted ? 'deleted' : isKnown ? 'updated' : 'created';
      for (const listener of listeners) listener(calendar, event, change);
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    get revision() {
      return revision;
    },
    get syncEpoch() {
      return syncEpoch;
    },
    expireDeltaLinks() {
      syncEpoch += 1;
    },
    findTransaction: (account, transactionId) =>
      of(account)
        .flatMap(({ events }) => [...events.values()])
        .find((event) => event.transactionId === transactionId),
    nextRevision() {
      revision += 1;
      return revision;
    },
    save: () => ({
      revision,
      shared: [...shares],
      calendars: [...calendars.values()].map((calendar) => ({
        ...calendar,
        events: [...calendar.events.values()],
      })),
    }),
    load(value) {
      const held = heldSchema.parse(value);
      revision = held.revision;
      shares = held.shared;
      for (const { events, ...calendar } of held.calendars) {
        calendars.set(calendar.id, {
          ...calendar,
          events: new Map(events.map((event) => [event.immutableId, event])),
        });
      }
    },
    reset() {
      calendars.clear();
      shares = [];
      syncEpoch += 1;
      changeNotifier.notify();
    },
  };
};
