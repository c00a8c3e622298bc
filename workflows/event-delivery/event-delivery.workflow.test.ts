/** Event delivery: days without a response, and wake-ups that arrive during a delivery. */
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryOutcome, PlatformActivities, TellEndpointInput } from '../../activities/contract.ts';
import type { DueDelivery } from '../../db/endpoints/outbox.ts';
import type { AuditionId, EndpointId, OrganizationId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import {
  type DeliveryHarness,
  deliveryFailure,
  startDeliveryHarness,
} from '../../tests/harness/delivery-harness.ts';
import { eventually } from '../../tests/harness/eventually.ts';
import { createOutboxRound } from '../../workers/outbox/outbox-round.ts';
import {
  type EndpointNoticeResult,
  endpointNoticeWorkflowId,
  endpointNoticeWorkflowType,
  eventDeliveryWorkflowId,
  eventReplayWorkflowId,
  eventReplayWorkflowType,
} from './messages.ts';

let stage: DeliveryHarness;
beforeAll(async () => {
  stage = await startDeliveryHarness();
});
afterAll(() => stage.close());

const organization: OrganizationId = 'org_north';
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

let count = 0;
const setUp = (activities: Partial<PlatformActivities>) => {
  count += 1;
  const endpoint: EndpointId = `endp_${count}`;
  const auditionId: AuditionId = `aud_${count}`;
  stage.setActivities(endpoint, activities);
  const acknowledged: number[] = [];
  /** Starts or signals the workflow for a row of the outbox, as the relay does. */
  const wake = async (through: number, changes: Partial<DueDelivery> = {}) => {
    const delivery = {
      organization,
      endpoint,
      auditionId,
      through,
      correlationId: 'correlation-1',
      retryFrom: undefined,
    };
    const round = createOutboxRound({
      outbox: {
        claim: async () => ({
          claimed: 1,
          rows: [{ id: through, auditionId }],
          deliveries: [{ ...delivery, ...changes }],
        }),
        acknowledge: async (rows) => {
          acknowledged.push(...rows);
        },
        retryLater: async () => {},
      },
      temporal: stage.client,
      taskQueue: stage.taskQueue,
    });
    expect(await round()).toBe(true);
    return stage.client.workflow.getHandle(eventDeliveryWorkflowId(endpoint, auditionId));
  };
  return { endpoint, auditionId, wake, acknowledged };
};

const upTo = (through: number): DeliveryOutcome => ({ kind: 'up_to_date', through });
const noFurther = async () => undefined;

/** A delivery activity whose attempts the test releases one by one. */
const gatedDelivery = (outcomes: readonly DeliveryOutcome[]) => {
  const gates = outcomes.map((outcome) => ({ outcome, ...Promise.withResolvers<void>() }));
  let called = 0;
  return {
    deliverEvents: async () => {
      const gate = gates[called];
      called += 1;
      if (!gate) throw new Error('more calls than expected');
      await gate.promise;
      return gate.outcome;
    },
    called: () => called,
    release: (index: number) => gates[index]?.resolve(),
  };
};

describe('event delivery', () => {
  it('needs one activity, and ends when all events are delivered', async () => {
    let called = 0;
    const { wake, acknowledged } = setUp({
      deliverEvents: async () => {
        called += 1;
        return upTo(6);
      },
    });
    const handle = await wake(6);
    await stage.result(handle);
    expect([called, acknowledged]).toEqual([1, [6]]);
    // The number of events that docs/decisions/0029 calculates with.
    expect(await stage.replay(handle, 'events-told')).toBe(12);
  });

  it('loses no wake-up that arrives during the last delivery', async () => {
    const receiver = gatedDelivery([upTo(6), upTo(9)]);
    const { wake } = setUp(receiver);
    const handle = await wake(6);
    await eventually(() => receiver.called() === 1, 20_000);
    await wake(9);
    receiver.release(0);
    await eventually(() => receiver.called() === 2, 20_000);
    receiver.release(1);
    await stage.result(handle);
    expect(receiver.called()).toBe(2);
    await stage.replay(handle, 'events-told-on');
  });

  it('ignores a wake-up for events that are already delivered', async () => {
    const receiver = gatedDelivery([upTo(9)]);
    const { wake } = setUp(receiver);
    const handle = await wake(6);
    await eventually(() => receiver.called() === 1, 20_000);
    await wake(9);
    receiver.release(0);
    await stage.result(handle);
    expect(receiver.called()).toBe(1);
  });

  it('starts again for an event after its end', async () => {
    let called = 0;
    const { wake } = setUp({
      deliverEvents: async () => {
        called += 1;
        return upTo(called === 1 ? 6 : 7);
      },
    });
    await stage.result(await wake(6));
    await stage.result(await wake(7));
    expect(called).toBe(2);
  });

  it('repeats the activity while events are left', async () => {
    const outcomes: DeliveryOutcome[] = [{ kind: 'more' }, { kind: 'more' }, upTo(6)];
    const { wake } = setUp({ deliverEvents: async () => outcomes.shift() ?? upTo(0) });
    await stage.result(await wake(6));
    expect(outcomes).toEqual([]);
  });

  it('ends immediately when the endpoint is disabled', async () => {
    const receiver = gatedDelivery([{ kind: 'disabled' }]);
    receiver.release(0);
    const { wake } = setUp(receiver);
    await stage.result(await wake(6));
    expect(receiver.called()).toBe(1);
  });
});

it('the outbox round wakes the other deliveries when one cannot be woken, and keeps only its rows', async () => {
  const { endpoint, auditionId } = setUp({ deliverEvents: async () => upTo(6) });
  const due = { organization, endpoint, through: 6, correlationId: 'correlation-1', retryFrom: undefined };
  const failing: DueDelivery = {
    ...due,
    auditionId: 'aud_failing',
    get correlationId(): string {
      throw new Error('this delivery cannot be woken');
    },
  };
  // More deliveries than one round wakes concurrently.
  const others = Array.from(
    { length: 25 },
    (_, n): DueDelivery => ({
      ...due,
      auditionId: `${auditionId}-${n}`,
    }),
  );
  const calls: unknown[] = [];
  const round = createOutboxRound({
    outbox: {
      claim: async () => ({
        claimed: 27,
        rows: [failing, failing, ...others].map((delivery, id) => ({ id, auditionId: delivery.auditionId })),
        deliveries: [failing, ...others],
      }),
      acknowledge: async (rows) => {
        calls.push(['acknowledged', rows.length]);
      },
      retryLater: async (rows) => {
        calls.push(rows);
      },
    },
    temporal: stage.client,
    taskQueue: stage.taskQueue,
  });
  await expect(round()).rejects.toMatchObject({ cause: { message: 'this delivery cannot be woken' } });
  expect(calls).toEqual([
    ['acknowledged', 25],
    [0, 1],
  ]);
  const last = stage.client.workflow.getHandle(eventDeliveryWorkflowId(endpoint, `${auditionId}-24`));
  await stage.result(last);
});

describe('an event replay', () => {
  const range = { from: '2031-01-01T00:00:00.000Z', until: '2031-01-02T00:00:00.000Z' } as const;
  const start = (endpoint: EndpointId) =>
    stage.client.workflow.start(eventReplayWorkflowType, {
      workflowId: eventReplayWorkflowId(endpoint, range.from, range.until),
      taskQueue: stage.taskQueue,
      args: [{ organization, endpoint, correlationId: 'c', ...range }],
    });

  it('continues at the cursor of the previous attempt, and counts the sent events', async () => {
    const cursors: unknown[] = [];
    const after = { auditionId: 'aud_a', through: 4 } as const;
    const { endpoint } = setUp({
      replayEvents: async (input) => {
        cursors.push(input.after);
        return cursors.length === 1 ? { kind: 'more', sent: 4, after } : { kind: 'done', sent: 3 };
      },
    });
    const handle = await start(endpoint);
    expect(await stage.result(handle)).toEqual({ sent: 7 });
    expect(cursors).toEqual([undefined, after]);
    await stage.replay(handle, 'events-replayed');
  });

  it('ends with the number of sent events when the endpoint is disabled', async () => {
    const { endpoint } = setUp({ replayEvents: async () => ({ kind: 'disabled' }) });
    expect(await stage.result(await start(endpoint))).toEqual({ sent: 0 });
  });
});

const startTestNotice = (endpoint: EndpointId) =>
  stage.client.workflow.start<(input: unknown) => Promise<EndpointNoticeResult>>(endpointNoticeWorkflowType, {
    workflowId: endpointNoticeWorkflowId(endpoint, 'msg_test_1'),
    taskQueue: stage.taskQueue,
    args: [
      {
        organization,
        endpoint,
        correlationId: 'c',
        message: {
          id: 'msg_test_1',
          event: { type: 'endpoint.test', timestamp: '2031-01-01T00:00:00.000Z', data: {} },
        },
        evenIfDisabled: true,
        once: true,
      },
    ],
  });

describe('a test message', () => {
  it('is sent once, and returns the response', async () => {
    let attempts = 0;
    const { endpoint } = setUp({
      tellEndpoint: async () => {
        attempts += 1;
        throw deliveryFailure('msg_test_1', '404');
      },
    });
    const handle = await startTestNotice(endpoint);
    expect(await stage.result(handle)).toEqual({ kind: 'failed', answer: '404' });
    expect(attempts).toBe(1);
    await stage.replay(handle, 'endpoint-tested');
  });
});

describe('an endpoint that does not accept a message', () => {
  it('is disabled immediately when it answers 410', async () => {
    const reasons: string[] = [];
    const { wake } = setUp({
      deliverEvents: async () => ({ kind: 'gone', message: 'msg_1', answer: '410' }),
      disableEndpoint: async ({ reason }) => {
        reasons.push(reason);
        return undefined;
      },
    });
    const handle = await wake(6);
    await stage.result(handle);
    expect(reasons).toEqual(['The receiver answered 410 to msg_1: it wants no more events.']);
    await stage.replay(handle, 'events-unwanted');
  });

  it('is not disabled for an internal failure, which is retried without limit', async () => {
    let attempts = 0;
    const { wake } = setUp({
      deliverEvents: async () => {
        attempts += 1;
        if (attempts < 3) throw ApplicationFailure.nonRetryable('an internal failure', 'ZodError');
        return upTo(6);
      },
      disableEndpoint: noFurther,
    });
    const begun = await stage.now();
    await stage.result(await wake(6));
    expect(attempts).toBe(3);
    expect((await stage.now()) - begun).toBeGreaterThan(20 * minute);
  });

  // These tests must be the last: the server keeps the time lock of an attempt that timed out or was cancelled.
  it("is disabled after three days, and the organization's other endpoints are notified", async () => {
    const disabled: Parameters<PlatformActivities['disableEndpoint']>[0][] = [];
    const notices: TellEndpointInput[] = [];
    const others: readonly EndpointId[] = ['endp_other-1', 'endp_other-2'];
    for (const other of others) {
      stage.setActivities(other, {
        tellEndpoint: async (input) => {
          notices.push(input);
          return { kind: 'accepted', answer: '200' };
        },
      });
    }
    // The time-skipping server cannot describe a workflow whose child is being started.
    const { promise: resumed, resolve: resume } = Promise.withResolvers<void>();
    let attempts = 0;
    const { wake, endpoint, auditionId } = setUp({
      deliverEvents: async () => {
        attempts += 1;
        throw deliveryFailure(`msg_${auditionId}_1`, '503', Math.min(5_000 * 2 ** (attempts - 1), 6 * hour));
      },
      disableEndpoint: async (input) => {
        disabled.push(input);
        await resumed;
        return { at: '2031-01-01T09:00:00.000Z', others };
      },
    });
    const begun = await stage.now();
    const handle = await wake(6);
    await stage.until(handle, () => disabled.length === 1);
    const took = (await stage.now()) - begun;
    resume();
    await eventually(() => stage.hasCompleted(handle), 20_000);
    expect(took).toBeGreaterThan(2.9 * day);
    expect(took).toBeLessThan(3.3 * day);
    // 13 attempts until the delay is six hours, then one each six hours.
    expect(attempts).toBeGreaterThan(20);
    expect(attempts).toBeLessThan(30);
    const reason = `msg_${auditionId}_1 was not accepted for 3 days; last response: 503.`;
    expect(disabled).toEqual([{ organization, endpoint, correlationId: 'correlation-1', reason }]);
    const id = `msg_${endpoint}_disabled_${Date.parse('2031-01-01T09:00:00.000Z')}`;
    for (const other of others) {
      await stage.result(stage.client.workflow.getHandle(endpointNoticeWorkflowId(other, id)));
    }
    expect(notices.map((notice) => [notice.endpoint, notice.message])).toEqual(
      others.map((other) => [
        other,
        {
          id,
          event: {
            type: 'endpoint.disabled',
            timestamp: '2031-01-01T09:00:00.000Z',
            data: { endpoint, organization, reason },
          },
        },
      ]),
    );
    await stage.replay(handle, 'events-given-up');
  });

  it('gets its next attempt immediately when it is enabled again', async () => {
    let isRepaired = false;
    let attempts = 0;
    const { wake } = setUp({
      deliverEvents: async () => {
        attempts += 1;
        if (!isRepaired) throw deliveryFailure('msg_1', '503', 20 * hour);
        return upTo(6);
      },
    });
    const handle = await wake(6);
    const hasFailed = async () => (await handle.describe()).raw.pendingActivities?.[0]?.lastFailure != null;
    await eventually(hasFailed, 20_000);
    const before = await stage.now();
    isRepaired = true;
    // A wake-up for more events alone does not restart the attempt.
    await wake(7);
    expect(attempts).toBe(1);
    await wake(7, { retryFrom: toInstant(before + 1_000) });
    await eventually(() => stage.hasCompleted(handle), 20_000);
    await stage.replay(handle, 'events-hurried');
  });
});
