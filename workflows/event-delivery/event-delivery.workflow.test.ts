/** Days of a receiver's silence, and what must not be lost while something is told. */
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
  const settled: number[] = [];
  /** As the relay does: from a row of the outbox to the workflow. */
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
        claim: async () => ({ claimed: 1, rows: [through], deliveries: [{ ...delivery, ...changes }] }),
        acknowledge: async (rows) => {
          settled.push(...rows);
        },
        retryLater: async () => {},
      },
      temporal: stage.client,
      taskQueue: stage.taskQueue,
    });
    expect(await round()).toBe(true);
    return stage.client.workflow.getHandle(eventDeliveryWorkflowId(endpoint, auditionId));
  };
  return { endpoint, auditionId, wake, settled };
};

const upTo = (through: number): DeliveryOutcome => ({ kind: 'up_to_date', through });
const noFurther = async () => undefined;

/** An activity that a test lets go on when it likes. */
const held = (outcomes: readonly DeliveryOutcome[]) => {
  const gates = outcomes.map((outcome) => ({ outcome, ...Promise.withResolvers<void>() }));
  let called = 0;
  return {
    deliverEvents: async () => {
      const gate = gates[called];
      called += 1;
      if (!gate) throw new Error('called once too often');
      await gate.promise;
      return gate.outcome;
    },
    called: () => called,
    letGo: (index: number) => gates[index]?.resolve(),
  };
};

describe('a delivery', () => {
  it('costs one activity, and ends when everything is told', async () => {
    let called = 0;
    const { wake, settled } = setUp({
      deliverEvents: async () => {
        called += 1;
        return upTo(6);
      },
    });
    const handle = await wake(6);
    await stage.result(handle);
    expect([called, settled]).toEqual([1, [6]]);
    // What docs/decisions/0029 reckons with.
    expect(await stage.replay(handle, 'events-told')).toBe(12);
  });

  it('loses no wake-up that comes while the last event is told', async () => {
    const receiver = held([upTo(6), upTo(9)]);
    const { wake } = setUp(receiver);
    const handle = await wake(6);
    await eventually(() => receiver.called() === 1, 20_000);
    await wake(9);
    receiver.letGo(0);
    await eventually(() => receiver.called() === 2, 20_000);
    receiver.letGo(1);
    await stage.result(handle);
    expect(receiver.called()).toBe(2);
    await stage.replay(handle, 'events-told-on');
  });

  it('does nothing more for a wake-up about what it has told already', async () => {
    const receiver = held([upTo(9)]);
    const { wake } = setUp(receiver);
    const handle = await wake(6);
    await eventually(() => receiver.called() === 1, 20_000);
    await wake(9);
    receiver.letGo(0);
    await stage.result(handle);
    expect(receiver.called()).toBe(1);
  });

  it('begins anew when something happens after its end', async () => {
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

  it('asks again where an attempt has left something', async () => {
    const outcomes: DeliveryOutcome[] = [{ kind: 'more' }, { kind: 'more' }, upTo(6)];
    const { wake } = setUp({ deliverEvents: async () => outcomes.shift() ?? upTo(0) });
    await stage.result(await wake(6));
    expect(outcomes).toEqual([]);
  });

  it('ends at once where the endpoint is disabled', async () => {
    const receiver = held([{ kind: 'disabled' }]);
    receiver.letGo(0);
    const { wake } = setUp(receiver);
    await stage.result(await wake(6));
    expect(receiver.called()).toBe(1);
  });
});

it('wakes the others where one cannot be, and keeps what is due', async () => {
  const { endpoint, auditionId } = setUp({ deliverEvents: async () => upTo(6) });
  const due = { organization, endpoint, through: 6, correlationId: 'correlation-1', retryFrom: undefined };
  const cursed: DueDelivery = {
    ...due,
    auditionId: 'aud_cursed',
    get correlationId(): string {
      throw new Error('this one cannot be woken');
    },
  };
  // More than are woken at once.
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
      claim: async () => ({ claimed: 26, rows: [1, 2], deliveries: [cursed, ...others] }),
      acknowledge: async () => {
        calls.push('settled');
      },
      retryLater: async (rows) => {
        calls.push(rows);
      },
    },
    temporal: stage.client,
    taskQueue: stage.taskQueue,
  });
  await expect(round()).rejects.toMatchObject({ cause: { message: 'this one cannot be woken' } });
  expect(calls).toEqual([[1, 2]]);
  const last = stage.client.workflow.getHandle(eventDeliveryWorkflowId(endpoint, `${auditionId}-24`));
  await stage.result(last);
});

