/**
 * Tests changes of calendars after the booking, in the whole service: an event within the travel time, an event in a feed, and
 * the event of the meeting in the organization's calendar.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionView } from '../../domain/audition/view.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { calendarSyncWorkflowId } from '../../domain/workflow-ids.ts';
import { calendarSyncQuery, reconcileCalendarsUpdate } from '../../workflows/calendar-sync/messages.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { calendarAnswer, feedEvent, feedText, startFeedServer } from '../harness/feed-server.ts';
import { connectToSandbox } from '../harness/google-sandbox.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';
import type { WorkerProcess } from '../harness/worker-process.ts';

/** Temporal has one synchronization for each connection, and other files use the same server at the same time. */
const connections = { performer: `conn_${randomUUID()}`, office: `conn_${randomUUID()}` } as const;
const accountOf = (connection: string): string => `${connection}@example.com`;
const minute = 60_000;

let service: ServiceUnderTest;
let platform: ApiClient;
let worker: WorkerProcess;
let feed: Awaited<ReturnType<typeof startFeedServer>>;
let feedConnection: string;

beforeAll(async () => {
  [service, feed] = await Promise.all([startService({ calendarSync: true }), startFeedServer('Work')]);
  platform = createApiClient(service);
  worker = await service.startWorker();
  const { repositories } = service.database;
  for (const id of Object.values(connections)) {
    const account = accountOf(id);
    const refreshToken = `sandbox-refresh-${account}`;
    await repositories.connections.put({ id, organization, provider: 'google', account, refreshToken });
  }
  await repositories.organizations.put({
    id: organization,
    name: 'Office',
    meetingProviders: ['google_meet'],
    meetCalendar: { connection: connections.office, calendarId: 'primary' },
  });
  feed.serve(calendarAnswer(feedText()));
  const connected = await repositories.connections.connect({
    organization,
    owner: undefined,
    provider: 'ics',
    grant: {
      account: { id: randomUUID(), name: 'Work (calendar.example.com)' },
      scopes: [],
      credential: { kind: 'feed_address', address: feed.address },
    },
  });
  if (connected.kind !== 'connected') throw new Error('the feed was not connected');
  feedConnection = connected.id;
});
afterAll(async () => {
  feed.close();
  await service.close();
});

const untilSynced = (connection: string) =>
  eventually(async () => {
    const sync = service.temporal.workflow.getHandle(calendarSyncWorkflowId(`conn_${connection.slice(5)}`));
    const { status } = await sync.query(calendarSyncQuery).catch(() => ({ status: 'starting' }));
    return status === 'in_sync';
  }, 30_000);

/** Requests an audition of the performer with this calendar. The casting director has none. */
const schedule = async (n: number, calendar: object, change: object = {}) => {
  const { participants, ...body } = requestBody(n, (40 + n) * day);
  const [performer, director] = participants;
  const { calendar: _none, ...others } = director ?? {};
  const { id } = await platform.request({
    ...body,
    ...change,
    participants: [{ ...performer, calendar }, others],
  });
  const view = await platform.until(id, ({ state }) => state === 'scheduled');
  if (!view.slot) throw new Error('the audition has no slot');
  return { id, view, start: toEpochMs(view.slot.start), end: toEpochMs(view.slot.end) };
};

