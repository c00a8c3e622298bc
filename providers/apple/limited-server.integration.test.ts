/** Tests the changes of calendars at a server that cuts off its answers and stores what others refuse. */
import { describe, expect, it } from 'vitest';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import {
  idsOf,
  setUpScriptedCaldav as setup,
  listedSince as since,
} from '../../tests/harness/scripted-caldav-bench.ts';
import { storedEtags } from '../../tests/harness/stored-events.ts';
import type { ListingPosition, StoredEvents } from '../ports.ts';

const single = (uid: string, ...lines: readonly string[]) =>
  calendarText(...event(`UID:${uid}`, 'DTSTART:20261210T090000Z', 'DURATION:PT1H', ...lines));

const description = (megabytes: number) => `DESCRIPTION:${'x'.repeat(megabytes * 1_000_000)}`;
const named = (count: number, prefix = 'event') =>
  Array.from({ length: count }, (_, n) => `${prefix}-${String(n).padStart(4, '0')}`);

describe('a CalDAV server that refuses one resource', () => {
  it('is not believed to have deleted it when it fails', async () => {
    const { server, list } = await setup();
    for (const uid of ['kept', 'refused']) server.store(uid, single(uid));
    server.refused.set('refused.ics', '500 Internal Server Error');
    await expect(list({ kind: 'all', since })).rejects.toThrow('answered 500 for a resource');
    server.refused.clear();
    expect((await list({ kind: 'all', since })).ids).toHaveLength(2);
  });

  it('keeps the resource as unread, and the rest is read', async () => {
    const { server, list, listPage, unreadable } = await setup();
    for (const uid of ['kept', 'refused']) server.store(uid, single(uid));
    server.refused.set('refused.ics', '403 Forbidden');
    const page = await listPage({ kind: 'all', since });
    if (page.kind !== 'page') throw new Error(page.kind);
    expect(idsOf(page.changes)).toEqual(['kept']);
    expect(page.wholeSeries).toEqual(['/kept.ics']);
    expect(page.leftOut).toMatchObject({
      events: expect.arrayContaining([{ by: 'series', series: '/refused.ics' }]),
      faults: ['not_permitted: VCALENDAR'],
    });
    expect(unreadable).toMatchObject([{ count: 1, faults: ['not_permitted: VCALENDAR'] }]);
    server.store('refused', single('refused', 'SUMMARY:Changed'));
    const changed = await listPage({ kind: 'changes', cursor: page.nextCursor ?? '' });
    expect(changed).toMatchObject({ changes: [], leftOut: { faults: ['not_permitted: VCALENDAR'] } });
    server.refused.clear();
    expect((await list({ kind: 'all', since })).ids).toHaveLength(2);
  });

  it('reads a denied resource on a later page as unread', async () => {
    const { server, list, unreadable } = await setup(1);
    for (const uid of ['kept', 'refused']) server.store(uid, single(uid));
    server.refused.set('refused.ics', '403 Forbidden');
    expect((await list({ kind: 'all', since })).ids).toEqual(['kept']);
    expect(unreadable).toHaveLength(1);
  });

  it('hides the calendar when it refuses all resources', async () => {
    const { server, list } = await setup();
    for (const uid of ['one', 'two']) {
      server.store(uid, single(uid));
      server.refused.set(`${uid}.ics`, '403 Forbidden');
    }
    await expect(list({ kind: 'all', since })).rejects.toMatchObject({ fault: { kind: 'not_permitted' } });
  });

  it('does not take an event of ours for a missing one', async () => {
    const { server, write } = await setup();
    await write(1);
    server.refused.set('a1b2c3d4.ics', '403 Forbidden');
    await expect(write(2)).rejects.toMatchObject({ fault: { kind: 'not_permitted' } });
  });
});

