/** Tests the synchronization with vendors whose successful answers cannot be read, as a gateway or a new version can send them. */
import type { ServerResponse } from 'node:http';
import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import type { ConnectionProblems } from '../../db/connections/connection-problems.ts';
import { useCaldavSync } from '../../tests/harness/caldav-sync-harness.ts';
import { slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';
import { startRewritingProxy } from '../../tests/harness/rewriting-proxy.ts';

const setUpGoogle = useCalendarSync();
const setUpOutlook = useOutlookSync();
const setUpCaldav = useCaldavSync();

interface Bench {
  readonly connection: string;
  readonly pool: Pool;
  readonly problems: () => Promise<readonly (string | undefined)[]>;
  readonly sync: (change?: { only?: string[]; again?: string[] }) => Promise<unknown>;
}

const problemsOf =
  (problems: ConnectionProblems, connection: `conn_${string}`) => async (): Promise<readonly string[]> =>
    ((await problems.list([connection])).get(connection) ?? []).map(({ kind }) => kind);

/** Lets eleven minutes pass since the first of the answers. */
const wait = ({ pool, connection }: Pick<Bench, 'pool' | 'connection'>) =>
  pool.query(
    `UPDATE synced_calendars SET error_since = error_since - interval '11 minutes',
       unreadable_since = unreadable_since - interval '11 minutes' WHERE connection = $1`,
    [connection],
  );

/** Expects a passing fault of the calendar at first, and one that lasts after ten minutes, which names the fields. */
const expectUnreadable = async (bench: Bench, fields: string) => {
  const { sync, problems } = bench;
  const unreadable = { error: 'unreadable_answer', unreadableFields: fields };
  expect(await sync()).toMatchObject({ again: [{ afterMs: 5_000 }], calendars: [unreadable] });
  expect(await sync()).not.toMatchObject({ calendars: [{ state: 'unavailable' }] });
  expect(await problems()).toEqual(['calendar_unavailable']);
  await wait(bench);
  const failing = { isFailing: true, again: [{ afterMs: 300_000 }] };
  expect(await sync()).toMatchObject({ ...failing, calendars: [{ ...unreadable, state: 'unavailable' }] });
  expect(await problems()).toEqual(['calendar_unreadable']);
};

const expectRecovery = async ({ sync, problems }: Bench) => {
  const result = await sync();
  expect(result).toMatchObject({ calendars: [{ state: 'in_sync', error: undefined }] });
  expect(result).not.toHaveProperty('again');
  expect(await problems()).toEqual([]);
};

describe('a calendar in Outlook whose list of changes', () => {
  it.each([
    ['has no value', {}, 'value'],
    ['is a text', 'busy', 'the whole answer'],
    ['has a value of another form', { value: 'none' }, 'value'],
  ])('%s is unavailable after ten minutes, until it can be read', async (_what, answer, fields) => {
    let isOdd = true;
    const bench = await setUpOutlook({}, (sandboxUrl) =>
      startRewritingProxy(sandboxUrl, (own, path) => (isOdd && path.includes('/delta') ? answer : own)),
    );
    await bench.hold(slotIn(10));
    await bench.write(slotIn(10));
    const problems = problemsOf(bench.repositories.connectionProblems, bench.connection);
    await expectUnreadable({ ...bench, problems }, fields);
    isOdd = false;
    await expectRecovery({ ...bench, problems });
    expect(bench.sent).toEqual([]);
  });
});

describe('a calendar in Google whose list', () => {
  it.each([
    ['has no events and no token', {}, 'items'],
    ['has events of another form', { items: {} }, 'items'],
    ['has another token', { items: [], nextPageToken: { page: 2 } }, 'nextPageToken'],
  ])('%s is unavailable after ten minutes, until it can be read', async (_what, answer, fields) => {
    let isOdd = false;
    const bench = await setUpGoogle({
      through: (sandboxUrl) =>
        startRewritingProxy(sandboxUrl, (own, path) => (isOdd && /\/events\?/.test(path) ? answer : own)),
    });
    await bench.write(1, slot);
    await bench.record({ type: 'confirmed' });
    await bench.sync();
    const problems = problemsOf(bench.repositories.connectionProblems, bench.connection);
    isOdd = true;
    await expectUnreadable({ ...bench, problems }, fields);
    isOdd = false;
    await expectRecovery({ ...bench, problems });
    expect(bench.kinds()).toEqual([]);
  });

  it('cannot be read does not keep another calendar from being read', async () => {
    const bench = await setUpGoogle({
      through: (sandboxUrl) =>
        startRewritingProxy(
          sandboxUrl,
          (own, path) => (path.includes('/another/') ? {} : own),
          (path) => (path.includes('/another/') ? { status: 200, body: {} } : undefined),
        ),
    });
    await bench.write(1, slot);
    await bench.record({ type: 'confirmed' });
    await bench.useAnother('another');
    await bench.sync();
    await wait(bench);
    await bench.person.move('2031-07-01T12:00:00Z', '2031-07-01T12:30:00Z');
    expect(await bench.sync()).toMatchObject({
      calendars: [{ state: 'in_sync' }, { state: 'unavailable', error: 'unreadable_answer' }],
    });
    expect(bench.kinds()).toEqual(['moved']);
  });

  it('cannot be read is not taken for one that has failed for longer with another fault', async () => {
    let answer: 'down' | 'odd' = 'down';
    const bench = await setUpGoogle({
      through: (sandboxUrl) =>
        startRewritingProxy(
          sandboxUrl,
          (own) => own,
          (path) => {
            if (!/\/events\?/.test(path)) return undefined;
            return answer === 'odd' ? { status: 200, body: {} } : { status: 503, body: {} };
          },
        ),
    });
    await bench.write(1, slot);
    expect(await bench.sync()).toMatchObject({ calendars: [{ error: 'outage' }] });
    await wait(bench);
    answer = 'odd';
    expect(await bench.sync()).toMatchObject({
      calendars: [{ state: 'listing', error: 'unreadable_answer' }],
    });
    await wait(bench);
    answer = 'down';
    expect(await bench.sync()).toMatchObject({
      calendars: [{ error: 'outage', unreadableFields: undefined }],
    });
  });
});

const page = (response: ServerResponse): boolean => {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end('<html><body>Please log in</body></html>');
  return false;
};

const multistatus = (response: ServerResponse, body: string): boolean => {
  response.writeHead(207, { 'content-type': 'application/xml; charset=utf-8' });
  response.end(`<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">${body}`);
  return false;
};

describe('a CalDAV calendar whose server', () => {
  it.each([
    ['shows a login page', page, 'the whole answer'],
    [
      'cuts off its answers',
      (to: ServerResponse) => multistatus(to, '<d:response><d:href>/c'),
      'the whole answer',
    ],
    [
      'names resources by what is no address',
      (to: ServerResponse) =>
        multistatus(
          to,
          '<d:response><d:href>http://[/</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>',
        ),
      '[].href',
    ],
  ])('%s is unavailable after ten minutes, until it can be read', async (_what, answer, fields) => {
    const bench = await setUpCaldav();
    await bench.sync();
    bench.server.ways.admits = (_request, response) => answer(response);
    await expectUnreadable(bench, fields);
    bench.server.ways.admits = () => true;
    await expectRecovery(bench);
    expect(bench.sent).toEqual([]);
  });
});
