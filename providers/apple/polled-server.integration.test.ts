/** Tests the changes of calendars at a server that cannot list changes: its resources are compared with the stored ones. */
import { describe, expect, it } from 'vitest';
import { day } from '../../domain/time/units.ts';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import {
  idsOf,
  listedAt,
  setUpScriptedCaldav,
  listedSince as since,
} from '../../tests/harness/scripted-caldav-bench.ts';
import { storedEtags } from '../../tests/harness/stored-events.ts';
import type { ListedChange, ListingPosition } from '../ports.ts';

const single = (uid: string, start = '20261210T090000Z', ...lines: readonly string[]) =>
  calendarText(...event(`UID:${uid}`, `DTSTART:${start}`, 'DURATION:PT1H', ...lines));

const isRecent = ({ event: listed }: ListedChange) =>
  listed !== undefined && Date.parse(listed.end) > listedAt - day;

/** Stores pages as the database does, so that the next listing is compared with them. */
const setup = async (pageSize = 50) => {
  const bench = await setUpScriptedCaldav(pageSize);
  bench.server.ways.hasTokens = false;
  const stored = new Map<string, ListedChange>();
  const etags = () =>
    new Map(
      [...stored.values()].filter(isRecent).map(({ series = '', event: listed }) => [series, listed?.etag]),
    );
  const list = async (start: ListingPosition, by?: Parameters<typeof bench.listPage>[1]) => {
    const found: ListedChange[] = [];
    const unread: string[] = [];
    for (let position = start; ; ) {
      const page = await bench.listPage(position, by, storedEtags(etags));
      if (page.kind !== 'page') throw new Error(page.kind);
      found.push(...page.changes);
      unread.push(
        ...(page.leftOut?.events ?? []).flatMap((item) => (item.by === 'series' ? [item.series] : [])),
      );
      for (const change of page.changes) {
        if (change.event) stored.set(change.id, change);
        else for (const [id, { series }] of stored) if ([id, series].includes(change.id)) stored.delete(id);
      }
      if (page.nextPage === undefined) {
        return { found, ids: idsOf(found), unread, cursor: page.nextCursor ?? '' };
      }
      position = { ...position, page: page.nextPage };
    }
  };
  return { ...bench, list, stored };
};

describe('a CalDAV server that cannot list changes', () => {
  it('has not deleted an event that its query by time omits', async () => {
    const { server, list } = await setup();
    for (const uid of ['kept', 'omitted']) server.store(uid, single(uid));
    const { cursor } = await list({ kind: 'all', since });
    server.unplaced.add('omitted.ics');
    const changed = await list({ kind: 'changes', cursor });
    expect(changed.found).toEqual([]);
    server.sent.length = 0;
    const again = await list({ kind: 'changes', cursor: changed.cursor });
    expect(again.found).toEqual([]);
    expect(server.sent).toEqual([]);
    server.store('omitted', undefined);
    expect((await list({ kind: 'changes', cursor: again.cursor })).ids).toEqual(['/omitted.ics', 'omitted']);
  });

  it('lists an event of ours that was moved into the past as moved', async () => {
    const { server, list, write } = await setup();
    await write(1);
    const { cursor, ids } = await list({ kind: 'all', since });
    const [id = ''] = ids;
    const text = server.text(id) ?? '';
    server.store(id, text.replaceAll('20261210', '20261010'));
    server.unplaced.add(`${id}.ics`);
    expect((await list({ kind: 'changes', cursor })).found).toMatchObject([
      { id, mark: { revision: 1 }, event: { start: '2026-10-10T09:00:00.000Z' } },
    ]);
  });

  it('has not deleted an event that neither its query nor its answer about the resource contains', async () => {
    const { server, list } = await setup();
    for (const uid of ['kept', 'omitted']) server.store(uid, single(uid));
    const { cursor } = await list({ kind: 'all', since });
    server.unplaced.add('omitted.ics');
    server.omitted.add('omitted.ics');
    const changed = await list({ kind: 'changes', cursor });
    expect(changed.found).toEqual([]);
    const all = await list({ kind: 'all', since });
    expect(all.unread).toEqual(['/omitted.ics']);
    server.store('omitted', undefined);
    expect((await list({ kind: 'changes', cursor: all.cursor })).ids).toEqual(['/omitted.ics', 'omitted']);
  });

  it('keeps an event as unread that the account may not read any more', async () => {
    const { server, list } = await setup();
    for (const uid of ['kept', 'denied']) server.store(uid, single(uid));
    const { cursor } = await list({ kind: 'all', since });
    server.unplaced.add('denied.ics');
    server.refused.set('denied.ics', '403 Forbidden');
    const changed = await list({ kind: 'changes', cursor });
    expect(changed).toMatchObject({ found: [], unread: ['/denied.ics'] });
  });
});

describe.each([400, 403, 501])('a CalDAV server that refuses queries by time with %i', (refusal) => {
  it('is read resource by resource, and later only what has changed', async () => {
    const { server, list, create } = await setup(7);
    server.ways.timeQueries = refusal;
    for (let n = 0; n < 20; n += 1) server.store(`past-${n}`, single(`past-${n}`, '20250110T090000Z'));
    server.store('damaged', single('damaged').replace('DTSTART', 'DTSTAMP'));
    for (const uid of ['one', 'two']) server.store(uid, single(uid));
    const all = await list({ kind: 'all', since });
    expect(all.ids).toEqual(['one', 'two']);
    server.sent.length = 0;
    const unchanged = await list({ kind: 'changes', cursor: all.cursor }, create());
    expect(unchanged.found).toEqual([]);
    expect(server.sent).toEqual([]);

    server.store('one', undefined);
    server.store('past-3', single('past-3', '20261211T090000Z'));
    server.store('past-4', single('past-4', '20250111T090000Z'));
    const changed = await list({ kind: 'changes', cursor: unchanged.cursor }, create());
    expect(changed.ids).toEqual(['/one.ics', '/past-4.ics', 'one', 'past-3', 'past-4']);
    expect(server.sent).toEqual(['past-3.ics', 'past-4.ics']);
    server.sent.length = 0;
    await list({ kind: 'changes', cursor: changed.cursor }, create());
    expect(server.sent).toEqual([]);
  });
});
