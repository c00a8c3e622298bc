/** Delivers events from the trail in PostgreSQL to a real HTTP receiver. */
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { createOutboundDispatcher } from '../../providers/outbound/dispatcher.ts';
import { createPlatformClient } from '../../providers/platform/client.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import {
  actor,
  addAudition,
  addEndpoint,
  addEvents,
  newOrganizationId,
  secret,
} from '../../tests/harness/endpoints.ts';
import { startReceiver } from '../../tests/harness/receiver.ts';
import type { EndpointTarget, ReplayEventsInput, TellEndpointInput } from '../contract.ts';
import { createEndpointActivities } from '../index.ts';
import { endpointRetryDelayMs } from './endpoint-failure.ts';

let database: TestDatabase;
let repositories: TestDatabase['repositories'];
beforeAll(async () => {
  database = await createTestDatabase();
  ({ repositories } = database);
});
afterAll(() => database.drop());

const publicTypes = [
  'audition.requested',
  'audition.slot_held',
  'audition.meeting_created',
  'audition.calendar_event_written',
  'audition.scheduled',
];
const confirmed: AuditionFact = { type: 'confirmed' };

/** Runs the activity as Temporal does, in a context with the attempt number. */
const inContext =
  <Input, Result>(activity: (input: Input) => Promise<Result>) =>
  (input: Input, attempt = 1): Promise<Result> =>
    new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') }).run(activity, input);

const setUp = async ({ eventTypes = [] as readonly string[], withinMs = 5_000 } = {}) => {
  const receiver = await startReceiver();
  const organization = newOrganizationId();
  const endpoint = await addEndpoint(repositories, organization, { url: receiver.url, eventTypes });
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(() => dispatcher.close());
  const { endpoints, endpointProgress: progress } = repositories;
  let nowMs = 0;
  const activities = createEndpointActivities({
    endpoints,
    progress,
    client: createPlatformClient(dispatcher, { withinMs }),
    now: () => nowMs,
  });
  return {
    receiver,
    organization,
    endpoint,
    to: { organization, endpoint, correlationId: 'correlation-1' },
    deliver: inContext((input: EndpointTarget & { auditionId: AuditionId }) =>
      activities.deliverEvents(input),
    ),
    replay: inContext((input: ReplayEventsInput) => activities.replayEvents(input)),
    sendMessage: inContext((input: TellEndpointInput) => activities.tellEndpoint(input)),
    types: () => receiver.received.map(({ event }) => event.type),
    status: () => repositories.endpoints.get(organization, endpoint),
    passTime: (ms: number) => {
      nowMs += ms;
    },
  };
};

/** The failure that Temporal sees. */
const failureOf = async (attempt: Promise<unknown>): Promise<ApplicationFailure> => {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApplicationFailure) return error;
  throw new Error(`not an ApplicationFailure: ${String(error)}`);
};