describe('a CalDAV server that cuts off its answers', () => {
  it('is asked for the rest, at first and later', async () => {
    const { server, list } = await setup();
    for (const uid of named(25)) server.store(uid, single(uid));
    server.limit = 10;
    const all = await list({ kind: 'all', since });
    expect(all.ids).toEqual(named(25));
    const later = named(25, 'later');
    for (const uid of later) server.store(uid, single(uid));
    server.store('event-0003', undefined);
    const changed = await list({ kind: 'changes', cursor: all.cursor });
    expect(changed.ids).toEqual(['/event-0003.ics', 'event-0003', ...later]);
    expect((await list({ kind: 'changes', cursor: changed.cursor })).ids).toEqual([]);
  });

  it('loses nothing when each page is read by another process and the calendar changes meanwhile', async () => {
    const { server, list, create } = await setup(3);
    for (const uid of named(12)) server.store(uid, single(uid));
    server.limit = 5;
    let pages = 0;
    const all = await list({ kind: 'all', since }, () => {
      pages += 1;
      if (pages === 3) server.store('event-0001', undefined);
      if (pages === 4) server.store('aaa', single('aaa'));
      return create();
    });
    const { ids } = await list({ kind: 'changes', cursor: all.cursor });
    const known = new Set([...all.ids, ...ids]);
    for (const uid of [...named(12), 'aaa', '/event-0001.ics']) expect(known).toContain(uid);
  });
});

const setUpStuck = async () => {
  const bench = await setup();
  bench.server.ways.keepsToken = true;
  /** Lists as `list` does, and fails when there is no end. */
  const listToEnd = (start: ListingPosition, stored?: StoredEvents) => {
    let pages = 0;
    const next = () => {
      pages += 1;
      if (pages > 20) throw new Error('the listing has no end');
      return bench.changes;
    };
    return bench.list(start, next, stored);
  };
  return { ...bench, listToEnd };
};

describe('a CalDAV server that cuts off its answers and names the same state again', () => {
  it('is compared when it lists changes', async () => {
    const { server, listToEnd } = await setUpStuck();
    for (const uid of named(3)) server.store(uid, single(uid));
    const { cursor } = await listToEnd({ kind: 'all', since });
    for (const uid of named(12, 'later')) server.store(uid, single(uid));
    server.store('event-0001', undefined);
    server.limit = 5;
    server.ways.timeQueries = 501;
    const stored = storedEtags(() => new Map(named(3).map((uid, n) => [`/${uid}.ics`, `"${n + 1}"`])));
    const changed = await listToEnd({ kind: 'changes', cursor }, stored);
    expect(changed.ids).toEqual(['/event-0001.ics', 'event-0001', ...named(12, 'later')]);
    const asked = server.requests.filter((kind) => kind === 'sync-collection').length;
    await listToEnd({ kind: 'changes', cursor: changed.cursor }, stored);
    expect(server.requests.filter((kind) => kind === 'sync-collection')).toHaveLength(asked);
  });

  it('is listed by the names of its resources when it lists all of them', async () => {
    const { server, listToEnd } = await setUpStuck();
    for (const uid of named(12)) server.store(uid, single(uid));
    server.limit = 5;
    expect((await listToEnd({ kind: 'all', since })).ids).toEqual(named(12));
  });
});

describe('a CalDAV server that refuses a token', () => {
  it.each([400, 403, 409, 410, 412, 507])('with %i leads to a listing of all events', async (refusal) => {
    const { server, list, listPage } = await setup();
    server.store('one', single('one'));
    const { cursor } = await list({ kind: 'all', since });
    server.tokens.oldest = 1_000;
    server.tokens.refusal = refusal;
    expect(await listPage({ kind: 'changes', cursor })).toEqual({ kind: 'cursor_expired' });
  });

  it('because it is unavailable does not', async () => {
    const { server, list, listPage } = await setup();
    server.store('one', single('one'));
    const { cursor } = await list({ kind: 'all', since });
    server.tokens.oldest = 1_000;
    server.tokens.refusal = 503;
    await expect(listPage({ kind: 'changes', cursor })).rejects.toMatchObject({ fault: { kind: 'outage' } });
  });
});

describe('an event that is cancelled instead of deleted', () => {
  it('is listed as deleted', async () => {
    const { server, list } = await setup();
    server.store('one', single('one'));
    const { cursor } = await list({ kind: 'all', since });
    server.store('one', single('one', 'STATUS:CANCELLED'));
    const { found } = await list({ kind: 'changes', cursor });
    expect(found).toEqual([{ id: '/one.ics' }, { id: 'one', series: '/one.ics' }]);
  });
});

