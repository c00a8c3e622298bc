import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const participant = participantIdSchema.parse('performer-1');

/** Stores an audition with an event in a calendar of the connection, and the emails to its participant in this order. */
const auditionWith = async (
  connection: 'conn_1' | 'conn_2',
  parts: readonly ('REQUEST' | 'CANCEL' | 'none')[],
  ...more: readonly AuditionFact[]
) => {
  const { events, noticeDeliveries } = database.repositories;
  const id = newAuditionId();
  const written = {
    type: 'calendar_event_written',
    participant,
    provider: 'google',
    connection,
    eventId: 'event',
  } as const;
  await storeEvents(events, id, trail([...factsUntilScheduled(id, 'org_north'), written, ...more]));
  for (const [sequence, part] of parts.entries()) {
    await noticeDeliveries.put({
      id: `${id}-${sequence}`,
      organization: 'org_north',
      auditionId: id,
      participant,
      channel: 'email',
      address: 'ada@example.com',
      calendar: { part, sequence },
    });
  }
  return id;
};

it('an account that is connected again concerns the auditions whose entry was made by email beside its event', async () => {
  const stands = await auditionWith('conn_1', ['REQUEST', 'CANCEL', 'REQUEST', 'none']);
  await auditionWith('conn_1', ['none']);
  await auditionWith('conn_1', ['REQUEST', 'CANCEL']);
  await auditionWith('conn_2', ['REQUEST']);
  await auditionWith('conn_1', ['REQUEST'], { type: 'cancelled', origin: 'api' });
  const { inboxRouting } = database.repositories;
  expect(await inboxRouting.auditionsWaitingFor('org_north', 'conn_1')).toEqual([stands]);
  expect(await inboxRouting.auditionsWaitingFor('org_south', 'conn_1')).toEqual([]);
});

it.each([
  ['without an email', []],
  ['whose email was not handed over yet', ['CANCEL']],
] as const)(
  'an account that is connected again concerns an audition %s whose event was skipped',
  async (_what, parts) => {
    const connection = 'conn_1';
    const skipped = {
      type: 'step_skipped',
      step: 'calendar_event',
      detail: 'write the event',
      event: { participant, connection },
    } as const;
    const id = await auditionWith(connection, parts, skipped);
    const { inboxRouting } = database.repositories;
    expect(await inboxRouting.auditionsWaitingFor('org_north', connection)).toContain(id);
    expect(await inboxRouting.auditionsWaitingFor('org_north', 'conn_2')).not.toContain(id);
  },
);