describe('deliverEvents', () => {
  it('sends each undelivered event once, in order and signed', async () => {
    const { deliver, to, organization, receiver, types } = await setUp();
    const auditionId = await addAudition(repositories, organization);
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'up_to_date', through: 6 });
    expect(types()).toEqual(publicTypes);
    expect(receiver.received.map(({ id }) => id)).toEqual(
      [1, 3, 4, 5, 6].map((sequence) => `msg_${auditionId}_${sequence}`),
    );
    for (const received of receiver.received) received.verify(secret);
    await addEvents(repositories, auditionId, 7, [confirmed]);
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'up_to_date', through: 7 });
    expect(types()).toEqual([...publicTypes, 'audition.confirmed']);
  });

  it('sends only the event types that the endpoint subscribes to', async () => {
    const { deliver, to, organization, types } = await setUp({ eventTypes: ['audition.scheduled'] });
    const auditionId = await addAudition(repositories, organization, [confirmed]);
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'up_to_date', through: 7 });
    expect(types()).toEqual(['audition.scheduled']);
  });

  it('holds back the later events of the same audition after a failure, and no other audition', async () => {
    const { deliver, to, organization, receiver, types, status } = await setUp();
    const [auditionId, other] = [
      await addAudition(repositories, organization),
      await addAudition(repositories, organization),
    ];
    receiver.answer((response, { id }) => response.writeHead(id === `msg_${auditionId}_4` ? 500 : 200).end());
    // The delivered events are recorded. The retry period of the rejected event starts with its own attempt.
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'more' });
    const failure = await failureOf(deliver({ ...to, auditionId }));
    expect(failure).toMatchObject({
      type: 'endpoint_failed',
      nonRetryable: false,
      details: [{ message: `msg_${auditionId}_4`, answer: '500' }],
    });
    expect((await status())?.failingSince).toMatch(/Z$/);
    expect(await deliver({ ...to, auditionId: other })).toMatchObject({ kind: 'up_to_date' });
    receiver.answer(200);
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'up_to_date', through: 6 });
    const ofFirst = receiver.received.filter(({ event }) => event.data['audition'] === auditionId);
    expect(ofFirst.map(({ event }) => event.data['sequence'])).toEqual([1, 3, 4, 4, 4, 5, 6]);
    expect(types()).toHaveLength(7 + publicTypes.length);
    expect((await status())?.failingSince).toBeUndefined();
  });

  it('sends an accepted event again under the same id when the progress write was lost', async () => {
    const { deliver, to, organization, endpoint, receiver } = await setUp();
    const auditionId = await addAudition(repositories, organization);
    await deliver({ ...to, auditionId });
    await database.db.execute(
      sql`UPDATE endpoint_progress SET delivered_through = 5 WHERE endpoint = ${endpoint}`,
    );
    await deliver({ ...to, auditionId });
    const [, , , , first, again] = receiver.received;
    expect(again?.id).toBe(first?.id);
    expect(again?.body).toBe(first?.body);
  });

  it('stops when another attempt has advanced the progress', async () => {
    const { deliver, to, organization, endpoint, receiver } = await setUp();
    const auditionId = await addAudition(repositories, organization);
    receiver.answer((response) => {
      // While the receiver processes the request, another attempt advances the progress beyond it.
      void database.db
        .execute(
          sql`INSERT INTO endpoint_progress VALUES (${endpoint}, ${auditionId}, 5)
              ON CONFLICT (endpoint, audition_id) DO UPDATE SET delivered_through = 5`,
        )
        .then(() => response.writeHead(200).end());
    });
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'more' });
    expect(receiver.received).toHaveLength(1);
    expect(await repositories.endpointProgress.deliveredThrough(endpoint, auditionId)).toBe(5);
  });

  it('leaves the remaining events to another attempt after the send window', async () => {
    const { deliver, to, organization, receiver, passTime } = await setUp();
    const auditionId = await addAudition(repositories, organization);
    receiver.answer((response) => {
      passTime(16_000);
      response.writeHead(200).end();
    });
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'more' });
    expect(receiver.received).toHaveLength(2);
  });

  it('sends nothing to an endpoint that is disabled, removed, or owned by another organization', async () => {
    const { deliver, to, organization, endpoint, receiver } = await setUp();
    const auditionId = await addAudition(repositories, organization);
    const otherOrganization = { ...to, organization: newOrganizationId() };
    expect(await deliver({ ...otherOrganization, auditionId })).toEqual({ kind: 'disabled' });
    await repositories.endpoints.disable(organization, endpoint, 'for the test');
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'disabled' });
    await repositories.endpoints.remove(organization, endpoint, actor);
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'disabled' });
    expect(receiver.received).toEqual([]);
  });

  it('sends no events of an audition of another organization', async () => {
    const { deliver, to, receiver } = await setUp();
    const auditionId = await addAudition(repositories, newOrganizationId());
    expect(await deliver({ ...to, auditionId })).toEqual({ kind: 'up_to_date', through: 0 });
    expect(receiver.received).toEqual([]);
  });

  it('returns gone when the receiver answers 410', async () => {
    const { deliver, to, organization, receiver } = await setUp();
    const auditionId = await addAudition(repositories, organization);
    receiver.answer(410);
    expect(await deliver({ ...to, auditionId })).toEqual({
      kind: 'gone',
      message: `msg_${auditionId}_1`,
      answer: '410',
    });
  });

  it('waits for the Retry-After of the receiver, and never shorter than its own backoff', async () => {
    const { deliver, to, organization, receiver } = await setUp();
    const auditionId = await addAudition(repositories, organization);
    receiver.answer((response) => response.writeHead(429, { 'retry-after': '600' }).end());
    const first = await failureOf(deliver({ ...to, auditionId }));
    expect(Number(first.nextRetryDelay)).toBeGreaterThanOrEqual(600_000);
    receiver.answer((response) => response.writeHead(503, { 'retry-after': '0' }).end());
    const third = await failureOf(deliver({ ...to, auditionId }, 3));
    expect(Number(third.nextRetryDelay)).toBeGreaterThanOrEqual(20_000);
  });

  it('signs with both secrets during a rotation', async () => {
    const { deliver, to, organization, endpoint, receiver } = await setUp();
    const newer = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const use = { organization, endpoint, purpose: 'test', correlationId: 'c' };
    await repositories.endpoints.rotateSecret(use, newer, 86_400_000, actor);
    const auditionId = await addAudition(repositories, organization);
    await deliver({ ...to, auditionId });
    for (const received of receiver.received) {
      received.verify(secret);
      received.verify(newer);
    }
    expect(receiver.received).not.toEqual([]);
  });
});

