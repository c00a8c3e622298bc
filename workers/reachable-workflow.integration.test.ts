/** Tests signals to workflows whose key was erased, with the encryption of the service. Temporal is not reachable. */
import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DueDelivery } from '../db/endpoints/outbox.ts';
import { type AuditionId, connectionIdSchema, endpointIdSchema, participantIdSchema } from '../domain/ids.ts';
import { createDataConverter } from '../foundation/temporal/data-converter.ts';
import { newAuditionId } from '../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { createAuditionSignals } from './calendar-sync/audition-signals.ts';
import { createWorkflowSignals } from './inbox/workflow-signals.ts';
import { createOutboxRound } from './outbox/outbox-round.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const organization = 'org_1';
const at = '2031-01-01T10:00:00.000Z';

const setUp = async () => {
  const { people, vault } = database.repositories;
  const connection = Connection.lazy({ address: '127.0.0.1:1' });
  onTestFinished(() => connection.close());
  const dataConverter = createDataConverter([{ id: 'k1', key: randomBytes(32) }], vault);
  const client = new Client({ connection, dataConverter });
  const erased = newAuditionId();
  await people.eraseAudition(erased);
  const account = connectionIdSchema.parse('conn_erased');
  await people.eraseConnection(account);
  return { client, erased, account };
};

const answer = {
  inboxId: 'row:answer',
  participant: participantIdSchema.parse('ada'),
  answer: 'accepted',
  origin: 'calendar',
  revision: 1,
  at,
} as const;

describe('an erased audition', () => {
  it('is not running for reports about calendars', async () => {
    const { client, erased } = await setUp();
    const signals = createAuditionSignals();
    const environment = new MockActivityEnvironment({}, { client });
    expect(await environment.run(() => signals.answerReported(erased, answer))).toBe('not_running');
  });

  it('is not running for webhooks, and its account is not synchronized', async () => {
    const { client, erased, account } = await setUp();
    const signals = createWorkflowSignals(client, 'q');
    expect(await signals.signalAudition(erased, { about: 'answer', report: answer })).toBe('not_running');
    const notification = { inboxId: 'in_1', what: 'disconnected' } as const;
    expect(await signals.signalCalendarSync(account, notification)).toBe('not_running');
  });

  it('has no events to deliver: its rows leave the outbox, and those of others stay', async () => {
    const { client, erased } = await setUp();
    const other = newAuditionId();
    const acknowledged: number[] = [];
    const retried: number[] = [];
    const endpoint = endpointIdSchema.parse('endp_1');
    const deliveryOf = (auditionId: AuditionId): DueDelivery => ({
      organization,
      endpoint,
      auditionId,
      through: 1,
      get correlationId(): string {
        if (auditionId === other) throw new Error('this delivery cannot be started');
        return 'c';
      },
      retryFrom: undefined,
    });
    const roundOf = (auditions: readonly AuditionId[]) =>
      createOutboxRound({
        outbox: {
          claim: async () => ({
            claimed: auditions.length,
            rows: auditions.map((auditionId, id) => ({ id, auditionId })),
            deliveries: auditions.map((auditionId) => deliveryOf(auditionId)),
          }),
          acknowledge: async (rows) => {
            acknowledged.push(...rows);
          },
          retryLater: async (rows) => {
            retried.push(...rows);
          },
        },
        temporal: client,
        taskQueue: 'q',
      });
    expect(await roundOf([erased])()).toBe(true);
    expect([acknowledged, retried]).toEqual([[0], []]);
    await expect(roundOf([other, erased])()).rejects.toThrow('1 event deliveries');
    expect([acknowledged, retried]).toEqual([[0, 1], [0]]);
  });
});
