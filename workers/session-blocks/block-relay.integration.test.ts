/** Tests that auditions are signaled when their session block was changed. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionBlockChange } from '../../domain/audition/session-block-change.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { createTestApi, type TestApi } from '../../tests/harness/api.ts';
import { attentionItem } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { blockBody, useSessionBlocks } from '../../tests/harness/session-blocks.ts';
import { createBlockRound } from './block-relay.ts';

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

const notStopping = new AbortController().signal;
const slot = ['2026-12-03T09:20:00.000Z', '2026-12-03T09:35:00.000Z'] as const;
const path = (id: string) => `${id}/sessions/2026-12-03T10:00`;

const setup = async () => {
  await database.pool.query('UPDATE session_blocks SET reports_left = 0');
  const blocks = await useSessionBlocks(test, database);
  const sent: { readonly audition: AuditionId; readonly change: SessionBlockChange }[] = [];
  const temporal = { isDown: false };
  const round = createBlockRound({
    repositories: database.repositories,
    now: () => '2026-11-24T09:00:00.000Z',
    signal: async (audition, change) => {
      if (temporal.isDown) throw new Error('14 UNAVAILABLE');
      sent.push({ audition, change });
    },
  });
  /** Runs the relay until nothing is due. */
  const run = async () => {
    while (await round(notStopping));
  };
  const timePasses = () =>
    database.pool.query("UPDATE session_blocks SET report_at = now() - interval '1 second'");
  const { id } = await blocks.created();
  return { ...blocks, id, sent, temporal, run, round, timePasses };
};

describe('the relay of changed session blocks', () => {
  it('signals each audition outside with the place of its session now, and no other one', async () => {
    const { id, send, book, sent, run } = await setup();
    const audition = await book(id, ...slot);
    await book(id, '2026-12-08T09:00:00.000Z', '2026-12-08T09:15:00.000Z');
    await run();
    expect(sent).toEqual([]);
    await send('PUT', path(id), { version: 1, body: { start: '2026-12-04T14:00', end: '2026-12-04T16:00' } });
    await run();
    expect(sent).toEqual([
      {
        audition,
        change: {
          inboxId: `${id}:2:${slot[0]}:no_session`,
          principal: expect.stringMatching(/^key_[0-9a-f]{16}$/),
          block: id,
          version: 2,
          slot: { start: slot[0], end: slot[1], room: 'Studio 2' },
          change: 'no_session',
          next: {
            kind: 'window',
            earliest: '2026-12-04T13:00:00.000Z',
            latest: '2027-01-04T13:00:00.000Z',
            durationMinutes: 15,
            zone: 'Europe/Paris',
            block: id,
          },
        },
      },
    ]);
  });

  it('offers the same time in the new room, the next session, or nothing when there is none', async () => {
    const { id, send, book, sent, run } = await setup();
    await book(id, ...slot);
    await send('PUT', id, { version: 1, body: blockBody({ room: 'Studio 5' }) });
    await run();
    await send('PUT', path(id), { version: 2, body: { status: 'cancelled' } });
    await run();
    await send('DELETE', id, { version: 3 });
    await run();
    expect(sent.map(({ change: { change, next } }) => [change, next])).toEqual([
      [
        'other_room',
        {
          kind: 'fixed',
          slot: { start: slot[0], end: slot[1], zone: 'Europe/Paris', room: 'Studio 5', block: id },
        },
      ],
      ['no_session', expect.objectContaining({ kind: 'window', earliest: '2026-12-08T09:00:00.000Z' })],
      ['no_session', undefined],
    ]);
  });

  it('compares twice, because an audition can choose its slot while the block is changed', async () => {
    const { id, send, book, sent, run, timePasses } = await setup();
    await send('PUT', path(id), { version: 1, body: { status: 'cancelled' } });
    await run();
    const late = await book(id, ...slot);
    await run();
    expect(sent).toEqual([]);
    await timePasses();
    await run();
    expect(sent.map(({ audition }) => audition)).toEqual([late]);
    await timePasses();
    await run();
    expect(sent).toHaveLength(1);
  });

  it('signals an audition with an open question when it is inside again', async () => {
    const { id, send, book, sent, run } = await setup();
    const item = attentionItem(`att_${randomUUID()}`, { step: 'session_block' });
    await book(id, ...slot, { more: [{ type: 'attention_raised', item }] });
    await send('PUT', id, { version: 1, body: blockBody({ gapMinutes: 10 }) });
    await run();
    expect(sent.map(({ change }) => change.change)).toEqual(['inside']);
  });

  it('signals auditions after an outage of Temporal', async () => {
    const { id, send, book, sent, run, temporal, timePasses } = await setup();
    await book(id, ...slot);
    await send('PUT', path(id), { version: 1, body: { status: 'cancelled' } });
    temporal.isDown = true;
    await expect(run()).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await run();
    expect(sent).toEqual([]);
    await timePasses();
    await run();
    expect(sent).toHaveLength(1);
  });

  it('signals each audition from one of two workers', async () => {
    const { id, send, book, sent, round } = await setup();
    await book(id, ...slot);
    await send('PUT', path(id), { version: 1, body: { status: 'cancelled' } });
    await Promise.all([round(notStopping), round(notStopping)]);
    expect(sent).toHaveLength(1);
  });
});
