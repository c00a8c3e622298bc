/** Tests that the tables do not confirm a guessed calendar, room or place, and that names of earlier versions are keyed. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toTemporalFailure } from '../../activities/failures.ts';
import { placeOf, slotResources } from '../../domain/audition/slot-resources.ts';
import { type AuditionId, type ConnectionId, participantIdSchema } from '../../domain/ids.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { dumpPostgres } from '../../tests/harness/database-dump.ts';
import { leaksIn } from '../../tests/harness/leaks.ts';
import {
  nameWithoutKey,
  storeRoomWithoutKey,
  storeWithoutKey,
} from '../../tests/harness/names-without-key.ts';
import { claim, ten } from '../../tests/harness/slot-holds.ts';
import { sha256 } from '../digest.ts';
import { createRepositories } from '../index.ts';
import { createMasterKeyRotation } from '../vault/rotation.ts';

const organization = 'org_north';
const ada = participantIdSchema.parse('ada');
const slot = { start: '2031-03-01T10:00:00.000Z', end: '2031-03-01T11:00:00.000Z', zone: 'UTC' } as const;
const former = { id: 'former', key: randomBytes(32) };
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(createKeyRing([former]));
});
afterAll(() => database.drop());

/** A process of this version that starts now. */
const startProcess = (ring = createKeyRing([former])) =>
  createRepositories(database.db, ring, database.keys.db);

const setup = () => {
  const { pool, repositories } = database;
  const account = `${randomUUID()}@example.com`;
  const calendarName = `google/${account}`;
  const room = `home of ${randomUUID()}`;
  const place = placeOf(organization, room) ?? '';
  const connection: ConnectionId = `conn_${randomUUID()}`;
  const auditionId = newAuditionId();
  const resources = slotResources([], room, [calendarName]);
  const gaps = { buffer: 0, travel: 600_000, place };
  const useCalendars = async () => {
    await repositories.holds.claim(...claim(auditionId, resources, { gaps }));
    await repositories.writtenEvents.record({
      organization,
      connection,
      provider: 'google',
      calendarName,
      calendarId: account,
      eventId: `event of ${auditionId}`,
      auditionId,
      participant: ada,
      key: `audition/${auditionId}:event`,
      slot,
      revision: 1,
      room: { calendarName, calendarId: account },
    });
    await pool.query(
      'UPDATE synced_events SET booked_by = written_by, room_calendar = calendar WHERE connection = $1',
      [connection],
    );
    await repositories.busyCalendars.replace({ organization, auditionId }, [
      { participant: ada, connection, provider: 'google', calendarId: account, calendarName },
    ]);
    await repositories.unreadableEvents.record({
      connection,
      organization,
      calendarName,
      faults: ['no_start: DTSTART'],
    });
    const calendar = (await repositories.storedNames()).calendar(calendarName);
    await pool.query(
      `INSERT INTO calendar_removals (connection, calendar, event_id, id, audition_id, reason, begun_at)
       VALUES ($1, $2, 'e2', gen_random_uuid(), $3, 'orphaned', now())`,
      [connection, calendar, auditionId],
    );
    await pool.query(
      `INSERT INTO watch_subscriptions (id, provider, organization, connection, calendar_id, expires_at)
       VALUES ($1, 'google', $2, $1, $3, now() + interval '1 day')`,
      [connection, organization, calendar],
    );
    await pool.query(
      `INSERT INTO connection_failures (connection, organization, problems, calendars, failing_since)
       VALUES ($1, $2, '[]', $3, now())`,
      [connection, organization, [calendar, 'calendar:unrelated']],
    );
    return calendar;
  };
  return {
    pool,
    repositories,
    connection,
    account,
    auditionId,
    calendarName,
    resources,
    gaps,
    useCalendars,
    /** Stores everything as a version without a key has stored it. */
    useWithoutKey: async () => {
      const calendar = await useCalendars();
      await storeWithoutKey(database, calendarName);
      await storeRoomWithoutKey(database, room, place);
      return calendar;
    },
    /** What the tables would confirm: the texts, and every hash of them that the earlier version has stored. */
    guesses: [account, calendarName, room, place].flatMap((text) => [
      { what: `the text ${text}`, text },
      { what: `the hash of ${text}`, text: sha256(text) },
    ]),
    rival: (by = repositories, resource = resources) => by.holds.claim(...claim(newAuditionId(), resource)),
  };
};

