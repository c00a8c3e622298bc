/**
 * Tests a casting day whose video provider fails: all auditions of the afternoon move to the next provider, by their own checks and
 * by the watch over the minutes before a session. Each participant keeps one working link, gets one message for each move, and
 * nothing is left at the failed provider.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { auditionSchema } from '../../api/schemas/audition.ts';
import { type ApiClient, createApiClient, requestBody } from '../harness/api-client.ts';
import { duplicatesIn, expectedProviderState, providerState } from '../harness/consistency.ts';
import { atDepth, seededRandom } from '../harness/depth.ts';
import { eventually } from '../harness/eventually.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

const minute = 60_000;
const auditionCount = atDepth(12, 60);

/** Auditions in a row whose meetings are all checked at one instant, as after noon. */
const requestDay = async (checkAt: number): Promise<readonly string[]> => {
  const bodies = Array.from({ length: auditionCount }, (_, n) => {
    const body = requestBody(n + 1, (30 + 31 * n) * minute);
    const seconds = Math.round((Date.parse(body.slot.start) - checkAt) / 1_000);
    return { ...body, reminders: [], policy: { meetingCheck: `PT${seconds}S`, checkInOpens: 'P2D' } };
  });
  const views = await Promise.all(bodies.map((body) => platform.request(body)));
  return views.map(({ id }) => id);
};

const linksSchema = z.object({
  participants: z.array(z.object({ id: z.string(), joinUrl: z.string() })),
});

/** Returns the join link of each participant. */
const linksOf = async (id: string): Promise<Readonly<Record<string, string>>> => {
  const { body } = await platform.get(`/v1/auditions/${id}`);
  return Object.fromEntries(
    linksSchema.parse(body).participants.map(({ id: participant, joinUrl }) => [participant, joinUrl]),
  );
};

/** All participants of the test have one address, whose rate is limited. */
const whenPermitted = async (send: () => Promise<Response>): Promise<Response> => {
  for (;;) {
    const answer = await send();
    if (answer.status !== 429) return answer;
    await pause(Number(answer.headers.get('retry-after')) * 1_000);
  }
};

/** Joins with a link, as a person does who presses the button. Returns where the link leads. */
const join = async (url: string): Promise<string | null> => {
  const page = await whenPermitted(() => fetch(url));
  expect(page.status).toBe(200);
  const answer = await whenPermitted(() => fetch(url, { method: 'POST', redirect: 'manual' }));
  expect(answer.status).toBe(302);
  return answer.headers.get('location');
};

const trailSchema = z.object({
  items: z.array(z.object({ at: z.string(), fact: z.looseObject({ type: z.string() }) })),
});

/** Returns when the audition got its last meeting, epoch milliseconds. */
const movedAtOf = async (id: string): Promise<number> => {
  const { body } = await platform.get(`/v1/auditions/${id}/events?limit=100`);
  const created = trailSchema.parse(body).items.findLast(({ fact }) => fact.type === 'meeting_created');
  return Date.parse(created?.at ?? '');
};

const attentionItems = async (): Promise<readonly unknown[]> =>
  // Nobody answers the invitations, which is another question.
  (await service.database.pool.query("SELECT * FROM attention_items WHERE item ->> 'step' <> 'answer'")).rows;

it('a casting day continues on the next provider when its provider fails at noon, and leaves nothing behind', {
  timeout: 400_000,
}, async () => {
  const { control } = service.sandbox;
  const checkAt = Date.now() + 48_000 + 1_000 * auditionCount;
  const ids = await requestDay(checkAt);
  for (const id of ids) {
    const view = await platform.untilNotified(id);
    expect(view.meeting?.provider).toBe('zoom');
  }
  const links = await Promise.all(ids.map(linksOf));
  expect(await join(links[0]?.['performer-1'] ?? '')).toContain('zoom.us');
  const before = await providerState(service);
  expect(Date.now()).toBeLessThan(checkAt);

  control.setFault('zoom', { kind: 'outage' });
  const moved = await Promise.all(
    ids.map((id) => platform.until(id, ({ meeting }) => meeting?.provider === 'google_meet', 150_000)),
  );
  const delays = await Promise.all(ids.map(async (id) => (await movedAtOf(id)) - checkAt));
  // The check is repeated for 20 seconds, unless the circuit opens before; then the next provider is called.
  expect(Math.max(...delays)).toBeLessThan(40_000);
  for (const [index, view] of moved.entries()) {
    const present = await linksOf(view.id);
    expect(present).toEqual(links[index]);
    for (const url of Object.values(present)) expect(await join(url)).toContain('meet.google.com');
  }
  await eventually(async () => {
    const { emails, texts } = await providerState(service);
    // The performer gets an email and a text message, the director and the reader an email.
    return (
      emails.length === before.emails.length + 3 * ids.length &&
      texts.length === before.texts.length + ids.length
    );
  }, 60_000);
  expect((await providerState(service)).events).toEqual(before.events);

  control.clearFaults();
  await eventually(async () => (await providerState(service)).meetings.length === 0, 180_000);
  const views = await Promise.all(
    ids.map((id) => platform.until(id, ({ state }) => state === 'in_progress')),
  );
  expect(auditionSchema.parse(views[0]).participants[0]).toMatchObject({ checkedIn: true });
  const { emails, ...outside } = await providerState(service);
  const { emails: notified, ...expected } = expectedProviderState(views);
  expect({ ...outside, texts: outside.texts.length }).toEqual(expected);
  expect([emails.length, duplicatesIn(emails)]).toEqual([notified, []]);
  expect(await attentionItems()).toEqual([]);
});

