/** Tests that the database does not confirm a guessed host of a meeting, and that claims of earlier versions still hold. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { asEarlierVersion } from '../../tests/harness/earlier-version.ts';
import { sha256 } from '../digest.ts';
import { createRepositories } from '../index.ts';
import { createMasterKeyRotation } from '../vault/rotation.ts';

const former = { id: 'former', key: randomBytes(32) };
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(createKeyRing([former]));
});
afterAll(() => database.drop());

const slot = { start: '2027-03-01T10:00:00.000Z', end: '2027-03-01T11:00:00.000Z' } as const;

const setup = () => {
  const { pool, repositories } = database;
  const host = `${randomUUID()}@example.com`;
  /** Another meeting, whose creation has completed. */
  const meeting = async (organization = 'org_north') => {
    const key = randomUUID();
    await pool.query(
      `INSERT INTO operations (key, organization, provider, operation, state, started_at)
       VALUES ($1, $2, 'zoom', 'meetings.create', 'completed', now())`,
      [key, organization],
    );
    return { key, auditionId: newAuditionId(), vendor: 'zoom', slot, revision: 1 } as const;
  };
  const claim = async (
    of: Awaited<ReturnType<typeof meeting>>,
    otherNames: readonly string[] = [],
    by = repositories,
  ) => by.hostClaims.claim({ ...of, host, otherNames }, { kind: 'created' });
  return {
    pool,
    host,
    meeting,
    claim,
    findBusy: () => repositories.hostClaims.findBusy('zoom', [host], slot, newAuditionId()),
    /** Claims a host without a key. */
    claimWithoutKey: async (name = host, of?: Awaited<ReturnType<typeof meeting>>) => {
      const { key, auditionId } = of ?? (await meeting());
      const insert = `INSERT INTO meeting_host_claims (key, revision, audition_id, vendor, host, during)
        VALUES ($1, 1, $2, 'zoom', $3, tstzrange($4, $5))`;
      const values = [key, auditionId, sha256(name), slot.start, slot.end];
      await asEarlierVersion(pool, (client) => client.query(insert, values));
      return { refused: () => pool.query(insert.replace('1, $2', '2, $2'), values) };
    },
    storedHosts: async () => {
      const { rows } = await pool.query('SELECT host FROM meeting_host_claims');
      return z
        .array(z.object({ host: z.string() }))
        .parse(rows)
        .map((row) => row.host);
    },
  };
};

describe('the hash of a host', () => {
  it('cannot be computed from the host alone', async () => {
    const { meeting, claim, storedHosts, host } = setup();
    expect(await claim(await meeting())).toBe('held');
    const stored = await storedHosts();
    expect(stored).toContainEqual(expect.stringMatching(/^v1:[A-Za-z0-9_-]{43}$/));
    expect(stored).not.toContain(sha256(host));
  });

  it('keeps two organizations from using one host at the same time', async () => {
    const { meeting, claim, findBusy, host } = setup();
    const claims = [await meeting('org_north'), await meeting('org_south')].map((of) => claim(of));
    expect((await Promise.all(claims)).toSorted()).toEqual(['busy', 'held']);
    expect(await findBusy()).toEqual(new Set([host]));
  });

  it('is the same in a process with another newest master key, and after the rotation', async () => {
    const { meeting, claim } = setup();
    const newest = { id: 'newest', key: randomBytes(32) };
    const both = createKeyRing([newest, former]);
    const other = (ring = both) => createRepositories(database.db, ring, database.keys.db);
    expect(await claim(await meeting())).toBe('held');
    expect(await claim(await meeting(), [], other())).toBe('busy');
    await createMasterKeyRotation(database.keys.db, both).rotate({
      signal: new AbortController().signal,
      progress: () => {},
    });
    expect(await claim(await meeting(), [], other(createKeyRing([newest])))).toBe('busy');
  });

  it.each(['the host', 'another name of it'])(
    'of an earlier version still excludes other claims when it is that of %s',
    async (name) => {
      const { meeting, claim, claimWithoutKey, host, findBusy } = setup();
      await claimWithoutKey(name === 'the host' ? host : `other ${host}`);
      expect(await claim(await meeting(), [`other ${host}`])).toBe('busy');
      expect(await findBusy()).toEqual(new Set(name === 'the host' ? [host] : []));
    },
  );

  it('of an earlier version is keyed when its own audition claims the host again', async () => {
    const { meeting, claim, claimWithoutKey, host, storedHosts } = setup();
    const of = await meeting();
    await claimWithoutKey(host, of);
    expect(await claim(of)).toBe('held');
    expect(await storedHosts()).not.toContain(sha256(host));
    expect(await claim(await meeting())).toBe('busy');
  });

  it('of an earlier version is keyed when a worker starts', async () => {
    const { meeting, claim, claimWithoutKey, host, storedHosts } = setup();
    await claimWithoutKey();
    await database.repositories.unkeyedHosts.key();
    await database.repositories.unkeyedHosts.key();
    expect(await storedHosts()).not.toContain(sha256(host));
    expect(await claim(await meeting())).toBe('busy');
  });

  it('of an earlier version is refused in a new claim, because that process does not find keyed ones', async () => {
    const { claimWithoutKey, meeting, claim, host, pool } = setup();
    const { refused } = await claimWithoutKey(`other ${host}`);
    await expect(refused()).rejects.toThrow('its version is older than the database');
    const of = await meeting();
    expect(await claim(of)).toBe('held');
    const change = pool.query('UPDATE meeting_host_claims SET host = $1 WHERE key = $2', [
      sha256(host),
      of.key,
    ]);
    await expect(change).rejects.toThrow('its version is older than the database');
  });
});