const google = { provider: 'google', connection: connections.performer, calendarId: 'primary' };
const stepsOf = ({ attention }: AuditionView) => attention.map(({ step }) => step);
const digits = (ms: number) => `${toInstant(ms).slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
const at = (ms: number) => ({ dateTime: toInstant(ms) });
const ownerOf = (connection: string) =>
  connectToSandbox(service.sandbox.url, accountOf(connection)).calendar.events;

describe('an event that another person puts near the slot', () => {
  it('raises a question within the travel time to it, until it is moved away', async () => {
    const body = requestBody(1, 41 * day);
    const { id, end } = await schedule(1, google, {
      slot: { ...body.slot, room: 'Studio 1' },
      conflicts: { travel: 'PT30M' },
    });
    await untilSynced(connections.performer);
    const { eventId } = service.sandbox.control.addBusy({
      account: accountOf(connections.performer),
      start: toInstant(end + 5 * minute),
      end: toInstant(end + 60 * minute),
    });
    const asked = await platform.until(id, (view) => stepsOf(view).includes('calendar_conflict'));
    expect(asked.attention).toMatchObject([
      { actions: ['follow', 'ignore'], what: expect.stringContaining('too close to the slot') },
    ]);
    await ownerOf(connections.performer).delete({ calendarId: 'primary', eventId });
    await platform.until(id, (view) => stepsOf(view).length === 0);
  });
});

describe('an event that appears in a feed', () => {
  it('raises a question, and the audition follows to a slot that is free in the feed', async () => {
    const { id, start, end } = await schedule(2, { provider: 'ics', connection: feedConnection });
    await untilSynced(feedConnection);
    // Another process has no copy of the feed, so it reads the feed immediately.
    await worker.kill();
    const rehearsal = feedEvent('rehearsal', `DTSTART:${digits(start)}`, `DTEND:${digits(end)}`);
    feed.serve(calendarAnswer(feedText(...rehearsal)));
    worker = await service.startWorker();
    const sync = service.temporal.workflow.getHandle(
      calendarSyncWorkflowId(`conn_${feedConnection.slice(5)}`),
    );
    await sync.executeUpdate(reconcileCalendarsUpdate, { args: [{ isDryRun: false }] });
    const asked = await platform.until(id, (view) => stepsOf(view).includes('calendar_conflict'));
    expect(asked.attention).toMatchObject([{ provider: 'ics', actions: ['follow', 'ignore'] }]);
    await platform.resolve(asked.attention[0]?.id ?? '', { action: 'follow' });
    const moved = await platform.until(id, ({ revision, state }) => revision === 2 && state === 'scheduled');
    expect(Date.parse(moved.slot?.start ?? '')).toBeGreaterThanOrEqual(end);
    expect(stepsOf(moved)).toEqual([]);
  });
});

describe("the event of the meeting in the organization's calendar", () => {
  it('is moved back, and replaced with another meeting after its deletion, when the casting office says so', async () => {
    const { id, view, start } = await schedule(3, google, { meeting: { providers: ['google_meet'] } });
    await untilSynced(connections.office);
    const events = ownerOf(connections.office);
    const find = async () => (await events.list({ calendarId: 'primary' })).data.items?.[0];
    const [calendarId, eventId] = ['primary', (await find())?.id ?? ''];
    const requestBody = { start: at(start + 120 * minute), end: at(start + 150 * minute) };
    await events.patch({ calendarId, eventId, requestBody });
    const asked = await platform.until(id, (open) => stepsOf(open).includes('calendar_change'));
    expect(asked.attention).toMatchObject([
      { actions: ['follow', 'restore', 'ignore'], what: expect.stringContaining('hosts the meeting') },
    ]);
    await platform.resolve(asked.attention[0]?.id ?? '', { action: 'restore' });
    await eventually(async () => Date.parse((await find())?.start?.dateTime ?? '') === start, 20_000);

    await events.delete({ calendarId, eventId });
    const again = await platform.until(id, (open) => stepsOf(open).includes('calendar_change'));
    expect(again.attention).toMatchObject([{ actions: ['restore', 'ignore'] }]);
    await platform.resolve(again.attention[0]?.id ?? '', { action: 'restore' });
    const restored = await platform.until(
      id,
      ({ meeting }) => meeting !== undefined && meeting.id !== view.meeting?.id,
    );
    expect(restored).toMatchObject({ revision: 1, meeting: { provider: 'google_meet' } });
    expect(Date.parse((await find())?.start?.dateTime ?? '')).toBe(start);
  });
});