describe('a CalDAV server with ways of its own', () => {
  it.each([
    ['names resources by URLs with other escaping', { hrefs: 'escaped' }],
    ['redirects to another address', { redirects: true }],
    ['has weak etags', { etags: 'weak' }],
    ['redirects, and names resources by URLs', { hrefs: 'escaped', redirects: true }],
  ] as const)('that %s is read completely, also when it cuts off its answers', async (_what, ways) => {
    const { server, list } = await setup(3);
    Object.assign(server.ways, ways);
    for (const uid of named(12, 'ann@home')) server.store(uid, single(uid));
    server.limit = 5;
    const all = await list({ kind: 'all', since });
    expect(all.ids).toEqual(named(12, 'ann@home'));
    for (const uid of named(7, 'bob@home')) server.store(uid, single(uid));
    const changed = await list({ kind: 'changes', cursor: all.cursor });
    expect(changed.ids).toEqual(named(7, 'bob@home'));
    expect((await list({ kind: 'changes', cursor: changed.cursor })).ids).toEqual([]);
  });

  it.each([
    ['a query as a whole', true, { refusesLongQueries: true }],
    ['a query as a whole, and lists no changes', true, { refusesLongQueries: true, hasTokens: false }],
    ['the answer to a query, and lists no changes', false, { hasTokens: false }],
  ])('that limits %s is read completely', async (_what, _isWhole, ways) => {
    const { server, list } = await setup();
    Object.assign(server.ways, ways);
    for (const uid of named(12)) server.store(uid, single(uid));
    server.limit = 5;
    expect((await list({ kind: 'all', since })).ids).toEqual(named(12));
  });

  it('that has a deletion in the properties of a resource has deleted it', async () => {
    const { server, list } = await setup();
    server.ways.missing = 'properties';
    for (const uid of ['kept', 'deleted']) server.store(uid, single(uid));
    const { cursor } = await list({ kind: 'all', since });
    server.store('deleted', undefined);
    expect((await list({ kind: 'changes', cursor })).ids).toEqual(['/deleted.ics', 'deleted']);
  });

  it('that names its address behind a proxy is written at the address of the calendar', async () => {
    const { server, write, remove } = await setup();
    server.ways.origin = 'http://calendars.internal:8443';
    await write(1);
    await write(2);
    expect(server.text('a1b2c3d4')).toContain('X-CASTMATCH-REVISION:2');
    expect(await remove(2)).toBe('deleted');
  });

  it.each([405, 415, 501])(
    'that names a token and refuses the listing of changes with %i is compared',
    async (status) => {
      const { server, list } = await setup();
      server.tokens.oldest = Number.POSITIVE_INFINITY;
      server.tokens.refusal = status;
      server.store('one', single('one'));
      const { cursor } = await list({ kind: 'all', since });
      server.store('two', single('two'));
      const first = await list({ kind: 'changes', cursor });
      expect(first.ids).toContain('two');
      const refused = server.requests.filter((kind) => kind === 'sync-collection').length;
      expect(refused).toBe(1);
      server.store('three', single('three'));
      expect((await list({ kind: 'changes', cursor: first.cursor })).ids).toContain('three');
      expect(server.requests.filter((kind) => kind === 'sync-collection')).toHaveLength(refused);
    },
  );

  it.each(['strong', 'weak'] as const)('writes an event again: %s etags', async (etags) => {
    const { server, write } = await setup();
    server.ways.etags = etags;
    await write(1);
    await write(2);
    expect(server.text('a1b2c3d4')).toContain('X-CASTMATCH-REVISION:2');
  });
});

describe('a damaged resource of a CalDAV calendar', () => {
  it.each([
    ['has no start', (text: string) => text.replace(/DTSTART.*\r\n/, '')],
    ['is no calendar', () => 'Dear customer'],
    ['is empty', () => ''],
    ['has a rule that cannot be read', (text: string) => text.replace('DURATION', 'RRULE:SOON\r\nDURATION')],
  ])('that %s is not listed as deleted, nor as the whole series', async (_what, damage) => {
    const { server, list, listPage } = await setup();
    for (const uid of ['one', 'two']) server.store(uid, single(uid));
    const { cursor } = await list({ kind: 'all', since });
    server.store('one', damage(single('one')));
    server.store('two', single('two', 'SUMMARY:Changed'));
    for (const position of [{ kind: 'changes', cursor } as const, { kind: 'all', since } as const]) {
      const page = await listPage(position);
      if (page.kind !== 'page') throw new Error(page.kind);
      expect(page.changes.filter(({ event: listed }) => !listed)).toEqual([]);
      expect(page.wholeSeries).toEqual(['/two.ics']);
      expect(page.leftOut).toMatchObject({
        events: [
          { by: 'series', series: '/one.ics' },
          { by: 'id', id: 'one' },
        ],
        faults: [expect.any(String)],
      });
    }
  });

  it('whose contents the server does not send is not listed as deleted', async () => {
    const { server, listPage } = await setup();
    for (const uid of ['one', 'two']) server.store(uid, single(uid));
    server.withoutText.add('one.ics');
    expect(await listPage({ kind: 'all', since })).toMatchObject({
      changes: [{ id: 'two' }],
      leftOut: { events: [{ by: 'series', series: '/one.ics' }, { by: 'id' }] },
    });
  });

  it('that a query by time does not find is read when it was stored before', async () => {
    const { server, listPage, create } = await setup();
    for (const uid of ['one', 'two']) server.store(uid, single(uid));
    server.store('ann@example.com', single('three').replace(/DTSTART.*\r\n/, ''));
    server.unplaced.add('ann@example.com.ics');
    const stored = storedEtags(() => new Map([['/ann@example.com.ics', '"1"']]));
    const page = await listPage({ kind: 'all', since }, create(), stored);
    expect(page).toMatchObject({
      changes: [{ id: 'one' }, { id: 'two' }],
      leftOut: { events: expect.arrayContaining([{ by: 'series', series: '/ann@example.com.ics' }]) },
    });
  });
});