const columnSchema = z.array(z.object({ name: z.string() }));
/** Returns the distinct names of a calendar in all tables, as text. */
const namesOf = async (connection: ConnectionId, auditionId: AuditionId): Promise<readonly string[]> => {
  const { rows } = await database.pool.query(
    `SELECT resource AS name FROM slot_holds WHERE audition_id = $2 AND resource LIKE 'calendar:%'
     UNION SELECT calendar FROM synced_calendars WHERE connection = $1
     UNION SELECT calendar FROM synced_events WHERE connection = $1
     UNION SELECT room_calendar FROM synced_events WHERE connection = $1
     UNION SELECT calendar FROM busy_calendars WHERE connection = $1
     UNION SELECT calendar FROM calendar_removals WHERE connection = $1
     UNION SELECT calendar FROM unreadable_events WHERE connection = $1
     UNION SELECT calendar_id FROM watch_subscriptions WHERE connection = $1
     ORDER BY name`,
    [connection, auditionId],
  );
  return columnSchema.parse(rows).map(({ name }) => name);
};

describe('the stored name of a calendar, a room or a place', () => {
  it('is in no column of any table in a form that can be computed without the key', async () => {
    const { useCalendars, guesses, pool, connection, auditionId } = setup();
    const calendar = await useCalendars();
    expect(calendar).toMatch(/^calendar:v1:[A-Za-z0-9_-]{43}$/);
    expect(await namesOf(connection, auditionId)).toEqual([calendar]);
    const { rows } = await pool.query(
      "SELECT resource, place FROM slot_holds WHERE audition_id = $1 AND resource LIKE 'room:%'",
      [auditionId],
    );
    expect(rows).toEqual([
      {
        resource: expect.stringMatching(/^room:v1:[A-Za-z0-9_-]{43}$/),
        place: expect.stringMatching(/^v1:[A-Za-z0-9_-]{43}$/),
      },
    ]);
    expect(leaksIn(await dumpPostgres(pool), guesses)).toEqual([]);
  });

  it('keeps two organizations from using one calendar at the same time', async () => {
    const { repositories, calendarName } = setup();
    const resources = slotResources([], undefined, [calendarName]);
    const claims = (['org_north', 'org_south'] as const).map((by) =>
      repositories.holds.claim(...claim(newAuditionId(), resources, { organization: by })),
    );
    expect((await Promise.all(claims)).map(({ kind }) => kind).toSorted()).toEqual(['held', 'taken']);
  });

  it('is the same in a process with another newest master key, and after the rotation', async () => {
    const { rival } = setup();
    const newest = { id: 'newest', key: randomBytes(32) };
    const both = createKeyRing([newest, former]);
    expect(await rival()).toMatchObject({ kind: 'held' });
    expect(await rival(startProcess(both))).toMatchObject({ kind: 'taken' });
    await createMasterKeyRotation(database.keys.db, both).rotate({
      signal: new AbortController().signal,
      progress: () => {},
    });
    expect(await rival(startProcess(createKeyRing([newest])))).toMatchObject({ kind: 'taken' });
    await createMasterKeyRotation(database.keys.db, createKeyRing([former, newest])).rotate({
      signal: new AbortController().signal,
      progress: () => {},
    });
  });
});