const noJitter = () => 0;

it('endpointRetryDelayMs doubles the delay up to one hour and adds a jitter', () => {
  expect(
    [1, 2, 3, 10, 11, 1000].map((attempt) => endpointRetryDelayMs(attempt, undefined, noJitter)),
  ).toEqual([5_000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000]);
  expect(endpointRetryDelayMs(1, undefined, () => 1)).toBe(6_000);
  expect(endpointRetryDelayMs(1, 60_000, noJitter)).toBe(60_000);
  expect(endpointRetryDelayMs(5, 1_000, noJitter)).toBe(80_000);
});

describe('replayEvents', () => {
  const morning = Date.UTC(2031, 0, 1, 9);
  /** Includes the first event and excludes the last. */
  const range = { from: '2031-01-01T09:00:01.000Z', until: '2031-01-01T09:00:06.000Z' } as const;

  it('sends the events of the time range again, audition by audition, under the same ids', async () => {
    const { replay, deliver, to, organization, receiver } = await setUp();
    const ids = [
      await addAudition(repositories, organization, [], morning),
      await addAudition(repositories, organization, [], morning),
    ].toSorted();
    for (const auditionId of ids) await deliver({ ...to, auditionId });
    const before = new Map(receiver.received.map(({ id, body }) => [id, body]));
    const count = receiver.received.length;
    expect(await replay({ ...to, ...range })).toEqual({ kind: 'done', sent: 8 });
    const again = receiver.received.slice(count);
    expect(again.map(({ id }) => id)).toEqual(
      ids.flatMap((id) => [1, 3, 4, 5].map((sequence) => `msg_${id}_${sequence}`)),
    );
    for (const { id, body } of again) expect(body).toBe(before.get(id));
  });

  it('continues after the cursor in another attempt', async () => {
    const { replay, to, organization, receiver, passTime } = await setUp();
    const auditionId = await addAudition(repositories, organization, [], morning);
    receiver.answer((response) => {
      passTime(16_000);
      response.writeHead(200).end();
    });
    const first = await replay({ ...to, ...range });
    expect(first).toEqual({ kind: 'more', sent: 2, after: { auditionId, through: 3 } });
    receiver.answer(200);
    const after = { auditionId, through: 3 };
    expect(await replay({ ...to, ...range, after })).toEqual({ kind: 'done', sent: 2 });
    expect(receiver.received.map(({ event }) => event.data['sequence'])).toEqual([1, 3, 4, 5]);
  });

  it('leaves the delivery progress of the endpoint unchanged', async () => {
    const { replay, to, organization, endpoint } = await setUp();
    const auditionId = await addAudition(repositories, organization, [], morning);
    await replay({ ...to, ...range });
    expect(await repositories.endpointProgress.deliveredThrough(endpoint, auditionId)).toBe(0);
  });

  it('fails at the event that the receiver rejects', async () => {
    const { replay, to, organization, receiver } = await setUp();
    const auditionId = await addAudition(repositories, organization, [], morning);
    receiver.answer(500);
    expect(await failureOf(replay({ ...to, ...range }))).toMatchObject({
      type: 'endpoint_failed',
      details: [{ message: `msg_${auditionId}_1`, answer: '500' }],
    });
  });
});

describe('tellEndpoint', () => {
  const message = {
    id: 'msg_test_1',
    event: { type: 'endpoint.test', timestamp: '2031-01-01T09:00:00.000Z', data: {} },
  } as const;

  it('sends one message, and to a disabled endpoint only when requested', async () => {
    const { sendMessage, to, organization, endpoint, receiver, status } = await setUp();
    await repositories.endpoints.disable(organization, endpoint, 'for the test');
    expect(await sendMessage({ ...to, message, evenIfDisabled: false })).toEqual({ kind: 'disabled' });
    expect(await sendMessage({ ...to, message, evenIfDisabled: true })).toEqual({
      kind: 'accepted',
      answer: '204',
    });
    expect(receiver.received.map(({ id, event }) => [id, event])).toEqual([['msg_test_1', message.event]]);
    expect(await status()).toMatchObject({ status: 'disabled', lastAnswer: undefined });
  });

  it('fails when the receiver rejects the message', async () => {
    const { sendMessage, to, receiver } = await setUp();
    receiver.answer(404);
    expect(await failureOf(sendMessage({ ...to, message, evenIfDisabled: false }))).toMatchObject({
      type: 'endpoint_failed',
      details: [{ message: 'msg_test_1', answer: '404' }],
    });
  });
});
