/** Sets up a CalDAV server of another vendor, and what connects its account, reads and writes its calendar. */
import { onTestFinished } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { createAppleAuthorizer } from '../../providers/apple/account.ts';
import { createCaldavCalendar } from '../../providers/apple/calendar.ts';
import { createCaldavChanges } from '../../providers/apple/changes.ts';
import { createOutboundDispatcher } from '../../providers/outbound/dispatcher.ts';
import { createGuardedFetch } from '../../providers/outbound/guarded-fetch.ts';
import type { CalendarEvent, ListedChange, ListingPosition } from '../../providers/ports.ts';
import { caldavAccount } from './caldav-account.ts';
import { caldavUser } from './caldav-user.ts';
import { callContext } from './call-context.ts';
import { nothingStored } from './stored-events.ts';
import { startVendorCaldav, type VendorWays } from './vendor-caldav.ts';

/** The id of the event of ours. */
export const vendorEventId = 'a1b2c3d4@castmatch';

const now = () => Date.parse('2026-12-01T00:00:00.000Z');

/** Starts the server for one test. */
export const setUpVendorCaldav = async (ways: Partial<VendorWays> = {}) => {
  const server = await startVendorCaldav(ways);
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(async () => {
    await dispatcher.destroy();
    await server.close();
  });
  const fetchFor = (home: URL) => createGuardedFetch(dispatcher, home);
  const provider = createCaldavCalendar(fetchFor, () => {});
  const changes = createCaldavChanges(fetchFor, () => {}, { pageSize: 2, now });
  const authorizer = createAppleAuthorizer({ caldavUrl: server.url }, fetchFor);
  let rejections = 0;
  const account = caldavAccount(server.url, { onRejected: () => (rejections += 1) });
  const eventOf = (revision: number, start: Instant = '2026-12-10T09:00:00.000Z'): CalendarEvent => ({
    calendarId: server.calendarId,
    eventId: vendorEventId,
    reference: 'aud_0190c8a2-1111-7222-8333-444455556666',
    use: { name: 'ada', key: `key-${revision}` },
    summary: 'Audition & reading <2>',
    description: '',
    slot: { start, end: toInstant(Date.parse(start) + 3_600_000), zone: 'Europe/Paris' },
    revision,
  });
  return {
    server,
    /** How often the password was reported as rejected. */
    rejections: () => rejections,
    connect: () => authorizer.connect(caldavUser, callContext()),
    calendars: () => provider.calendarList.list(account, [], callContext()),
    write: (revision: number, start?: Instant) =>
      provider.putEvent(account, eventOf(revision, start), callContext()),
    remove: (revision: number) =>
      provider.deleteEvent(account, { ...eventOf(revision), keys: [`key-${revision}`] }, callContext()),
    busy: async () => {
      const december = { from: '2026-12-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' } as const;
      const times = await provider.freeBusy(account, [server.calendarId], december, callContext());
      return times.map(({ start }) => start).toSorted();
    },
    list: async (start: ListingPosition) => {
      const found: ListedChange[] = [];
      for (let position = start; ; ) {
        const page = await changes.listChanges(
          account,
          server.calendarId,
          position,
          callContext(),
          nothingStored,
        );
        if (page.kind !== 'page') throw new Error(page.kind);
        found.push(...page.changes);
        if (page.nextPage === undefined) {
          return { ids: [...new Set(found.map(({ id }) => id))].toSorted(), cursor: page.nextCursor ?? '' };
        }
        position = { ...position, page: page.nextPage };
      }
    },
  };
};
