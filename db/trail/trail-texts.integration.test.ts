import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { auditionDataKey } from '../../domain/workflow-ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { dumpPostgres } from '../../tests/harness/database-dump.ts';
import { leaksIn } from '../../tests/harness/leaks.ts';
import { erasedText } from './trail-texts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const room = 'The back room of Ottoline’s bakery';
/** Any calendar of an account can be named as that of a room, and its name is the address of a person then. */
const email = 'ottoline.home@example.com';
const reason = 'Ottoline has broken her leg';
const secrets = [
  { what: 'the room', text: room },
  { what: 'the address of the room', text: email },
  { what: 'the reason', text: reason },
];

const inRoom = (fact: AuditionFact): AuditionFact =>
  fact.type === 'slot_held'
    ? {
        ...fact,
        slot: { ...fact.slot, room, roomCalendar: { provider: 'google', connection: 'conn_1', email } },
      }
    : fact;

/** Stores a cancelled audition whose room and reason name a person. */
const cancelledAudition = async () => {
  const id = newAuditionId();
  const facts = [
    ...factsUntilScheduled(id).map(inRoom),
    { type: 'cancelled', origin: 'api', reason } as const,
  ];
  await storeEvents(database.repositories.events, id, trail(facts));
  return id;
};

describe('the texts of an audition', () => {
  test('are stored sealed, and read in the view and in the trail', async () => {
    const id = await cancelledAudition();
    const { events, auditions } = database.repositories;

    expect(leaksIn(await dumpPostgres(database.pool), secrets)).toEqual([]);
    expect((await auditions.get('org_north', id))?.slot).toMatchObject({ room, roomCalendar: { email } });
    const stored = await events.read('org_north', id, { after: 0, limit: 100 });
    expect(stored.find(({ fact }) => fact.type === 'slot_held')?.fact).toMatchObject({
      slot: { room, roomCalendar: { connection: 'conn_1', email } },
    });
    expect(stored.at(-1)?.fact).toMatchObject({ type: 'cancelled', reason });
  });

  test('are gone when the key of the audition is destroyed; the facts stay and the trail verifies', async () => {
    const [id, other] = [await cancelledAudition(), await cancelledAudition()];
    const { events, auditions, vault } = database.repositories;

    await vault.destroy(auditionDataKey(id));

    expect((await auditions.get('org_north', id))?.slot).toMatchObject({
      room: erasedText,
      roomCalendar: { email: erasedText },
    });
    const stored = await events.read('org_north', id, { after: 0, limit: 100 });
    expect(stored.at(-1)?.fact).toEqual({ type: 'cancelled', origin: 'api', reason: erasedText });
    expect(await events.verify(id)).toEqual({ ok: true });
    expect((await auditions.get('org_north', other))?.slot?.room).toBe(room);
  });

  test('survive a rebuild of the read model', async () => {
    const id = await cancelledAudition();
    const { auditions } = database.repositories;
    await auditions.rebuild();
    expect((await auditions.get('org_north', id))?.slot?.room).toBe(room);
    expect(leaksIn(await dumpPostgres(database.pool), secrets)).toEqual([]);
  });
});
