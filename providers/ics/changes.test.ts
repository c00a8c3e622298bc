/** Tests how a feed is listed: by the digest of its text, as a whole, a year ahead. */
import { describe, expect, it } from 'vitest';
import { day } from '../../domain/time/units.ts';
import { calendar, event } from '../../tests/harness/calendar-text.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { ConnectedAccount } from '../ports.ts';
import { createFeedChanges } from './changes.ts';
import { maxBusyTimes } from './settings.ts';

const began = Date.parse('2026-12-01T00:00:00Z');
const refuse = async (): Promise<never> => Promise.reject(new Error('not used'));
const account: ConnectedAccount = {
  id: 'conn_1',
  organization: 'org_1',
  account: 'Work',
  accessToken: refuse,
  reportRejectedToken: () => {},
  reportMissingScopes: refuse,
  appPassword: refuse,
  reportRejectedPassword: refuse,
  feedAddress: refuse,
  reportRejectedFeedAddress: refuse,
};
const all = { kind: 'all', since: '2026-11-30T00:00:00.000Z' } as const;
const at = (uid: string, start: string, ...more: readonly string[]) =>
  event(`UID:${uid}`, `DTSTART:${start}`, 'DURATION:PT1H', ...more);

const written = (stamp: string, summary: string) =>
  calendar(
    `PRODID:-//Publisher//${stamp} with a long name that is written`,
    '  in two lines//EN',
    ...at('lesson', '20261207T100000Z', `DTSTAMP:${stamp}`, `LAST-MODIFIED:${stamp}`, `SUMMARY:${summary}`),
  );

const setup = (...events: readonly (readonly string[])[]) => {
  const feed = { text: calendar(...events.flat()), now: began };
  const reports: number[] = [];
  const changes = createFeedChanges(
    { read: async () => feed.text },
    ({ count }) => void reports.push(count),
    () => feed.now,
  );
  const list = (position: Parameters<typeof changes.listChanges>[2]) =>
    changes.listChanges(account, 'primary', position, callContext(), nothingStored);
  const listAll = async () => {
    const page = await list(all);
    if (page.kind !== 'page') throw new Error('the feed was not listed');
    return page;
  };
  return { feed, list, listAll, reports };
};

describe('the listing of a feed', () => {
  it('has the occurrences of the year ahead, with their UID and ids of their own', async () => {
    const { listAll } = setup(at('lesson', '20261207T100000Z', 'RRULE:FREQ=WEEKLY;COUNT=3'));
    const { changes, nextCursor, nextPage } = await listAll();
    expect(changes.map(({ uid, event: listed }) => [uid, listed?.start])).toEqual([
      ['lesson', '2026-12-07T10:00:00.000Z'],
      ['lesson', '2026-12-14T10:00:00.000Z'],
      ['lesson', '2026-12-21T10:00:00.000Z'],
    ]);
    expect(new Set(changes.map(({ id }) => id)).size).toBe(3);
    expect(nextPage).toBeUndefined();
    expect(nextCursor).toEqual(expect.any(String));
  });

  it('leaves out events that are free, over, or more than 400 days ahead', async () => {
    const { listAll } = setup(
      at('free', '20261207T100000Z', 'TRANSP:TRANSPARENT'),
      at('over', '20261001T100000Z'),
      at('far', '20290101T100000Z'),
      at('maybe', '20261208T100000Z', 'STATUS:TENTATIVE'),
    );
    expect((await listAll()).changes).toMatchObject([{ uid: 'maybe', event: { busy: 'tentative' } }]);
  });

  it('continues without changes while the text is the same, and anew when it has changed', async () => {
    const { feed, list, listAll } = setup(at('lesson', '20261207T100000Z'));
    const { nextCursor: cursor = '' } = await listAll();
    expect(await list({ kind: 'changes', cursor })).toEqual({
      kind: 'page',
      changes: [],
      nextCursor: cursor,
    });
    feed.text = calendar(...at('lesson', '20261207T110000Z'));
    expect(await list({ kind: 'changes', cursor })).toEqual({ kind: 'cursor_expired' });
  });

  it('continues when only lines have changed that its publisher writes anew at each download', async () => {
    const { feed, list, listAll } = setup();
    feed.text = written('20261201T000000Z', 'DTSTAMP:1');
    const { nextCursor: cursor = '' } = await listAll();
    feed.text = written('20261201T001500Z', 'DTSTAMP:1');
    expect(await list({ kind: 'changes', cursor })).toMatchObject({ kind: 'page', changes: [] });
    feed.text = written('20261201T001500Z', 'DTSTAMP:2');
    expect(await list({ kind: 'changes', cursor })).toEqual({ kind: 'cursor_expired' });
  });

  it('begins anew before it reaches less than a year ahead, and for a cursor that it cannot read', async () => {
    const { feed, list, listAll } = setup();
    const { nextCursor: cursor = '' } = await listAll();
    feed.now = began + 31 * day;
    expect(await list({ kind: 'changes', cursor })).toEqual({ kind: 'cursor_expired' });
    expect(await list({ kind: 'changes', cursor: 'x' })).toEqual({ kind: 'cursor_expired' });
  });

  it('reports damaged events and lists the others', async () => {
    const { listAll, reports } = setup(at('broken', 'someday'), at('lesson', '20261208T100000Z'));
    expect((await listAll()).changes).toMatchObject([{ uid: 'lesson' }]);
    expect(reports).toEqual([1]);
  });

  it('is refused when the feed has more busy times than the limit', async () => {
    const series = Array.from({ length: 12 }, (_none, n) =>
      at(`s${n}`, '20261201T000000Z', `RRULE:FREQ=HOURLY;COUNT=${Math.ceil(maxBusyTimes / 10)}`),
    );
    await expect(setup(...series).listAll()).rejects.toMatchObject({ vendor: { code: 'too_many_events' } });
  });
});