describe('a replay', () => {
  const range = { from: '2031-01-01T00:00:00.000Z', until: '2031-01-02T00:00:00.000Z' } as const;
  const start = (endpoint: EndpointId) =>
    stage.client.workflow.start(eventReplayWorkflowType, {
      workflowId: eventReplayWorkflowId(endpoint, range.from, range.until),
      taskQueue: stage.taskQueue,
      args: [{ organization, endpoint, correlationId: 'c', ...range }],
    });

  it('goes on where each attempt has ended, and counts what was sent', async () => {
    const asked: unknown[] = [];
    const after = { auditionId: 'aud_a', through: 4 } as const;
    const { endpoint } = setUp({
      replayEvents: async (input) => {
        asked.push(input.after);
        return asked.length === 1 ? { kind: 'more', sent: 4, after } : { kind: 'done', sent: 3 };
      },
    });
    const handle = await start(endpoint);
    expect(await stage.result(handle)).toEqual({ sent: 7 });
    expect(asked).toEqual([undefined, after]);
    await stage.replay(handle, 'events-replayed');
  });

  it('ends with what it has sent when the endpoint is disabled', async () => {
    const { endpoint } = setUp({ replayEvents: async () => ({ kind: 'disabled' }) });
    expect(await stage.result(await start(endpoint))).toEqual({ sent: 0 });
  });
});

const tell = (endpoint: EndpointId) =>
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

describe('a message for which somebody waits', () => {
  it('is sent once, and what was answered is said', async () => {
    let attempts = 0;
    const { endpoint } = setUp({
      tellEndpoint: async () => {
        attempts += 1;
        throw deliveryFailure('msg_test_1', '404');
      },
    });
    const handle = await tell(endpoint);
    expect(await stage.result(handle)).toEqual({ kind: 'failed', answer: '404' });
    expect(attempts).toBe(1);
    await stage.replay(handle, 'endpoint-tested');
  });
});

describe('a receiver that does not take a message', () => {
  it('is disabled at once when it wants nothing more', async () => {
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
    expect(reasons).toEqual(['The receiver answered 410 to msg_1: it wants nothing more.']);
    await stage.replay(handle, 'events-unwanted');
  });

  it('is not blamed for a failure of ours, which is tried again for ever', async () => {
    let attempts = 0;
    const { wake } = setUp({
      deliverEvents: async () => {
        attempts += 1;
        if (attempts < 3) throw ApplicationFailure.nonRetryable('our bug', 'ZodError');
        return upTo(6);
      },
      disableEndpoint: noFurther,
    });
    const begun = await stage.now();
    await stage.result(await wake(6));
    expect(attempts).toBe(3);
    expect((await stage.now()) - begun).toBeGreaterThan(20 * minute);
  });

  // From here on no time has to pass: the server keeps the lock of an attempt that ran out, or was cancelled.
  it('is disabled after three days, and the others of the organization are told', async () => {
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
    const { promise: looksAway, resolve: lookAway } = Promise.withResolvers<void>();
    let attempts = 0;
    const { wake, endpoint, auditionId } = setUp({
      deliverEvents: async () => {
        attempts += 1;
        throw deliveryFailure(`msg_${auditionId}_1`, '503', Math.min(5_000 * 2 ** (attempts - 1), hour));
      },
      disableEndpoint: async (input) => {
        disabled.push(input);
        await looksAway;
        return { at: '2031-01-01T09:00:00.000Z', others };
      },
    });
    const begun = await stage.now();
    const handle = await wake(6);
    await stage.until(handle, () => disabled.length === 1);
    const took = (await stage.now()) - begun;
    lookAway();
    await eventually(() => stage.hasCompleted(handle), 20_000);
    expect(took).toBeGreaterThan(2.9 * day);
    expect(took).toBeLessThan(3.2 * day);
    // 10 until the delay is an hour, then one an hour.
    expect(attempts).toBeGreaterThan(70);
    expect(attempts).toBeLessThan(90);
    const reason = `msg_${auditionId}_1 was not taken for 3 days; the last answer: 503.`;
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

  it('tries at once, instead of waiting for hours, when an endpoint has been put right', async () => {
    let isRight = false;
    let attempts = 0;
    const { wake } = setUp({
      deliverEvents: async () => {
        attempts += 1;
        if (!isRight) throw deliveryFailure('msg_1', '503', 20 * hour);
        return upTo(6);
      },
    });
    const handle = await wake(6);
    const hasFailed = async () => (await handle.describe()).raw.pendingActivities?.[0]?.lastFailure != null;
    await eventually(hasFailed, 20_000);
    const before = await stage.now();
    isRight = true;
    // Whoever only has more to tell does not hurry it.
    await wake(7);
    expect(attempts).toBe(1);
    await wake(7, { retryFrom: toInstant(before + 1_000) });
    await eventually(() => stage.hasCompleted(handle), 20_000);
    await stage.replay(handle, 'events-hurried');
  });
});
