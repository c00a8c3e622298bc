/**
 * Tests servers that answer a sync-token which they no longer know: with a list of all resources, as DAViCal 1.1 does, or with
 * what is left of the changes.
 */
import { describe, expect, it } from 'vitest';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import {
  setUpScriptedCaldav as setup,
  listedSince as since,
} from '../../tests/harness/scripted-caldav-bench.ts';
import { storedEtags } from '../../tests/harness/stored-events.ts';
import type { ListedChange, StoredEvents } from '../ports.ts';

const single = (uid: string, ...lines: readonly string[]) =>
  calendarText(...event(`UID:${uid}`, 'DTSTART:20261210T090000Z', 'DURATION:PT1H', ...lines));

const uids = Array.from({ length: 30 }, (_, n) => `event-${String(n).padStart(2, '0')}`);

/** Lists a calendar, and keeps what was listed as the database does. */
const setupListed = async (pageSize?: number) => setupListedAt(await setup(pageSize));

const setupListedAt = async (bench: Awaited<ReturnType<typeof setup>>) => {
  for (const uid of uids) bench.server.store(uid, single(uid));
  const { found, cursor } = await bench.list({ kind: 'all', since });
  const known = new Map(found.map(({ series = '', event: listed }) => [series, listed?.etag]));
  const stored = storedEtags(() => known);
  const changesSince = (position = cursor) =>
    bench.list({ kind: 'changes', cursor: position }, undefined, stored);
  return { ...bench, changesSince, cursor, known };
};

const deletedIn = (found: readonly ListedChange[]) =>
  found.filter(({ event: listed }) => !listed).map(({ id }) => id);

describe('a CalDAV server that lists all resources for an unknown token', () => {
  it.each([50, 2])('tells which resources were deleted, with pages of %i', async (pageSize) => {
    const { server, changesSince } = await setupListed(pageSize);
    server.store('event-03', undefined);
    server.store('event-04', single('event-04', 'SUMMARY:Changed'));
    server.store('later', single('later'));
    server.tokens.oldest = Number.POSITIVE_INFINITY;
    server.tokens.refusal = 'all';
    const { found, ids } = await changesSince();
    expect(deletedIn(found)).toContain('event-03');
    expect(ids).toEqual(expect.arrayContaining(['event-04', 'later']));
    expect(ids).not.toContain('event-05');
  });

  it('tells of later changes', async () => {
    const { server, changesSince, known } = await setupListed();
    server.store('event-03', undefined);
    server.tokens.oldest = Number.POSITIVE_INFINITY;
    server.tokens.refusal = 'all';
    const { cursor } = await changesSince();
    known.delete('/event-03.ics');
    server.store('event-04', undefined);
    const { found, ids } = await changesSince(cursor);
    expect(deletedIn(found)).toContain('event-04');
    expect(ids).toEqual(expect.arrayContaining(['event-04']));
    expect(ids).not.toContain('event-05');
  });

  it('is still asked for its changes while it knows the token', async () => {
    const { server, changesSince } = await setupListed();
    server.store('event-03', undefined);
    server.store('event-04', single('event-04', 'SUMMARY:Changed'));
    server.requests.length = 0;
    const { found } = await changesSince();
    expect(deletedIn(found)).toContain('event-03');
    expect(server.requests).not.toContain('calendar-query');
  });

  it('does not have all stored events read for a few changes among many', async () => {
    const { server, list, cursor, known } = await setupListed();
    server.store('event-04', single('event-04', 'SUMMARY:Changed'));
    const asked: unknown[] = [];
    const stored = storedEtags(() => known);
    const counting: StoredEvents = {
      etags: (series) => {
        asked.push(series);
        return stored.etags(series);
      },
      sample: (most) => stored.sample(most),
    };
    const { ids } = await list({ kind: 'changes', cursor }, undefined, counting);
    expect(ids).toEqual(['event-04']);
    expect(asked).toEqual([['/event-04.ics']]);
  });

  it('tells which resources were deleted when few are left', async () => {
    const { server, changesSince } = await setupListed();
    for (const uid of uids.slice(1)) server.store(uid, undefined);
    server.tokens.oldest = Number.POSITIVE_INFINITY;
    server.tokens.refusal = 'all';
    const { found, ids } = await changesSince();
    expect(deletedIn(found)).toEqual(expect.arrayContaining(uids.slice(1)));
    expect(ids).not.toContain('event-00');
  });
});

