import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AuditionId,
  type ConnectionId,
  connectionIdSchema,
  participantIdSchema,
} from '../../domain/ids.ts';
import { createJoinLinkIds } from '../../foundation/links/join-link.ts';
import { createResponseLinkIds } from '../../foundation/links/response-link.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const organization = 'org_north';
const participant = participantIdSchema.parse('ada');
const masterKeys = [{ key: randomBytes(32) }];
const titles = { project: 'A play', role: 'A role' };

/** Stores a calendar that counts as busy for the participant. Returns what finds its id. */
const busyCalendarOf = async (auditionId: AuditionId) => {
  const connection = connectionIdSchema.parse(`conn_${randomUUID()}`);
  const name = `google/${randomUUID()}@calendars.example`;
  await database.repositories.busyCalendars.replace({ organization, auditionId }, [
    { participant, connection, provider: 'google', calendarId: name, calendarName: name },
  ]);
  return { name, key: { connection, calendar: (await database.repositories.storedNames()).calendar(name) } };
};

describe('the erasure of an audition', () => {
  it('makes the ids of busy calendars unreadable, in backups too', async () => {
    const { busyCalendars, people, vault } = database.repositories;
    const id = newAuditionId();
    const { name, key } = await busyCalendarOf(id);
    const other = await busyCalendarOf(newAuditionId());
    expect(await busyCalendars.findCalendarId(key)).toBe(name);
    const { rows } = await database.pool.query(
      'SELECT to_jsonb(busy_calendars) AS row FROM busy_calendars WHERE audition_id = $1',
      [id],
    );
    const backup = JSON.stringify(rows.map(({ row }) => row));

    await people.eraseAudition(id);

    await database.pool.query(
      'INSERT INTO busy_calendars SELECT * FROM jsonb_populate_recordset(NULL::busy_calendars, $1)',
      [backup],
    );
    vault.evict(`audition:${id}`);
    expect(await busyCalendars.findCalendarId(key)).toBeUndefined();
    expect(await busyCalendars.findCalendarId(other.key)).toBe(other.name);
  });

  it('deletes the links in invitations, and join links with the registrations that they lead to', async () => {
    const { responseLinks, joinLinks, registrants, people } = database.repositories;
    const auditionId = newAuditionId();
    const response = await responseLinks.issue(
      { invitation: { organization, auditionId, participant, revision: 1 }, locale: 'en', titles },
      createResponseLinkIds(masterKeys),
    );
    const [join = ''] = await joinLinks.issue(
      [{ organization, auditionId, participant, titles }],
      createJoinLinkIds(masterKeys),
    );
    await registrants.begin({ auditionId, meetingId: '1', participant, link: join });

    await people.eraseAudition(auditionId);

    expect(await responseLinks.find(response)).toBeUndefined();
    expect(await joinLinks.list(organization, auditionId)).toEqual([]);
    expect(await registrants.of(auditionId, '1')).toEqual([]);
  });
});

const newConnection = () => connectionIdSchema.parse(`conn_${randomUUID()}`);

/** Stores what the synchronisation has read of an account, and an event that an audition has written there. */
const storeCalendar = async (connection: ConnectionId, auditionId: AuditionId) => {
  const calendarName = `google/${randomUUID()}@calendars.example`;
  await database.repositories.writtenEvents.record({
    organization,
    connection,
    provider: 'google',
    calendarName,
    calendarId: calendarName,
    eventId: 'e1',
    auditionId,
    participant,
    key: 'k1',
    slot: { start: '2031-01-01T10:00:00.000Z', end: '2031-01-01T11:00:00.000Z', zone: 'UTC' },
    revision: 1,
  });
  const values = [connection, (await database.repositories.storedNames()).calendar(calendarName)];
  const { pool } = database;
  await pool.query("UPDATE synced_events SET edited_texts = 'title:1' WHERE connection = $1", [connection]);
  await pool.query(
    `INSERT INTO synced_events (connection, calendar, event_id, starts_at, ends_at, zone, is_all_day, busy, generation)
     VALUES ($1, $2, 'private', now(), now(), 'UTC', false, 'busy', 0)`,
    values,
  );
  await pool.query(
    `INSERT INTO calendar_removals (connection, calendar, event_id, id, audition_id, reason, begun_at)
     VALUES ($1, $2, 'private', gen_random_uuid(), 'aud_other', 'orphaned', now())`,
    values,
  );
  await pool.query(
    `INSERT INTO watch_subscriptions (id, provider, organization, connection, calendar_id, expires_at)
     VALUES (gen_random_uuid(), 'google', 'org_north', $1, $2, now())`,
    values,
  );
  await pool.query(
    `INSERT INTO unreadable_events (connection, calendar, kind, organization, faults, first_seen_at, last_seen_at)
     VALUES ($1, $2, 'events_unreadable', 'org_north', '{}', now(), now())`,
    values,
  );
};

const countOf = async (table: string, connection: string) =>
  (await database.pool.query(`SELECT FROM ${table} WHERE connection = $1`, [connection])).rowCount;

it('the erasure of an audition deletes what was written to calendars, and the edited texts', async () => {
  const auditionId = newAuditionId();
  const connection = newConnection();
  await storeCalendar(connection, auditionId);
  await database.repositories.people.eraseAudition(auditionId);
  const { rows } = await database.pool.query('SELECT event_id FROM synced_events WHERE connection = $1', [
    connection,
  ]);
  expect(rows).toEqual([{ event_id: 'private' }]);
});

it('the erasure of a connection deletes what was read from its calendars', async () => {
  const [erased, other] = [newConnection(), newConnection()];
  for (const connection of [erased, other]) await storeCalendar(connection, newAuditionId());
  await database.repositories.people.eraseConnection(erased);
  for (const [table, count] of [
    ['synced_events', 2],
    ['synced_calendars', 1],
    ['calendar_removals', 1],
    ['unreadable_events', 1],
    ['watch_subscriptions', 1],
  ] as const) {
    expect(await countOf(table, erased)).toBe(0);
    expect(await countOf(table, other)).toBe(count);
  }
});

it('the erasure of a connection deletes the hashes that would find the account', async () => {
  const { connections, people } = database.repositories;
  const connected = await connections.connect({
    organization,
    owner: participant,
    provider: 'google',
    grant: {
      account: { id: '1', name: 'ada@accounts.example' },
      credential: { kind: 'oauth', refreshToken: 'refresh' },
      scopes: [],
    },
  });
  if (connected.kind !== 'connected') throw new Error(connected.kind);
  await connections.disconnect(organization, connected.id);

  await people.eraseConnection(connected.id);

  const { rows } = await database.pool.query(
    'SELECT account_reference, provider_account FROM connections WHERE id = $1',
    [connected.id],
  );
  expect(rows).toEqual([{ account_reference: null, provider_account: null }]);
});
