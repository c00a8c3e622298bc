/** Tests calendar feeds against an HTTP server, through the guard against server-side request forgery. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  calendarAnswer,
  type FeedAnswer,
  feedEvent,
  feedText,
  startFeedServer,
} from '../../tests/harness/feed-server.ts';
import { calendarOf } from '../../tests/harness/large-calendar.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import type { ConnectedAccount } from '../ports.ts';
import type { UnreadableEvents } from '../unreadable-events.ts';
import { createFeedAuthorizer } from './account.ts';
import { createFeedCalendar } from './calendar.ts';
import { createFeedReader } from './feed-reader.ts';

const december = { from: '2026-12-01T00:00:00Z', until: '2027-01-01T00:00:00Z' } as const;

const noon = feedEvent('one', 'DTSTART:20261202T120000Z', 'DTEND:20261202T130000Z');
const evening = feedEvent('two', 'DTSTART:20261202T180000Z', 'DTEND:20261202T190000Z');
const noonTimes = [{ start: '2026-12-02T12:00:00.000Z', end: '2026-12-02T13:00:00.000Z' }];
const eveningTimes = [{ start: '2026-12-02T18:00:00.000Z', end: '2026-12-02T19:00:00.000Z' }];

const attendee = (status: string): string => `ATTENDEE;PARTSTAT=${status}:mailto:Ann@example.com`;

const answer =
  (status: number, body: string | Buffer = '', headers: Record<string, string> = {}): FeedAnswer =>
  (response) => {
    response.writeHead(status, headers).end(body);
  };

const setup = async () => {
  const feed = await startFeedServer('ann@example.com');
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(async () => {
    await dispatcher.destroy();
    feed.close();
  });
  let clock = Date.now();
  const rejected: string[] = [];
  const unreadable: UnreadableEvents[] = [];
  const state = { address: feed.address, version: 1 };
  const reader = createFeedReader(
    (home) => createGuardedFetch(dispatcher, home),
    () => clock,
  );
  const provider = createFeedCalendar(reader, (events) => unreadable.push(events));
  const account: ConnectedAccount = {
    id: 'conn_1',
    organization: 'org_1',
    account: 'ann@example.com (calendar.example.com)',
    accessToken: () => Promise.reject(new TypeError('a feed has no token')),
    reportRejectedToken: () => {},
    reportMissingScopes: async () => {},
    appPassword: () => Promise.reject(new TypeError('a feed has no password')),
    reportRejectedPassword: async () => {},
    feedAddress: async () => state,
    reportRejectedFeedAddress: async () => {
      rejected.push(state.address);
    },
  };
  return {
    feed,
    state,
    rejected,
    unreadable,
    connect: (address = feed.address) => createFeedAuthorizer(reader).connect(address, callContext()),
    busy: (window: { from: `${string}Z`; until: `${string}Z` } = december) =>
      provider.freeBusy(account, ['primary'], window, callContext()),
    events: () => provider.busyEvents(account, 'primary', december, callContext()),
    list: () => provider.calendarList.list(account, [], callContext()),
    minutesPass: (minutes: number) => {
      clock += minutes * 60_000;
    },
  };
};

const timeOf = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

describe('a calendar feed', () => {
  it('blocks the times of its events', async () => {
    const { feed, busy, events, list } = await setup();
    feed.serve(calendarAnswer(feedText('X-WR-CALNAME:Work', ...noon)));
    expect(await busy()).toEqual(noonTimes);
    expect(await events()).toEqual([{ ...noonTimes[0], busy: 'busy', eventId: 'one' }]);
    expect(await list()).toEqual([{ calendarId: 'primary', isMain: true, name: 'Work', isWritable: false }]);
  });

  it('tells its events without being parsed again', async () => {
    const { feed, busy, events } = await setup();
    feed.serve(calendarAnswer(calendarOf(5_000, Date.parse(december.from), 1)));
    const [parsed, told] = [await timeOf(busy), await timeOf(events)];
    expect(told).toBeLessThan(parsed / 2);
  });

  it('tells the UIDs and kinds of its events', async () => {
    const { feed, busy, events } = await setup();
    const series = feedEvent(
      'three',
      'DTSTART:20261201T080000Z',
      'DURATION:PT1H',
      'RRULE:FREQ=DAILY;COUNT=2',
    );
    const freeBusy = ['BEGIN:VFREEBUSY', 'UID:fb', 'FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261204T080000Z/PT1H'];
    const tentative = [...noon.slice(0, -1), 'STATUS:TENTATIVE', ...noon.slice(-1)];
    feed.serve(calendarAnswer(feedText(...tentative, ...series, ...freeBusy, 'END:VFREEBUSY')));
    await busy();
    expect(await events()).toMatchObject([
      { eventId: 'one', busy: 'tentative' },
      { eventId: 'fb', busy: 'tentative', start: '2026-12-04T08:00:00.000Z' },
      { eventId: 'three', busy: 'busy', start: '2026-12-01T08:00:00.000Z' },
      { eventId: 'three', busy: 'busy', start: '2026-12-02T08:00:00.000Z' },
    ]);
  });

  it('is expanded in its own zone', async () => {
    const { feed, busy } = await setup();
    const days = feedEvent('day', 'DTSTART;VALUE=DATE:20261224', 'RRULE:FREQ=DAILY;COUNT=2');
    feed.serve(calendarAnswer(feedText('X-WR-TIMEZONE:Europe/Paris', ...days)));
    expect(await busy()).toEqual([
      // Times that touch are one.
      { start: '2026-12-23T23:00:00.000Z', end: '2026-12-25T23:00:00.000Z' },
    ]);
  });

  it('without a zone is read in the zone that most of its events name', async () => {
    const { feed, busy } = await setup();
    const zoned = feedEvent('old', 'DTSTART;TZID=Asia/Tokyo:20200101T090000', 'DURATION:PT1H');
    const floating = feedEvent('one', 'DTSTART:20261202T120000', 'DURATION:PT1H');
    feed.serve(calendarAnswer(feedText(...zoned, ...floating)));
    expect(await busy()).toEqual([{ start: '2026-12-02T03:00:00.000Z', end: '2026-12-02T04:00:00.000Z' }]);
  });

  it('that publishes only free/busy times blocks these times', async () => {
    const { feed, busy } = await setup();
    feed.serve(
      calendarAnswer(
        feedText(
          'BEGIN:VFREEBUSY',
          'UID:fb',
          'FREEBUSY;FBTYPE=FREE:20261202T080000Z/PT1H',
          'FREEBUSY;FBTYPE=BUSY:20261202T120000Z/PT1H,20270202T120000Z/PT1H',
          'END:VFREEBUSY',
        ),
      ),
    );
    expect(await busy()).toEqual(noonTimes);
  });

  it('does not count an event that its owner has declined', async () => {
    const { feed, busy } = await setup();
    feed.serve(
      calendarAnswer(
        feedText(
          'X-WR-CALNAME:ann@example.com',
          ...feedEvent('no', attendee('DECLINED'), 'DTSTART:20261202T080000Z', 'DURATION:PT1H'),
          ...feedEvent('yes', attendee('ACCEPTED'), 'DTSTART:20261202T120000Z', 'DURATION:PT1H'),
        ),
      ),
    );
    expect(await busy()).toEqual(noonTimes);
  });

  it.each([
    ['compressed', gzipSync(feedText(...noon)), { 'content-encoding': 'gzip' }],
    ['as a file', feedText(...noon), { 'content-type': 'application/octet-stream' }],
    ['without a media type', feedText(...noon), {}],
    ['with a byte order mark', `\ufeff${feedText(...noon)}`, { 'content-type': 'text/calendar' }],
  ])('can be served %s', async (_how, body, headers) => {
    const { feed, busy } = await setup();
    feed.serve(answer(200, body, headers));
    expect(await busy()).toEqual(noonTimes);
  });

  it('reports damaged events, and counts the others', async () => {
    const { feed, busy, unreadable } = await setup();
    feed.serve(calendarAnswer(feedText(...feedEvent('damaged', 'DTSTART:tomorrow'), ...noon)));
    expect(await busy()).toEqual(noonTimes);
    expect(unreadable).toEqual([
      {
        connection: 'conn_1',
        organization: 'org_1',
        calendarId: 'primary',
        count: 1,
        faults: ['no_start: DTSTART'],
      },
    ]);
  });
});

describe('the copy of a calendar feed', () => {
  it('saves requests for a minute, and is then compared by ETag', async () => {
    const { feed, busy, minutesPass } = await setup();
    feed.serve(calendarAnswer(feedText(...noon), '"v1"'));
    await busy();
    await busy();
    expect(feed.requests).toHaveLength(1);
    minutesPass(2);
    expect(await busy()).toEqual(noonTimes);
    feed.serve(calendarAnswer(feedText(...evening), '"v2"'));
    minutesPass(2);
    expect(await busy()).toEqual(eveningTimes);
    expect(feed.requests.map((headers) => headers['if-none-match'])).toEqual([undefined, '"v1"', '"v1"']);
  });

  it('is compared by date when the server sends no ETag', async () => {
    const { feed, busy, minutesPass } = await setup();
    const date = 'Wed, 02 Dec 2026 08:00:00 GMT';
    feed.serve((response, headers) => {
      const isSame = headers['if-modified-since'] === date;
      response.writeHead(isSame ? 304 : 200, { 'last-modified': date }).end(isSame ? '' : feedText(...noon));
    });
    await busy();
    minutesPass(2);
    expect(await busy()).toEqual(noonTimes);
    expect(feed.requests.at(-1)?.['if-modified-since']).toBe(date);
  });

  it('counts for an hour while the server is down, and then no more', async () => {
    const { feed, busy, minutesPass, rejected } = await setup();
    feed.serve(calendarAnswer(feedText(...noon)));
    await busy();
    feed.serve(answer(503));
    minutesPass(59);
    expect(await busy()).toEqual(noonTimes);
    minutesPass(2);
    await expect(busy()).rejects.toMatchObject({ fault: { kind: 'outage' }, vendor: { status: 503 } });
    feed.serve(calendarAnswer(feedText(...evening)));
    expect(await busy()).toEqual(eveningTimes);
    expect(rejected).toEqual([]);
  });

  it.each([
    ['a page of maintenance', answer(200, '<!doctype html><title>Back soon</title>')],
    ['a calendar without its end', answer(200, feedText(...evening).slice(0, 120))],
    ['a rate limit', answer(429, '', { 'retry-after': '60' })],
    ['a lost connection', (response) => response.destroy()],
  ] satisfies readonly (readonly [string, FeedAnswer])[])('counts after %s', async (_what, failure) => {
    const { feed, busy, minutesPass } = await setup();
    feed.serve(calendarAnswer(feedText(...noon)));
    await busy();
    feed.serve(failure);
    minutesPass(2);
    expect(await busy()).toEqual(noonTimes);
  });

  it('does not count after the owner has reset the address, and the owner is asked for another', async () => {
    const { feed, busy, minutesPass, rejected } = await setup();
    feed.serve(calendarAnswer(feedText(...noon)));
    await busy();
    feed.serve(answer(404, '<html>Not Found</html>', { 'content-type': 'text/html' }));
    minutesPass(2);
    await expect(busy()).rejects.toMatchObject({ fault: { kind: 'reconnect' }, vendor: { status: 404 } });
    expect(rejected).toHaveLength(1);
  });

  it('does not count for another address', async () => {
    const { feed, busy, state } = await setup();
    feed.serve(calendarAnswer(feedText(...noon), '"v1"'));
    await busy();
    state.version = 2;
    feed.serve(calendarAnswer(feedText(...evening), '"v1"'));
    expect(await busy()).toEqual(eveningTimes);
  });
});

describe('a feed that cannot be read', () => {
  it.each([
    ['a private calendar', answer(403), { kind: 'reconnect' }, { status: 403 }],
    ['an address that requires a login', answer(401), { kind: 'reconnect' }, { status: 401 }],
    ['a deleted calendar', answer(410), { kind: 'reconnect' }, { status: 410 }],
    ['a web page', answer(200, '<html></html>'), { kind: 'outage' }, { code: 'web_page' }],
    ['JSON', answer(200, '{}'), { kind: 'outage' }, { code: 'not_a_calendar' }],
    ['an empty answer', answer(200), { kind: 'outage' }, { code: 'not_a_calendar' }],
    [
      'a truncated calendar',
      answer(200, 'BEGIN:VCALENDAR\r\n'),
      { kind: 'retry' },
      { code: 'incomplete_calendar' },
    ],
    ['an unexpected 304', answer(304), { kind: 'outage' }, { status: 304 }],
  ] satisfies readonly (readonly [string, FeedAnswer, object, object])[])(
    'is reported as such: %s',
    async (_what, failure, fault, vendor) => {
      const { feed, busy } = await setup();
      feed.serve(failure);
      await expect(busy()).rejects.toMatchObject({ provider: 'ics', fault, vendor });
    },
  );

  it('is larger than the limit, also when it is compressed', async () => {
    const { feed, busy } = await setup();
    feed.serve(answer(200, gzipSync(Buffer.alloc(17_000_000, 'x')), { 'content-encoding': 'gzip' }));
    await expect(busy()).rejects.toMatchObject({
      fault: { kind: 'rejected_input' },
      vendor: { code: 'answer_too_large' },
    });
  });

  it('redirects to a private network', async () => {
    const { feed, busy } = await setup();
    feed.serve(answer(302, '', { location: 'http://10.0.0.1/latest/meta-data' }));
    await expect(busy()).rejects.toMatchObject({
      fault: { kind: 'rejected_input' },
      vendor: { code: 'address_not_allowed' },
    });
  });

  it('never shows its address in the error', async () => {
    const { feed, busy } = await setup();
    for (const failure of [answer(404), answer(500), answer(302, '', { location: 'http://10.0.0.1/' })]) {
      feed.serve(failure);
      const error: unknown = await busy().catch((thrown: unknown) => thrown);
      expect(JSON.stringify([error, String(error)])).not.toContain(feed.secret);
    }
  });
});

describe('connecting a calendar feed', () => {
  it('names the calendar and its host, and never an email address', async () => {
    const { feed, connect } = await setup();
    const { host } = new URL(feed.address);
    expect(await connect()).toEqual({
      account: { id: expect.stringMatching(/^[0-9a-f]{64}$/), name: `ann@example.com (${host})` },
      scopes: [],
      credential: { kind: 'feed_address', address: feed.address },
    });
    feed.serve(calendarAnswer(feedText()));
    expect((await connect()).account.name).toBe(host);
  });

  it.each([
    ['an address in a private network', 'https://10.0.0.1/basic.ics'],
    ['the address of the metadata service', 'http://169.254.169.254/latest/meta-data/'],
    ['no web address', 'not an address'],
  ])('rejects %s', async (_what, address) => {
    const { connect } = await setup();
    await expect(connect(address)).rejects.toMatchObject({
      fault: { kind: 'rejected_input' },
      vendor: { code: 'address_not_allowed' },
    });
  });

  it('rejects the address of a page', async () => {
    const { feed, connect } = await setup();
    feed.serve(answer(200, '<!doctype html>', { 'content-type': 'text/html' }));
    await expect(connect()).rejects.toMatchObject({ vendor: { code: 'web_page' } });
  });
});