describe('a CalDAV calendar that is withdrawn while it is read', () => {
  it.each([
    ['was deleted', 'gone', 'not_found'],
    ['may not be read any more', 'busy_times_only', 'not_permitted'],
  ] as const)('because it %s has no deleted events', async (_what, access, kind) => {
    const { server, list, listPage } = await setup();
    for (const uid of named(4)) server.store(uid, single(uid));
    const { cursor } = await list({ kind: 'all', since });
    server.access = access;
    await expect(listPage({ kind: 'changes', cursor })).rejects.toMatchObject({ fault: { kind } });
  });

  it('because it was deleted has no missing events', async () => {
    const { server, listPage } = await setup(2);
    for (const uid of named(4)) server.store(uid, single(uid));
    const first = await listPage({ kind: 'all', since });
    if (first.kind !== 'page') throw new Error(first.kind);
    server.access = 'gone';
    const next = listPage({ kind: 'all', since, page: first.nextPage });
    await expect(next).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });
});

describe('a CalDAV calendar with bad contents', () => {
  it('lists its other events, and reports the damaged ones', async () => {
    const { server, list, unreadable } = await setup();
    server.store('bad-start', single('bad-start').replace('20261210T090000Z', 'soon'));
    server.store('bad-rule', single('bad-rule', 'RRULE:FREQ=SOMETIMES'));
    server.store('no-calendar', 'Dear customer');
    server.store(
      'ends-early',
      calendarText(...event('UID:ends-early', 'DTSTART:20261210T090000Z', 'DTEND:20261209T090000Z')),
    );
    server.store('good', single('good'));
    const { ids, found } = await list({ kind: 'all', since });
    expect(ids).toEqual(['bad-rule', 'ends-early', 'good']);
    expect(found.find(({ id }) => id === 'ends-early')?.event).toMatchObject({
      start: '2026-12-10T09:00:00.000Z',
      end: '2026-12-10T09:00:00.000Z',
    });
    expect(unreadable).toMatchObject([
      { connection: 'conn_1', faults: expect.arrayContaining(['no_start: DTSTART', 'invalid_rule: RRULE']) },
    ]);
  });

  it('is read in smaller parts when its events are large, without the one that is too large', async () => {
    const { server, list, unreadable } = await setup();
    const large = named(12, 'large');
    for (const uid of large) server.store(uid, single(uid, description(2)));
    server.store('huge', single('huge', description(17)));
    for (const uid of named(20)) server.store(uid, single(uid));
    const { ids } = await list({ kind: 'all', since });
    expect(ids).toEqual([...named(20), ...large]);
    expect(unreadable.flatMap(({ faults }) => faults)).toEqual(['event_too_large: VCALENDAR']);
  });

  it('ends a page after a series with many occurrences', async () => {
    const { server, list, listPage } = await setup();
    for (const uid of named(3)) server.store(uid, single(uid, 'RRULE:FREQ=HOURLY'));
    const page = await listPage({ kind: 'all', since });
    expect(page).toMatchObject({ kind: 'page', nextPage: expect.any(String) });
    const { found } = await list({ kind: 'all', since });
    expect(new Set(found.map(({ series }) => series))).toEqual(
      new Set(named(3).map((name) => `/${name}.ics`)),
    );
  });
});
