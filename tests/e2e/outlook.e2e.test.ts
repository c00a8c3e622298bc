/**
 * Tests an audition whose casting director has a Google calendar and whose performer has an Outlook calendar, in the whole
 * service: from connecting the Microsoft account to the cancellation.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiClient, createApiClient, day, fullMinute, requestBody } from '../harness/api-client.ts';
import { submitConsent } from '../harness/consent.ts';
import { createHttpBrowser } from '../harness/form-browser.ts';
import { type ServiceUnderTest, sandboxAccounts, startService } from '../harness/service.ts';

const account = 'ada@contoso.example';

let service: ServiceUnderTest;
let platform: ApiClient;
let connection: string;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.startWorker();
  connection = await connectOutlook();
});
afterAll(() => service.close());

/** Connects the Microsoft account of the performer in a browser, and returns the id of the connection. */
const connectOutlook = async (): Promise<string> => {
  const { body } = await platform.get('/v1/connections/microsoft/authorize?owner=ada');
  const visitor = createHttpBrowser(service.url);
  const page = await visitor.open(String(Object(body).url));
  const redirected = await visitor.submit(page, { to: '/connect' });
  const { location } = await submitConsent(redirected.redirectsTo ?? '', { account });
  expect((await visitor.open(location ?? '')).status).toBeLessThan(400);
  const listed = await platform.get('/v1/connections?owner=ada');
  return String(Object(listed.body).items[0].id);
};

/** Returns a request with the performer's Outlook calendar. */
const requestWith = (n: number, startsIn: number, calendarId = 'primary') => {
  const body = requestBody(n, startsIn);
  const [performer, ...others] = body.participants;
  return {
    ...body,
    participants: [
      { ...performer, id: 'ada', calendar: { provider: 'microsoft', connection, calendarId } },
      ...others,
    ],
  };
};

/** Returns the starts of the events that the performer and the director see in their calendars. */
const starts = () => {
  const { microsoft, google } = service.sandbox.control.state();
  return {
    outlook: microsoft.calendars
      .filter(({ owner }) => owner === account)
      .flatMap(({ events }) => events)
      .filter(({ deleted, origin }) => !deleted && origin === 'api')
      .map(({ start }) => new Date(`${start.dateTime}Z`).toISOString()),
    google: google.calendars
      .filter(({ owner }) => owner === sandboxAccounts.conn_director)
      .flatMap(({ events }) => events)
      .filter(({ status }) => status !== 'cancelled')
      .map(({ start }) => new Date(start.dateTime ?? '').toISOString()),
  };
};

it('an audition is written, moved and cancelled in an Outlook and a Google calendar', async () => {
  const requested = await platform.request(requestWith(1, 10 * day));
  const scheduled = await platform.untilNotified(requested.id);
  expect(scheduled.calendarEvents.map(({ provider }) => provider).sort()).toEqual(['google', 'microsoft']);
  const { start } = scheduled.slot ?? {};
  expect(starts()).toEqual({ outlook: [start], google: [start] });

  // The new slot overlaps the old one: the event of the audition itself must not count as busy.
  const later = fullMinute(Date.parse(start ?? '') + 15 * 60_000);
  const slot = {
    start: new Date(later).toISOString(),
    end: new Date(later + 1_800_000).toISOString(),
    zone: 'America/New_York',
  };
  const moved = await platform.command(requested.id, 'reschedule', { slot, reason: 'travel' });
  expect(moved).toMatchObject({ state: 'scheduled', revision: 2 });
  await platform.untilNotified(requested.id);
  expect(starts()).toEqual({ outlook: [slot.start], google: [slot.start] });

  await platform.command(requested.id, 'cancel', { reason: 'the part is cut' });
  await service.temporal.workflow.getHandle(`audition/${requested.id}`).result();
  expect(starts()).toEqual({ outlook: [], google: [] });
});

it('an audition is refused while the Outlook calendar is busy, and accepted while it is free', async () => {
  const { control } = service.sandbox;
  const body = requestWith(2, 20 * day, control.openMailbox(account));
  const { start, end } = body.slot;
  control.addOutlookEvent({ account, start, end, showAs: 'workingElsewhere' });
  control.addOutlookEvent({ account, start, end, showAs: 'tentative' });
  const refused = await platform.post('/v1/auditions', body, { idempotencyKey: crypto.randomUUID() });
  expect(refused).toMatchObject({ status: 409, body: { code: 'slot_taken' } });
  const free = {
    start: new Date(Date.parse(end)).toISOString(),
    end: new Date(Date.parse(end) + 1_800_000).toISOString(),
  };
  const { id } = await platform.request({ ...body, slot: { ...body.slot, ...free } });
  await platform.until(id, ({ state }) => state === 'scheduled');
  expect(starts().outlook).toEqual([free.start]);
});

it('an audition leaves one event when Microsoft throttles, fails and loses an answer', async () => {
  const { control } = service.sandbox;
  control.setFault('microsoft', {
    kind: 'rate_limit',
    operation: 'calendarView.list',
    retryAfterSeconds: 1,
    times: 1,
  });
  control.setFault('microsoft', { kind: 'lost_answer', operation: 'events.create', times: 1 });
  control.setFault('microsoft', { kind: 'outage', operation: 'events.list', times: 1 });
  const before = starts().outlook.length;
  const { id } = await platform.request(requestWith(3, 30 * day));
  await platform.until(id, ({ state }) => state === 'scheduled', 90_000);
  expect(starts().outlook).toHaveLength(before + 1);
});
