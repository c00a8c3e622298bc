/**
 * Tests an audition whose performer has only the address of a calendar, in the whole service: the calendar is read and not
 * written, and the performer subscribes to a calendar of their auditions.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { calendarAnswer, feedEvent, feedText, startFeedServer } from '../harness/feed-server.ts';
import { createHttpBrowser } from '../harness/form-browser.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

const digitsOf = (instant: string): string =>
  `${new Date(instant).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

let service: ServiceUnderTest;
let platform: ApiClient;
let feed: Awaited<ReturnType<typeof startFeedServer>>;
let connection: string;
const busyStart = requestBody(2, 20 * day).slot.start;

/** Pastes the address on our page, and returns the id of the connection. */
const connectFeed = async (): Promise<string> => {
  const { body } = await platform.get('/v1/connections/ics/authorize?owner=ada');
  const visitor = createHttpBrowser(service.url);
  const page = await visitor.open(String(Object(body).url));
  const connected = await visitor.submit(page, { to: '/feed' }, { address: feed.address });
  expect(connected.status).toBe(303);
  const listed = await platform.get('/v1/connections?owner=ada');
  return String(Object(listed.body).items[0].id);
};

beforeAll(async () => {
  [service, feed] = await Promise.all([startService(), startFeedServer('Work')]);
  const began = digitsOf(new Date(Date.parse(busyStart) - 20 * 7 * day).toISOString());
  const lesson = feedEvent('lesson', `DTSTART:${began}`, 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY');
  feed.serve(calendarAnswer(feedText('X-WR-CALNAME:Work', ...lesson), '"v1"'));
  platform = createApiClient(service);
  await service.startWorker();
  connection = await connectFeed();
});
afterAll(async () => {
  feed.close();
  await service.close();
});

/** Returns a request with the performer's feed. */
const requestWith = (n: number, startsIn: number) => {
  const body = requestBody(n, startsIn);
  const [performer, ...others] = body.participants;
  const calendar = { provider: 'ics', connection, calendarId: 'primary' };
  return { ...body, participants: [{ ...performer, id: 'ada', calendar }, ...others] };
};

it('an audition is written to the calendars that can be written, moved and cancelled', async () => {
  const requested = await platform.request(requestWith(1, 10 * day));
  const scheduled = await platform.untilNotified(requested.id);
  expect(scheduled.calendarEvents.map(({ provider }) => provider)).toEqual(['google']);

  const performer = scheduled.participants[0]?.id ?? '';
  const created = await platform.post(`/v1/participants/${performer}/feed`, {});
  const subscribed = async () => (await fetch(String(Object(created.body).url))).text();
  expect(await subscribed()).toContain(`DTSTART:${digitsOf(scheduled.slot?.start ?? '')}`);

  const later = Date.parse(scheduled.slot?.start ?? '') + 15 * 60_000;
  const slot = {
    start: new Date(later).toISOString(),
    end: new Date(later + 1_800_000).toISOString(),
    zone: 'America/New_York',
  };
  const moved = await platform.command(requested.id, 'reschedule', { slot, reason: 'travel' });
  expect(moved).toMatchObject({ state: 'scheduled', revision: 2 });
  await platform.untilNotified(requested.id);
  expect(await subscribed()).toContain(`DTSTART:${digitsOf(slot.start)}`);

  await platform.command(requested.id, 'cancel', { reason: 'the part is cut' });
  await service.temporal.workflow.getHandle(`audition/${requested.id}`).result();
  expect(await subscribed()).toContain('STATUS:CANCELLED');
});

it('an audition is refused while a series of the feed is busy, and accepted at a free time', async () => {
  const body = requestWith(2, 20 * day);
  const slot = {
    ...body.slot,
    start: busyStart,
    end: new Date(Date.parse(busyStart) + 1_800_000).toISOString(),
  };
  const refused = await platform.post(
    '/v1/auditions',
    { ...body, slot },
    { idempotencyKey: crypto.randomUUID() },
  );
  expect(refused).toMatchObject({ status: 409, body: { code: 'slot_taken' } });
  const end = Date.parse(busyStart) + 90 * 60_000;
  const { id } = await platform.request({
    ...body,
    slot: { ...slot, start: new Date(end - 30 * 60_000).toISOString(), end: new Date(end).toISOString() },
  });
  await platform.until(id, ({ state }) => state === 'scheduled');
  expect(feed.requests.length).toBeGreaterThan(0);
});
