/**
 * Tests a casting day whose video provider fails: all auditions of the afternoon move to the next provider by their own
 * checks. Each participant keeps one working link and gets no other message, and nothing is left at the failed provider.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { auditionSchema } from '../../api/schemas/audition.ts';
import { type ApiClient, createApiClient, requestBody } from '../harness/api-client.ts';
import { duplicatesIn, expectedProviderState, providerState } from '../harness/consistency.ts';
import { atDepth } from '../harness/depth.ts';
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
  (await service.database.pool.query('SELECT * FROM attention_items')).rows;

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
  const during = await providerState(service);
  expect([during.emails, during.texts, during.events]).toEqual([before.emails, before.texts, before.events]);

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