/** A zone in which it is noon now, so that the sessions of the test are on one day. */
const noonZone = (): string => {
  const offset = 12 - new Date().getUTCHours();
  return `Etc/GMT${offset > 0 ? '-' : '+'}${Math.abs(offset)}`;
};

/** Returns the time on the clock of that zone. */
const clockTime = (ms: number): string =>
  new Date(ms + (12 - new Date().getUTCHours()) * 60 * minute).toISOString().slice(0, 16);

/** Requests two auditions with meetings of their own, and two that share a room. They begin within some minutes. */
const requestNearDay = async (): Promise<readonly string[]> => {
  const zone = noonZone();
  const opens = Math.floor(Date.now() / minute) * minute;
  const created = await platform.post(
    '/v1/session-blocks',
    {
      project: 'night-ferry',
      zone,
      start: clockTime(opens),
      end: clockTime(opens + 60 * minute),
      slotMinutes: 5,
      gapMinutes: 0,
    },
    { idempotencyKey: crypto.randomUUID() },
  );
  expect([created.status, created.body]).toMatchObject([201, {}]);
  const { id: block } = z.object({ id: z.string() }).parse(created.body);
  const ids: string[] = [];
  for (const [index, startsIn] of [5, 9, 13, 17].entries()) {
    const body = requestBody(200 + index, startsIn * minute);
    const isShared = startsIn === 9 || startsIn === 13;
    const end = new Date(Date.parse(body.slot.start) + 3 * minute).toISOString();
    const { id } = await platform.request({
      ...body,
      slot: { ...body.slot, end, ...(isShared && { block, zone }) },
      meeting: { ...body.meeting, settings: isShared ? { room: 'session', admission: 'open' } : {} },
      reminders: [],
      policy: { checkInOpens: 'P2D' },
    });
    ids.push(id);
  }
  return ids;
};

it('auditions that begin within minutes move whenever their provider fails, and everyone is notified once', {
  timeout: 900_000,
}, async () => {
  const { control } = service.sandbox;
  const random = seededRandom();
  const ids = await requestNearDay();
  for (const id of ids) expect((await platform.untilNotified(id)).meeting?.provider).toBe('zoom');
  const links = await Promise.all(ids.map(linksOf));
  const [first] = await Promise.all(ids.map((id) => platform.view(id)));
  const start = Date.parse(first?.slot?.start ?? '');
  const isOn = (provider: string) =>
    Promise.all(
      ids.map((id) => platform.until(id, ({ meeting }) => meeting?.provider === provider, 240_000)),
    );
  const updatesOf = async (id: string) =>
    (await platform.view(id)).notices.filter(({ notice }) => notice === 'update').length;

  // Three minutes before the first session, or somewhat later.
  await pause(Math.max(start - 3 * minute - Date.now(), 0) + random() * 20_000);
  control.setFault('zoom', { kind: 'outage' });
  const failedAt = Date.now();
  await platform.until(ids[0] ?? '', ({ meeting }) => meeting?.provider === 'google_meet', 120_000);
  expect(Date.now() - failedAt).toBeLessThan(90_000);
  await isOn('google_meet');
  expect(await Promise.all(ids.map(linksOf))).toEqual(links);
  await eventually(async () => (await Promise.all(ids.map(updatesOf))).every((count) => count === 4), 60_000);
  control.clearFaults();
  await eventually(async () => (await providerState(service)).meetings.length === 0, 330_000);

  // The circuit of the first provider has closed. Now the second one fails, at any instant between two sessions.
  await pause(random() * 30_000);
  control.setFault('google', { kind: 'outage' });
  const later = ids.slice(2);
  await Promise.all(
    later.map((id) => platform.until(id, ({ meeting }) => meeting?.provider === 'zoom', 240_000)),
  );
  await eventually(
    async () => (await Promise.all(later.map(updatesOf))).every((count) => count === 8),
    60_000,
  );
  control.clearFaults();
  const { emails } = await providerState(service);
  expect(duplicatesIn(emails)).toEqual([]);
  expect(await attentionItems()).toEqual([]);
});