describe.each([true, false])(
  'a CalDAV server that lists nothing for an unknown token (with a CTag: %s)',
  (hasCtag) => {
    const setupForgetful = async () => {
      const bench = await setup();
      bench.server.ways.hasCtag = hasCtag;
      return setupListedAt(bench);
    };

    it('tells of deletions, additions and changes', async () => {
      const { server, changesSince } = await setupForgetful();
      server.store('event-03', undefined);
      server.store('event-04', single('event-04', 'SUMMARY:Changed'));
      server.store('later', single('later'));
      server.tokens.oldest = Number.POSITIVE_INFINITY;
      server.tokens.refusal = 'nothing';
      const { found, ids } = await changesSince();
      expect(deletedIn(found)).toEqual(['/event-03.ics', 'event-03']);
      expect(ids).toEqual(['/event-03.ics', 'event-03', 'event-04', 'later']);
    });

    it('tells of all deletions of an emptied calendar', async () => {
      const { server, changesSince } = await setupForgetful();
      for (const uid of uids) server.store(uid, undefined);
      server.tokens.oldest = Number.POSITIVE_INFINITY;
      server.tokens.refusal = 'nothing';
      const { found } = await changesSince();
      expect(deletedIn(found)).toEqual(expect.arrayContaining(uids));
    });

    it('lists later changes since the new token', async () => {
      const { server, changesSince, known } = await setupForgetful();
      server.store('event-03', undefined);
      server.tokens.oldest = Number.POSITIVE_INFINITY;
      server.tokens.refusal = 'nothing';
      const { cursor } = await changesSince();
      known.delete('/event-03.ics');
      server.tokens.oldest = 0;
      server.store('event-04', undefined);
      server.requests.length = 0;
      const { found } = await changesSince(cursor);
      expect(deletedIn(found)).toEqual(['/event-04.ics', 'event-04']);
      expect(server.requests).not.toContain('calendar-query');
    });

    it('is asked once while nothing has changed', async () => {
      const { server, changesSince, cursor } = await setupForgetful();
      server.requests.length = 0;
      const unchanged = await changesSince();
      expect(unchanged).toMatchObject({ found: [], cursor });
      expect(server.requests).toEqual(['sync-collection']);
    });
  },
);

describe('a CalDAV server that renews its token with each answer', () => {
  it('is asked for its CTag, and not for its events, while nothing has changed', async () => {
    const bench = await setup();
    bench.server.ways.hasCtag = true;
    bench.server.ways.renewsTokens = true;
    const { server, changesSince } = await setupListedAt(bench);
    const first = await changesSince();
    server.requests.length = 0;
    const second = await changesSince(first.cursor);
    expect(second.found).toEqual([]);
    expect(server.requests).toEqual(['sync-collection', 'PROPFIND']);
  });
});

describe('a CalDAV server that lists the rest of its changes for an unknown token', () => {
  it('tells of the deletions that the answer lacks', async () => {
    const { server, changesSince } = await setupListed();
    for (const uid of uids.slice(10)) server.store(uid, undefined);
    server.store('later', single('later'));
    server.tokens.pruned = 20 + uids.length;
    const { found, ids } = await changesSince();
    expect(deletedIn(found)).toEqual(expect.arrayContaining(uids.slice(10)));
    expect(ids).toContain('later');
    expect(ids).not.toContain('event-05');
  });
});
