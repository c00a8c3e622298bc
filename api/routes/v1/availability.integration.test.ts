/** Tests the search for free slots with holds and calendars. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderError } from '../../../domain/errors.ts';
import { createTestApi, performerConnection } from '../../../tests/harness/api.ts';
import { newAuditionId } from '../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';
import type { FindBusy } from '../../dependencies.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.repositories.connections.put(performerConnection);
});
afterAll(() => database.drop());

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' };

const setup = async (findBusy: FindBusy = async () => []) => {
  const test = await createTestApi(database, { findBusy });
  const key = await test.keyFor('backend');
  /** A participant of this test only. */
  const participant = { id: crypto.randomUUID(), zone: 'Europe/Paris', calendar };
  const ask = (slot: object = {}, participants: readonly object[] = [participant]) =>
    test.call('POST', '/v1/availability', {
      key,
      body: {
        slot: {
          earliest: '2026-12-01T09:00',
          latest: '2026-12-01T11:00',
          durationMinutes: 60,
          zone: 'Europe/Paris',
          ...slot,
        },
        participants,
        limit: 3,
      },
    });
  return { ...test, participant, ask };
};

const at = (start: string) => expect.objectContaining({ start: `2026-12-01T${start}:00.000Z` });

describe('availability', () => {
  it('ranks the earliest slot within all participants’ working hours first', async () => {
    const { ask } = await setup();
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body).toEqual({ slots: [at('08:00'), at('08:15'), at('08:30')] });
  });

  it('excludes busy times of the calendars', async () => {
    const { ask } = await setup(async () => [
      { start: '2026-12-01T08:00:00.000Z', end: '2026-12-01T08:40:00.000Z' },
    ]);
    expect((await ask()).body).toEqual({ slots: [at('08:45'), at('09:00')] });
  });

  it('excludes times that another audition holds', async () => {
    const { ask, participant } = await setup();
    await database.repositories.holds.claim(
      { auditionId: newAuditionId(), run: 'run-1', position: { facts: [], number: 0 } },
      {
        organization: 'org_north',
        claim: 1,
        slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T10:00:00.000Z' },
        resources: [`participant:${participant.id}`],
      },
    );
    expect((await ask()).body).toEqual({ slots: [at('08:00')] });
  });

  it('rejects a window inside a DST gap, an unknown zone, and an unknown connection', async () => {
    const { ask, participant } = await setup();
    expect((await ask({ earliest: '2027-03-28T02:30', latest: '2027-03-28T12:00' })).body).toMatchObject({
      code: 'local_time_in_gap',
    });
    expect((await ask({}, [{ ...participant, zone: 'Mars/Base' }])).body).toMatchObject({
      code: 'unknown_zone',
      errors: [{ pointer: '/participants/0/zone' }],
    });
    const calendarOfNobody = { ...calendar, connection: 'conn_none' };
    expect((await ask({}, [{ ...participant, calendar: calendarOfNobody }])).body).toMatchObject({
      code: 'unknown_connection',
    });
  });

  it.each([
    [{ kind: 'outage', effect: 'none' }, 503, 'temporarily_unavailable'],
    [{ kind: 'reconnect' }, 422, 'unknown_connection'],
    [{ kind: 'rejected_input' }, 422, 'unknown_connection'],
    [{ kind: 'misconfigured' }, 500, 'internal'],
  ] as const)('answers a calendar’s %j with %i', async (fault, status, code) => {
    const { ask } = await setup(() =>
      Promise.reject(new ProviderError('google', 'freebusy', fault, { message: 'no' })),
    );
    expect(await ask()).toMatchObject({
      status,
      body: { code, ...(status === 422 && { errors: [{ pointer: '/participants/0/calendar' }] }) },
    });
  });
});
