import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditionFact } from '../../../domain/audition/events.ts';
import { participantIdSchema } from '../../../domain/ids.ts';
import type { Instant } from '../../../domain/time/instant.ts';
import { createTestApi, joinLinkIds, type TestApi } from '../../../tests/harness/api.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

const performer = participantIdSchema.parse('performer-1');
const block = 'blk_1';
let now: Instant = '2027-03-01T09:45:00.000Z';

let database: TestDatabase;
let test: TestApi;
let url: string;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database, { now: () => now });
  url = await test.api.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const program = fileURLToPath(new URL('../ops.ts', import.meta.url));
const ops = async (...words: readonly string[]) =>
  execa(process.execPath, [program, 'waiting-list', ...words], {
    env: { CASTMATCH_API_URL: url, CASTMATCH_API_KEY: await test.keyFor('operator') },
    extendEnv: false,
    reject: false,
  });

/** Stores an audition of the session, whose performer is admitted in turn. */
const schedule = async () => {
  const id = newAuditionId();
  const joinLinks = { opensBefore: 30 * 60_000, closesAfter: 15 * 60_000, admission: 'in_turn' } as const;
  const facts = factsUntilScheduled(id, 'org_north').map((fact): AuditionFact => {
    if (fact.type === 'requested') return { ...fact, joinLinks };
    return fact.type === 'slot_held' ? { ...fact, slot: { ...fact.slot, block } } : fact;
  });
  await storeEvents(database.repositories.events, id, trail(facts));
  const checkIn = async () => {
    const request = { organization: 'org_north', auditionId: id, participant: performer } as const;
    const [link] = await database.repositories.joinLinks.issue([request], joinLinkIds);
    await test.call('POST', `/j/${link}`);
  };
  return { id, checkIn };
};

it('ops waiting-list shows who waits for the session, and admits performers', {
  timeout: 60_000,
}, async () => {
  const [first, second] = [await schedule(), await schedule()];
  expect(await ops('show', first.id)).toMatchObject({ exitCode: 0, stdout: 'Nobody is waiting.' });
  await first.checkIn();
  now = '2027-03-01T09:46:00.000Z';
  await second.checkIn();
  expect((await ops('show', second.id)).stdout.split('\n')).toEqual([
    `1. performer-1 (${first.id}), checked in 2027-03-01T09:45:00.000Z`,
    `2. performer-1 (${second.id}), checked in 2027-03-01T09:46:00.000Z`,
  ]);

  now = '2027-03-01T09:50:00.000Z';
  const admitted = await ops('admit', first.id);
  expect(admitted.stdout.split('\n')).toEqual([
    `1. performer-1 (${second.id}), checked in 2027-03-01T09:46:00.000Z`,
    `admitted 2027-03-01T09:50:00.000Z: performer-1 (${first.id})`,
  ]);
  now = '2027-03-01T09:51:00.000Z';
  expect((await ops('admit', first.id, performer)).stdout).toBe(admitted.stdout);
  const { items } = await database.repositories.administrativeActs.list('org_north', { limit: 10 });
  expect(items.filter(({ act }) => act === 'performer.admitted')).toHaveLength(1);

  const stranger = await ops('admit', second.id, 'stranger');
  expect([stranger.exitCode, stranger.stderr]).toEqual([1, expect.stringContaining('no such performer')]);
  const unknown = await ops('show', newAuditionId());
  expect([unknown.exitCode, unknown.stdout]).toEqual([1, '']);
});
