/** Tests that the database does not confirm a guessed email address, and that suppressions of earlier versions still hold. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { addressHash } from './address-hash.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const address = 'ada@example.com';

/** An email to the address, which has bounced. */
const setup = async () => {
  const { repositories, pool } = database;
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const auditionId = newAuditionId();
  await storeEvents(repositories.events, auditionId, trail(factsUntilScheduled(auditionId, organization)));
  const participant = participantIdSchema.parse('ada');
  const deliveryId = `<${randomUUID()}@castmatch>`;
  const delivery = { organization, auditionId, participant, channel: 'email', address } as const;
  await repositories.noticeDeliveries.put({ id: deliveryId, ...delivery });
  const bounce = () =>
    repositories.noticeDeliveries.report({
      inboxId: randomUUID(),
      deliveryId,
      channel: 'email',
      status: 'bounced',
      code: 'bounced',
    });
  const stored = async () => {
    const { rows } = await pool.query(
      `SELECT address FROM deliveries WHERE organization = $1
       UNION ALL SELECT address FROM suppressions WHERE organization = $1`,
      [organization],
    );
    return z
      .array(z.object({ address: z.string() }))
      .parse(rows)
      .map((row) => row.address);
  };
  const plain = addressHash(organization, address);
  return {
    organization,
    plain,
    deliveryId,
    bounce,
    stored,
    suppression: async (email = 'Ada@Example.com') =>
      (await repositories.announcements.present(auditionId, { organization, email }))?.suppression,
    lift: () => repositories.suppressions.lift(organization, address),
    /** Stores the hashes as the versions before 0084 did. */
    makeEarlier: async () => {
      for (const table of ['deliveries', 'suppressions'])
        await pool.query(`UPDATE ${table} SET address = $1 WHERE organization = $2`, [plain, organization]);
    },
  };
};

const keyed = /^v1:[A-Za-z0-9_-]{43}$/;

describe('the hash of an email address', () => {
  it('cannot be computed from the address alone', async () => {
    const { bounce, stored, suppression, plain } = await setup();
    await bounce();
    expect(await stored()).toEqual([expect.stringMatching(keyed), expect.stringMatching(keyed)]);
    expect(await stored()).not.toContain(plain);
    expect(await suppression()).toBe('bounced');
    expect(await suppression('eve@example.com')).toBeUndefined();
  });

  it('of an earlier version still suppresses the address, and can be lifted', async () => {
    const { bounce, makeEarlier, suppression, lift } = await setup();
    await bounce();
    await makeEarlier();
    expect(await suppression()).toBe('bounced');
    expect([await lift(), await lift()]).toEqual([true, false]);
    expect(await suppression()).toBeUndefined();
  });

  it('of an earlier version is keyed when a worker starts, also where the address is suppressed in both forms', async () => {
    const { bounce, makeEarlier, stored, suppression, lift, deliveryId, organization } = await setup();
    await bounce();
    const before = await stored();
    const [keyedAddress] = before;
    await makeEarlier();
    await database.pool.query(
      `INSERT INTO suppressions (organization, address, reason, delivery_id) VALUES ($1, $2, 'complained', $3)`,
      [organization, keyedAddress, deliveryId],
    );
    await database.repositories.unkeyedAddresses.key();
    await database.repositories.unkeyedAddresses.key();
    expect(await stored()).toEqual(before);
    expect(await suppression()).toBe('complained');
    expect([await lift(), await lift()]).toEqual([true, false]);
  });

  it('of an earlier version is refused in a new message, because that process does not find keyed suppressions', async () => {
    const { organization, plain } = await setup();
    const insert = database.pool.query(
      `INSERT INTO deliveries (id, organization, audition_id, participant, channel, address)
       VALUES ($1, $2, 'aud_1', 'ada', 'email', $3)`,
      [randomUUID(), organization, plain],
    );
    await expect(insert).rejects.toThrow('its version is older than the database');
  });
});