describe('a name of an earlier version', () => {
  it('is keyed in all tables before a process of this version uses it', async () => {
    const { useWithoutKey, guesses, pool, connection, auditionId, calendarName } = setup();
    const calendar = await useWithoutKey();
    expect(await namesOf(connection, auditionId)).toEqual([nameWithoutKey(calendarName)]);
    expect(leaksIn(await dumpPostgres(pool), guesses)).not.toEqual([]);

    await startProcess().storedNames();

    expect(await namesOf(connection, auditionId)).toEqual([calendar]);
    expect(leaksIn(await dumpPostgres(pool), guesses)).toEqual([]);
    const { rows } = await pool.query('SELECT calendars FROM connection_failures WHERE connection = $1', [
      connection,
    ]);
    expect(rows).toEqual([{ calendars: [calendar, 'calendar:unrelated'] }]);
  });

  it.each([
    ['calendar', 1],
    ['room', 0],
  ] as const)('still keeps another audition from the %s', async (_, index) => {
    const { useWithoutKey, rival, resources, repositories, auditionId, gaps } = setup();
    await useWithoutKey();
    const started = startProcess();
    const [resource] = resources.slice(index);
    expect(resource).toBeDefined();
    expect(await rival(started, [resource ?? ''])).toMatchObject({ kind: 'taken', resources: [resource] });
    const busy = await repositories.holds.listBusy(
      { organization, resources: [resource ?? ''], gaps },
      { from: ten.start, until: ten.end },
    );
    expect(busy).toEqual([{ ...ten, resource }]);
    expect(await started.holds.isHeldFor(auditionId, 1, resources)).toBe(true);
  });

  it('still tells that two auditions are in one place', async () => {
    const { useWithoutKey, gaps, auditionId } = setup();
    await useWithoutKey();
    const { holds, storedNames } = startProcess();
    const next = { start: ten.end, end: '2027-03-01T11:00:00.000Z' } as const;
    const performer = ['participant:ada'];
    await database.pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during, place, travel_ms)
       SELECT audition_id, claim, 'participant:ada', organization, during, place, travel_ms FROM slot_holds
       WHERE audition_id = $1 AND resource LIKE 'room:%'`,
      [(await storedNames()) && auditionId],
    );
    const near = (place: string) =>
      holds.claim(...claim(newAuditionId(), performer, { slot: next, gaps: { ...gaps, place } }));
    expect(await near('org_north elsewhere')).toMatchObject({ kind: 'taken' });
    expect(await near(gaps.place)).toMatchObject({ kind: 'held' });
    await database.pool.query("DELETE FROM slot_holds WHERE resource = 'participant:ada'");
  });

  it('keeps the ids of calendars readable that were sealed with it', async () => {
    const { useWithoutKey, connection, account, pool } = setup();
    const calendar = await useWithoutKey();
    const { storedNames, syncedCalendars, busyCalendars } = startProcess();
    await storedNames();
    const key = { connection, calendar };
    expect(await syncedCalendars.list(connection)).toMatchObject([{ ...key, calendarId: account }]);
    expect(await syncedCalendars.listUnreadable(connection)).toEqual([]);
    expect(await busyCalendars.findCalendarId(key)).toBe(account);

    await syncedCalendars.reseal(key, account);
    expect(await syncedCalendars.find(key)).toMatchObject({ calendarId: account });
    const { rows } = await pool.query(
      'SELECT sealed_former_name FROM synced_calendars WHERE connection = $1',
      [connection],
    );
    expect(rows).toEqual([{ sealed_former_name: null }]);
  });

  it('opens nothing after the keys of the account and the audition were destroyed', async () => {
    const { useWithoutKey, connection, auditionId } = setup();
    const calendar = await useWithoutKey();
    const { storedNames, syncedCalendars, busyCalendars, vault, people } = startProcess();
    await storedNames();
    await vault.destroy(connection);
    await vault.erase(`audition:${auditionId}`);
    const key = { connection, calendar };
    expect(await syncedCalendars.listUnreadable(connection)).toEqual([key]);
    expect(await busyCalendars.findCalendarId(key)).toBeUndefined();
    await syncedCalendars.suspend(connection);
    await people.eraseAudition(auditionId);
    await people.eraseConnection(connection);
    expect(await namesOf(connection, auditionId)).toEqual([]);
  });

  it.each([
    'slot_holds',
    'synced_calendars',
    'busy_calendars',
    'synced_events',
    'calendar_removals',
    'unreadable_events',
    'watch_subscriptions',
    'connection_failures',
  ])(
    'is not keyed in some tables only when the process ends at %s, and the next process keys it',
    async (table) => {
      const { useWithoutKey, connection, auditionId, guesses, pool } = setup();
      const calendar = await useWithoutKey();
      await pool.query(
        `CREATE OR REPLACE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'stopped'; END $$;
       CREATE TRIGGER stop_here BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION stop_here()`,
      );
      const { storedNames } = startProcess();
      await expect(storedNames()).rejects.toThrow(/UPDATE/);
      expect(await namesOf(connection, auditionId)).toHaveLength(1);
      await pool.query(`DROP TRIGGER stop_here ON ${table}`);

      // The same process repeats the attempt, and so does another one.
      await Promise.all([storedNames(), startProcess().storedNames()]);
      expect(await namesOf(connection, auditionId)).toEqual([calendar]);
      expect(leaksIn(await dumpPostgres(pool), guesses)).toEqual([]);
    },
  );

  it('is keyed once by processes that start simultaneously', async () => {
    const calendars = await Promise.all(Array.from({ length: 5 }, () => setup().useWithoutKey()));
    await Promise.all(Array.from({ length: 4 }, () => startProcess().storedNames()));
    const { rows } = await database.pool.query('SELECT calendar AS name FROM synced_calendars');
    const stored = columnSchema.parse(rows).map(({ name }) => name);
    for (const calendar of calendars) expect(stored.filter((name) => name === calendar)).toHaveLength(1);
  });
});

describe('a process of an earlier version', () => {
  const plain = nameWithoutKey('google/ada@example.com');
  const at = 'tstzrange(now(), now())';

  it.each([
    [
      'claims a calendar',
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during) VALUES ('aud_1', 1, $1, 'org_1', ${at})`,
      plain,
    ],
    [
      'claims a room',
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during) VALUES ('aud_1', 1, $1, 'org_1', ${at})`,
      `room:${sha256('home')}`,
    ],
    [
      'claims a slot in a room',
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during, place)
       VALUES ('aud_1', 1, 'participant:ada', 'org_1', ${at}, $1)`,
      sha256('home'),
    ],
    [
      'counts a calendar as busy',
      `INSERT INTO busy_calendars (audition_id, participant, connection, calendar) VALUES ('aud_1', 'ada', 'conn_1', $1)`,
      plain,
    ],
    [
      'stores a busy time',
      `INSERT INTO synced_events (connection, calendar, event_id, starts_at, ends_at, zone, is_all_day, busy, generation)
       VALUES ('conn_1', $1, 'e1', now(), now(), 'UTC', false, 'busy', 1)`,
      plain,
    ],
    [
      'reports a damaged event',
      `INSERT INTO unreadable_events (connection, calendar, kind, organization, faults, first_seen_at, last_seen_at)
       VALUES ('conn_1', $1, 'events_unreadable', 'org_1', '{}', now(), now())`,
      plain,
    ],
    [
      'subscribes to a calendar',
      `INSERT INTO watch_subscriptions (id, provider, organization, connection, calendar_id, expires_at)
       VALUES ('w1', 'google', 'org_1', 'conn_1', $1, now())`,
      plain,
    ],
    [
      'lists calendars',
      'SELECT calendar, sealed_calendar_id FROM synced_calendars WHERE calendar = $1',
      plain,
    ],
    [
      'looks for the last write of an event',
      'SELECT seen_revision FROM synced_events WHERE calendar = $1',
      plain,
    ],
    ['looks for busy times of its own', 'SELECT starts_at FROM synced_events WHERE booked_room = $1', plain],
  ])(
    'is refused when it %s, so that its activity is retried by a process of this version',
    async (_, statement, name) => {
      const error: unknown = await database.pool.query(statement, [name]).catch((thrown: unknown) => thrown);
      expect(toTemporalFailure(error)).toMatchObject({ type: 'database', nonRetryable: false });
    },
  );
});
