/** Sets up a scripted CalDAV server, and what reads and writes its calendar. */
import { onTestFinished } from 'vitest';
import { createCaldavCalendar } from '../../providers/apple/calendar.ts';
import { createCaldavChanges } from '../../providers/apple/changes.ts';
import { createOutboundDispatcher } from '../../providers/outbound/dispatcher.ts';
import { createGuardedFetch } from '../../providers/outbound/guarded-fetch.ts';
import type { CalendarEvent, ListedChange, ListingPosition } from '../../providers/ports.ts';
import type { UnreadableEvents } from '../../providers/unreadable-events.ts';
import { caldavAccount } from './caldav-account.ts';
import { callContext } from './call-context.ts';
import { startScriptedCaldav } from './scripted-caldav.ts';
import { nothingStored } from './stored-events.ts';

export const listedSince = '2026-11-30T00:00:00.000Z';
export const listedAt = Date.parse('2026-12-01T00:00:00.000Z');

/** The id of the event of ours. */
export const ownEventId = 'a1b2c3d4';

/** Returns the ids of the changes, each once, sorted. */
export const idsOf = (found: readonly ListedChange[]) => [...new Set(found.map(({ id }) => id))].sort();

/** Starts the server. @param pageSize of listings */
export const setUpScriptedCaldav = async (pageSize = 50) => {
  const server = await startScriptedCaldav();
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(async () => {
    await dispatcher.destroy();
    await server.close();
  });
  const unreadable: UnreadableEvents[] = [];
  const fetchFor = (home: URL) => createGuardedFetch(dispatcher, home);
  const create = () =>
    createCaldavChanges(fetchFor, (events) => unreadable.push(events), { pageSize, now: () => listedAt });
  const changes = create();
  const account = caldavAccount(server.url);
  const listPage = (position: ListingPosition, by = changes, stored = nothingStored) =>
    by.listChanges(account, server.calendarId, position, callContext(), stored);
  const list = async (
    start: ListingPosition,
    by: () => typeof changes = () => changes,
    stored = nothingStored,
  ) => {
    const found: ListedChange[] = [];
    for (let position = start; ; ) {
      const page = await listPage(position, by(), stored);
      if (page.kind !== 'page') throw new Error(page.kind);
      found.push(...page.changes);
      if (page.nextPage === undefined) return { ids: idsOf(found), found, cursor: page.nextCursor ?? '' };
      position = { ...position, page: page.nextPage };
    }
  };
  const provider = createCaldavCalendar(fetchFor, () => {});
  const eventOf = (revision: number): CalendarEvent => ({
    calendarId: server.calendarId,
    eventId: ownEventId,
    reference: 'aud_0190c8a2-1111-7222-8333-444455556666',
    use: { name: 'ada', key: `key-${revision}` },
    summary: 'Audition',
    description: '',
    slot: { start: '2026-12-10T09:00:00.000Z', end: '2026-12-10T10:00:00.000Z', zone: 'Europe/Paris' },
    revision,
  });
  const write = (revision: number, change: Partial<CalendarEvent> = {}) =>
    provider.putEvent(account, { ...eventOf(revision), ...change }, callContext());
  const remove = (revision: number) =>
    provider.deleteEvent(account, { ...eventOf(revision), keys: [`key-${revision}`] }, callContext());
  const freeBusy = () => {
    const december = { from: '2026-12-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' } as const;
    return provider.freeBusy(account, [server.calendarId], december, callContext());
  };
  return { server, changes, list, listPage, create, unreadable, write, remove, freeBusy };
};
