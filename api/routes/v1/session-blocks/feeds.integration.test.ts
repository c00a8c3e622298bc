/** Tests the subscription feeds of session blocks: their addresses, and their calendars. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SessionBlockId } from '../../../../domain/ids.ts';
import { readOccurrences } from '../../../../providers/icalendar/occurrences.ts';
import { utc } from '../../../../providers/icalendar/zones/zone.ts';
import { createTestApi, type TestApi } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { blockBody, useSessionBlocks } from '../../../../tests/harness/session-blocks.ts';

let database: TestDatabase;
let test: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const setup = async () => {
  const blocks = await useSessionBlocks(test, database);
  const addressOf = async (id: SessionBlockId, path = '') => {
    const { status, body } = await blocks.send('POST', `${id}/feed${path}`);
    expect(status).toBe(200);
    return new URL(z.object({ url: z.string() }).parse(body).url).pathname;
  };
  const read = (path: string, headers: Record<string, string> = {}) => test.call('GET', path, { headers });
  const eventsAt = async (path: string) =>
    readOccurrences(
      (await read(path)).text,
      {
        window: { start: Date.parse('2026-01-01'), end: Date.parse('2028-01-01') },
        owner: utc,
        addresses: new Set(),
      },
      (fault) => {
        throw new Error(fault.code);
      },
    ).map(({ uid, start, busy, property }) => ({ uid, start, busy, summary: property('SUMMARY') }));
  return { ...blocks, addressOf, read, eventsAt };
};

const notFound = { status: 404, body: { code: 'link_invalid' } };
const slot = ['2026-12-01T09:00:00.000Z', '2026-12-01T09:15:00.000Z'] as const;

describe('the address of a session feed', () => {
  it('stays the same until it is rotated, and is then invalid', async () => {
    const { created, addressOf, read } = await setup();
    const { id } = await created();
    const first = await addressOf(id);
    expect(await addressOf(id)).toBe(first);
    const second = await addressOf(id, '/rotate');
    expect(await read(first)).toMatchObject(notFound);
    expect((await read(second)).status).toBe(200);
  });

  it('is one when it is created simultaneously', async () => {
    const { created, addressOf } = await setup();
    const { id } = await created();
    expect(new Set(await Promise.all([1, 2, 3, 4].map(() => addressOf(id)))).size).toBe(1);
  });

  it('is invalid after the feed was revoked, also when the feed is created again', async () => {
    const { created, addressOf, read, send } = await setup();
    const { id } = await created();
    const first = await addressOf(id);
    expect((await send('DELETE', `${id}/feed`)).status).toBe(204);
    expect((await send('DELETE', `${id}/feed`)).status).toBe(204);
    expect(await read(first)).toMatchObject(notFound);
    const second = await addressOf(id);
    expect(await read(first)).toMatchObject(notFound);
    expect((await read(second)).status).toBe(200);
  });

  it('is not that of a participant with the same id', async () => {
    const { created, addressOf, read, key } = await setup();
    const { id } = await created();
    const { body } = await test.call('POST', `/v1/participants/${id}/feed`, { key });
    const ofParticipant = new URL(Object(body).url).pathname;
    expect(ofParticipant).not.toBe(await addressOf(id));
    expect((await read(ofParticipant)).text).toContain('X-WR-CALNAME:Auditions');
  });

  it('has its changes in the audit log, without the address', async () => {
    const { created, addressOf, send, organization } = await setup();
    const { id } = await created();
    const address = await addressOf(id);
    await addressOf(id);
    await addressOf(id, '/rotate');
    await send('DELETE', `${id}/feed`);
    const acts = await test.call('GET', '/v1/administrative-acts', {
      key: await test.keyFor('admin', organization),
    });
    expect(Object(acts.body).items.map(({ act }: { act: string }) => act)).toEqual([
      'feed.revoked',
      'feed.rotated',
      'feed.created',
      'session_block.created',
    ]);
    expect(acts.text).not.toContain(address.split('/').at(-1));
  });

  it('needs a block of the organization', async () => {
    const { send } = await setup();
    for (const path of ['feed', 'feed/rotate']) {
      expect(await send('POST', `blk_unknown/${path}`)).toMatchObject({
        status: 404,
        body: { code: 'session_block_not_found' },
      });
    }
    expect((await send('DELETE', 'blk_unknown/feed')).status).toBe(404);
  });
});

describe('the calendar of a session feed', () => {
  it('contains the sessions, which leave the time free, and the auditions, which block it', async () => {
    const { created, addressOf, eventsAt, book } = await setup();
    const { id } = await created();
    const audition = await book(id, ...slot);
    const events = await eventsAt(await addressOf(id));
    expect(events).toHaveLength(7);
    expect(events[0]).toEqual({
      uid: `${id}-20261201T1000@castmatch`,
      start: '2026-12-01T09:00:00.000Z',
      busy: 'free',
      summary: 'Casting session',
    });
    expect(events.at(-1)).toEqual({
      uid: `${audition}@castmatch`,
      start: slot[0],
      busy: 'busy',
      summary: 'Audition',
    });
  });

  it('follows changes, with the same UID and a higher SEQUENCE', async () => {
    const { created, addressOf, eventsAt, read, send } = await setup();
    const { id } = await created();
    const address = await addressOf(id);
    await send('PUT', `${id}/sessions/2026-12-03T10:00`, {
      version: 1,
      body: { start: '2026-12-04T14:00', end: '2026-12-04T16:00', room: 'Studio 5' },
    });
    await send('PUT', `${id}/sessions/2026-12-08T10:00`, { version: 2, body: { status: 'cancelled' } });
    const events = await eventsAt(address);
    expect(events).toHaveLength(5);
    expect(events).toContainEqual(
      expect.objectContaining({ uid: `${id}-20261203T1000@castmatch`, start: '2026-12-04T13:00:00.000Z' }),
    );
    const { text } = await read(address);
    expect(text).toContain('SEQUENCE:3');
    expect(text).toContain('LOCATION:Studio 5');
  });

  it('contains the sessions after a split', async () => {
    const { created, addressOf, eventsAt, send } = await setup();
    const { id } = await created();
    const address = await addressOf(id);
    await send('POST', `${id}/split`, {
      version: 1,
      body: {
        from: '2026-12-10T10:00',
        following: blockBody({ start: '2026-12-10T14:00', end: '2026-12-10T17:00' }),
      },
      headers: { 'idempotency-key': 'split' },
    });
    expect((await eventsAt(address)).map(({ start }) => start)).toEqual([
      '2026-12-01T09:00:00.000Z',
      '2026-12-03T09:00:00.000Z',
      '2026-12-08T09:00:00.000Z',
      '2026-12-10T13:00:00.000Z',
      '2026-12-15T13:00:00.000Z',
      '2026-12-17T13:00:00.000Z',
    ]);
  });

  it('contains a cancelled audition as cancelled, and none of another block', async () => {
    const { created, addressOf, read, book } = await setup();
    const [{ id }, other] = [await created(), await created()];
    await book(id, ...slot, { more: [{ type: 'cancelled', origin: 'api' }] });
    expect((await read(await addressOf(id))).text).toContain('STATUS:CANCELLED');
    expect((await read(await addressOf(other.id))).text).not.toContain('SUMMARY:Audition');
  });

  it('is not sent again while it is unchanged', async () => {
    const { created, addressOf, read } = await setup();
    const { id } = await created();
    const address = await addressOf(id);
    const etag = String((await read(address)).headers['etag']);
    expect(await read(address, { 'if-none-match': etag })).toMatchObject({ status: 304, text: '' });
  });

  it('is bounded for a rule that never ends', async () => {
    const { created, addressOf, eventsAt } = await setup();
    const { id } = await created({ recurrence: { rule: 'FREQ=DAILY' } });
    const count = (await eventsAt(await addressOf(id))).length;
    expect(count).toBeGreaterThan(300);
    expect(count).toBeLessThanOrEqual(456);
  });
});
