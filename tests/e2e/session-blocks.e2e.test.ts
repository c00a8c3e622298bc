/** Tests session blocks in the whole service: auditions take their slots, and are asked about when a session moves. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { keys, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

const zone = 'Europe/Paris';
/** Of a time in `days` days. */
const clockTime = (days: number, time: string): string =>
  `${new Date(Date.now() + days * day).toISOString().slice(0, 10)}T${time}`;

const blockSchema = z.object({ id: z.string(), version: z.int() });
const sessionsSchema = z.object({ items: z.array(z.object({ at: z.string(), start: instantSchema })) });

/** Five days, each from 10:00 to 11:00, with slots of 15 minutes and 5 between them. */
const createBlock = async (days: number, room: string) => {
  const { status, body } = await platform.post(
    '/v1/session-blocks',
    {
      project: 'night-ferry',
      role: 'captain',
      zone,
      start: clockTime(days, '10:00'),
      end: clockTime(days, '11:00'),
      recurrence: { rule: 'FREQ=DAILY;COUNT=5' },
      room,
      slotMinutes: 15,
      gapMinutes: 5,
    },
    { idempotencyKey: crypto.randomUUID() },
  );
  expect(status).toBe(201);
  return blockSchema.parse(body);
};

const sessionsOf = async (id: string) => {
  const query = new URLSearchParams({
    from: new Date().toISOString(),
    until: new Date(Date.now() + 300 * day).toISOString(),
  });
  const { body } = await platform.get(`/v1/session-blocks/${id}/sessions?${query.toString()}`);
  return sessionsSchema.parse(body).items;
};

const change = async (method: 'PUT' | 'DELETE', path: string, version: number, body?: object) => {
  const response = await fetch(`${service.url}/v1/session-blocks/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
    headers: {
      authorization: `Bearer ${keys.backend}`,
      ...(body && { 'content-type': 'application/json' }),
      'if-match': `"${version}"`,
    },
  });
  return { status: response.status, body: z.record(z.string(), z.unknown()).parse(await response.json()) };
};

let used = 700;
const bookIn = async (block: string) => {
  used += 1;
  const { meeting: _, ...body } = requestBody(used, 100 * day, { slot: { block } });
  const { id } = await platform.request(body);
  return platform.until(id, ({ state }) => state === 'scheduled');
};

const asked = (id: string) =>
  platform.until(id, ({ attention }) => attention.some(({ step }) => step === 'session_block'));

describe('auditions in a session block', () => {
  it('get one slot after the other, in the room of the block, and availability lists the next one', async () => {
    const { id } = await createBlock(40, 'Studio 2');
    const [session] = await sessionsOf(id);
    const [first, second] = [await bookIn(id), await bookIn(id)];
    expect(first.slot).toMatchObject({ start: session?.start, room: 'Studio 2', block: id });
    const offset =
      toEpochMs(second.slot?.start ?? first.requestedAt) - toEpochMs(session?.start ?? first.requestedAt);
    expect(offset).toBe(20 * 60_000);
    const { body } = await platform.post('/v1/availability', {
      slot: { block: id },
      participants: [{ id: 'performer-1', zone }],
      limit: 1,
    });
    expect(body).toMatchObject({
      slots: [
        {
          start: new Date(toEpochMs(session?.start ?? first.requestedAt) + 40 * 60_000).toISOString(),
          room: 'Studio 2',
        },
      ],
    });
  });

  it('stay where they are when their session moves, and follow it when the casting office says so', async () => {
    const { id, version } = await createBlock(60, 'Studio 3');
    const [session] = await sessionsOf(id);
    const booked = await bookIn(id);
    const path = `${id}/sessions/${session?.at}`;
    const to = { start: clockTime(60, '15:00'), end: clockTime(60, '16:00'), room: 'Studio 4' };
    expect(await change('PUT', path, version + 1, to)).toMatchObject({
      status: 412,
      body: { code: 'version_changed' },
    });
    expect(await change('PUT', path, version, to)).toMatchObject({
      status: 200,
      body: { block: { version: version + 1 }, outside: [{ audition: booked.id, reason: 'no_session' }] },
    });
    const view = await asked(booked.id);
    expect(view).toMatchObject({ revision: 1, slot: booked.slot });
    const item = view.attention.find(({ step }) => step === 'session_block');
    await platform.resolve(item?.id ?? '', { action: 'follow' });
    const moved = await platform.until(
      booked.id,
      ({ revision, state }) => revision === 2 && state === 'scheduled',
    );
    const sessions = await sessionsOf(id);
    expect(moved.slot).toMatchObject({
      start: sessions.find(({ at }) => at === session?.at)?.start,
      room: 'Studio 4',
      block: id,
    });
  });

  it('are asked about when the block is cancelled, and no more after it was changed back', async () => {
    const { id, version } = await createBlock(80, 'Studio 5');
    const [session] = await sessionsOf(id);
    const booked = await bookIn(id);
    const path = `${id}/sessions/${session?.at}`;
    await change('PUT', path, version, { status: 'cancelled' });
    await asked(booked.id);
    expect(await change('DELETE', path, version + 1)).toMatchObject({ status: 200, body: { outside: [] } });
    await platform.until(booked.id, ({ attention }) => attention.length === 0);
    await change('DELETE', id, version + 2);
    const [item] = (await asked(booked.id)).attention;
    expect(item).toMatchObject({ actions: ['ignore'] });
    await platform.resolve(item?.id ?? '', { action: 'ignore' });
    expect(await platform.until(booked.id, ({ attention }) => attention.length === 0)).toMatchObject({
      state: 'scheduled',
      slot: booked.slot,
    });
  });

  it('are in the subscription feed of the block', async () => {
    const { id } = await createBlock(20, 'Studio 6');
    const booked = await bookIn(id);
    const { body } = await platform.post(`/v1/session-blocks/${id}/feed`, {});
    const { url } = z.object({ url: z.string() }).parse(body);
    const calendar = await (await fetch(`${service.url}${new URL(url).pathname}`)).text();
    expect(calendar.match(/SUMMARY:Casting session/g)).toHaveLength(5);
    expect(calendar).toContain(`UID:${booked.id}@castmatch`);
    expect(calendar).not.toContain('Ada');
  });

  it('are refused when the block is for another role, or is full', async () => {
    const { id } = await createBlock(30, 'Studio 7');
    const request = (changes: object) =>
      platform.post('/v1/auditions', requestBody(799, 100 * day, { slot: { block: id }, ...changes }), {
        idempotencyKey: crypto.randomUUID(),
      });
    expect(await request({ role: { id: 'stoker', name: 'The Stoker' } })).toMatchObject({
      status: 422,
      body: { code: 'session_block_mismatch' },
    });
    expect(await request({ slot: { block: 'blk_unknown' } })).toMatchObject({
      status: 422,
      body: { code: 'unknown_session_block' },
    });
    const { body: sessions } = await platform.get(`/v1/session-blocks/${id}`);
    expect(sessions).toMatchObject({ status: 'active' });
    const latest = clockTime(30, '10:30');
    await request({ slot: { block: id, latest } });
    expect(await request({ slot: { block: id, latest } })).toMatchObject({
      status: 409,
      body: { code: 'nothing_free' },
    });
  });
});
