/** Tests a server that answers a sync-token which it no longer knows with a list of all resources, as DAViCal 1.1 does. */
import { describe, expect, it } from 'vitest';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import {
  setUpScriptedCaldav as setup,
  listedSince as since,
} from '../../tests/harness/scripted-caldav-bench.ts';
import type { ListedChange } from '../ports.ts';

const single = (uid: string, ...lines: readonly string[]) =>
  calendarText(...event(`UID:${uid}`, 'DTSTART:20261210T090000Z', 'DURATION:PT1H', ...lines));

const uids = Array.from({ length: 30 }, (_, n) => `event-${String(n).padStart(2, '0')}`);

/** Lists a calendar, and keeps what was listed as the database does. */
const setupListed = async (pageSize?: number) => {
  const bench = await setup(pageSize);
  for (const uid of uids) bench.server.store(uid, single(uid));
  const { found, cursor } = await bench.list({ kind: 'all', since });
  const known = new Map(found.map(({ series = '', event: listed }) => [series, listed?.etag]));
  const stored = { etags: async () => known };
  const changesSince = (position = cursor) =>
    bench.list({ kind: 'changes', cursor: position }, undefined, stored);
  return { ...bench, changesSince, cursor, known };
};

const unreadable = { etags: () => Promise.reject(new Error('the stored events were read')) };

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

  it('does not have the stored events read for a few changes among many', async () => {
    const { server, list, cursor } = await setupListed();
    server.store('event-04', single('event-04', 'SUMMARY:Changed'));
    const { ids } = await list({ kind: 'changes', cursor }, undefined, unreadable);
    expect(ids).toEqual(['event-04']);
  });
});
