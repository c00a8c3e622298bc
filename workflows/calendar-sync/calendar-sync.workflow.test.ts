/** The rhythm of a synchronisation: notifications, polls, renewals, and what ends it. */
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SyncCalendarsInput, SyncCalendarsResult } from '../../activities/contract.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { calendarSyncWorkflowId } from '../../domain/workflow-ids.ts';
import { recordOrRequireHistory } from '../../tests/harness/corpus-recording.ts';
import { eventually } from '../../tests/harness/eventually.ts';
import { dataConverter, startTimeSkippingServer } from '../../tests/harness/time-skipping-server.ts';
import { expectReplayMatches, terminateWhenIdle } from '../../tests/harness/workflow-harness.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { createReplayer, type Replayer } from '../../workers/replay/replayer.ts';
import {
  type CalendarNotification,
  type CalendarSyncInput,
  calendarNewsSignal,
  calendarSyncQuery,
  calendarSyncWorkflowType,
  reconcileCalendarsUpdate,
} from './messages.ts';
import type { calendarSync } from './workflow.ts';

const suffix = `-${crypto.randomUUID()}`;
const minute = 60_000;

type Round = (input: SyncCalendarsInput, round: number) => Promise<SyncCalendarsResult>;
const rounds = new Map<ConnectionId, Round>();

let environment: TestWorkflowEnvironment;
let replayer: Replayer;
let close: () => Promise<void>;
beforeAll(async () => {
  environment = await startTimeSkippingServer();
  const calls = new Map<ConnectionId, number>();
  const syncCalendars = async (input: SyncCalendarsInput): Promise<SyncCalendarsResult> => {
    const number = (calls.get(input.connection) ?? 0) + 1;
    calls.set(input.connection, number);
    const round = rounds.get(input.connection);
    if (!round) throw new Error(`the test has no rounds for ${input.connection}`);
    return round(input, number);
  };
  const common = { connection: environment.nativeConnection, dataConverter, shutdownGraceTime: 0 };
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: `castmatch${suffix}`,
      workflowBundle: inject('workflowCode').encrypted,
    }),
    Worker.create({ ...common, taskQueue: `google${suffix}`, activities: { syncCalendars } }),
  ]);
  const running = workers.map((worker) => worker.run());
  replayer = createReplayer({
    masterKeys: corpusKeys,
    workflowCode: inject('workflowCode').readable,
  });
  close = async () => {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await replayer.close();
    await environment.teardown();
  };
});
afterAll(() => close());

const synced = (
  changes: Partial<Extract<SyncCalendarsResult, { kind: 'synced' }>> = {},
): SyncCalendarsResult => ({
  kind: 'synced',
  calendars: [{ calendar: 'calendar:a', state: 'in_sync', listedCount: 1 }],
  isMore: false,
  nextPollMs: 15 * minute,
  ...changes,
});
const ended = { kind: 'ended', reason: 'unused' } as const;

let count = 0;
/** Starts a synchronisation whose rounds the test answers. @param changed a calendar whose notification arrives with the start */
const start = async (answer: Round, changed?: string) => {
  count += 1;
  const connection: ConnectionId = `conn_${count}`;
  const seen: { readonly input: SyncCalendarsInput; readonly at: number }[] = [];
  rounds.set(connection, async (input, round) => {
    seen.push({ input, at: await environment.currentTimeMs() });
    return answer(input, round);
  });
  const options = {
    taskQueue: `castmatch${suffix}`,
    workflowId: calendarSyncWorkflowId(connection),
    args: [{ organization: 'org_1', connection, provider: 'google' }] satisfies [CalendarSyncInput],
  };
  const { workflow } = environment.client;
  const handle =
    changed === undefined
      ? await workflow.start<typeof calendarSync>(calendarSyncWorkflowType, options)
      : await workflow.signalWithStart<typeof calendarSync, [CalendarNotification]>(
          calendarSyncWorkflowType,
          {
            ...options,
            signal: calendarNewsSignal,
            signalArgs: [{ what: 'changed', calendarId: changed }],
          },
        );
  const untilRounds = (wanted: number) => eventually(() => seen.length >= wanted, 20_000);
  const news = (
    calendarId: string | undefined,
    what: 'changed' | 'removed' | 'restored' | 'disconnected' = 'changed',
  ) =>
    handle.signal(calendarNewsSignal, {
      inboxId: crypto.randomUUID(),
      calendarId,
      what,
      ...(what === 'removed' ? { subscription: 'channel-1' } : {}),
    });
  const finish = async (recordAs?: string) => {
    const history = await handle.fetchHistory();
    const played = { workflowId: handle.workflowId, history };
    await expectReplayMatches(replayer, played);
    if (recordAs) await recordOrRequireHistory(recordAs, played);
    await terminateWhenIdle(handle);
  };
  return { handle, seen, untilRounds, news, finish };
};

/** Skips time in steps that are shorter than the timeouts of an activity that becomes due within a step. */
const pass = async (minutes: number): Promise<void> => {
  for (let passed = 0; passed < minutes; passed += 0.5) await environment.sleep(minute / 2);
};

const onlyOf = ({ input }: { readonly input: SyncCalendarsInput }) => input.only;

describe('a synchronisation', () => {
  it('reads all calendars at its start, goes on while there is more, and then at intervals', async () => {
    const { seen, untilRounds, finish, handle } = await start(async (_input, round) =>
      synced({ isMore: round === 1 }),
    );
    await untilRounds(2);
    expect(await handle.query(calendarSyncQuery)).toMatchObject({ rounds: 2, status: 'in_sync' });
    await pass(40);
    await untilRounds(4);
    expect(seen.map(onlyOf)).toEqual(seen.map(() => undefined));
    const [, second, third] = seen.map(({ at }) => at);
    const interval = (third ?? 0) - (second ?? 0);
    expect(interval).toBeGreaterThanOrEqual(12 * minute - 1_000);
    expect(interval).toBeLessThanOrEqual(15 * minute + 1_000);
    await finish('calendars-polled');
  });

  it('answers a burst of notifications with one round about their calendars', async () => {
    const { seen, untilRounds, news, finish } = await start(async () => synced());
    await untilRounds(1);
    for (const calendar of ['calendar:a', 'calendar:b', 'calendar:a', 'calendar:a']) await news(calendar);
    await news('calendar:b', 'removed');
    await environment.sleep(2_000);
    await untilRounds(2);
    expect(seen).toHaveLength(2);
    expect(seen[1]?.input).toMatchObject({
      only: ['calendar:a', 'calendar:b'],
      lostSubscriptions: ['channel-1'],
    });
    await finish('calendars-notified');
  });

  it('replaces a subscription before the next poll when it ends earlier', async () => {
    const { seen, untilRounds, finish } = await start(async () =>
      synced({
        nextPollMs: 24 * 60 * minute,
        renewAt: toInstant((await environment.currentTimeMs()) + 30 * minute),
      }),
    );
    await untilRounds(1);
    await pass(31);
    await untilRounds(2);
    expect((seen[1]?.at ?? 0) - (seen[0]?.at ?? 0)).toBeLessThan(32 * minute);
    await finish();
  });

  it.each([
    ['connected again', 'restored'],
    ['disconnected', 'disconnected'],
  ] as const)(
    'waits for the owner of the account, and reads everything when it is %s',
    async (_how, what) => {
      const { handle, seen, untilRounds, news, finish } = await start(async (_input, round) =>
        round === 1 ? { kind: 'needs_reauthorization', nextPollMs: 60 * minute } : synced(),
      );
      await untilRounds(1);
      await eventually(
        async () => (await handle.query(calendarSyncQuery)).status === 'needs_reauthorization',
        10_000,
      );
      await news('calendar:a');
      await environment.sleep(5_000);
      expect(seen).toHaveLength(1);
      await news(undefined, what);
      await untilRounds(2);
      expect(seen).toHaveLength(2);
      expect(seen.map(onlyOf)).toEqual([undefined, undefined]);
      await finish(what === 'restored' ? 'calendars-reauthorized' : undefined);
    },
  );

  it('follows the notifications of other calendars while one fails, and tries that one again in time', async () => {
    const { handle, seen, untilRounds, news, finish } = await start(async (_input, round) => {
      if (round > 3) return synced();
      return synced({ again: [{ calendar: 'calendar:x', afterMs: 4 * minute }], isFailing: round === 3 });
    });
    await untilRounds(1);
    await news('calendar:a');
    await environment.sleep(2_000);
    await untilRounds(2);
    expect((seen[1]?.at ?? 0) - (seen[0]?.at ?? 0)).toBeLessThan(3_000);
    await pass(5);
    await untilRounds(3);
    await eventually(async () => (await handle.query(calendarSyncQuery)).status === 'failing', 10_000);
    await pass(5);
    await untilRounds(4);
    const readings = seen.map(({ input: { only, again } }) => ({ only, again }));
    expect(readings.slice(0, 4)).toEqual([
      { only: undefined, again: undefined },
      { only: ['calendar:a'], again: undefined },
      { only: [], again: ['calendar:x'] },
      { only: [], again: ['calendar:x'] },
    ]);
    await eventually(async () => (await handle.query(calendarSyncQuery)).status === 'in_sync', 10_000);
    await finish('calendars-read-again');
  });

  it('reads what the time of a round was too short for immediately, and nothing else', async () => {
    const { seen, untilRounds, finish } = await start(async (_input, round) =>
      round === 1 ? synced({ isMore: true, again: [{ calendar: 'calendar:b', afterMs: 0 }] }) : synced(),
    );
    await untilRounds(2);
    expect(seen.map(({ input: { only, again } }) => ({ only, again }))).toEqual([
      { only: undefined, again: undefined },
      { only: [], again: ['calendar:b'] },
    ]);
    await finish();
  });

  it('continues a long listing in a round about another calendar', async () => {
    const again = [{ calendar: 'calendar:long', afterMs: 0 }];
    const { seen, untilRounds, finish } = await start(async ({ connection }, round) => {
      const itself = environment.client.workflow.getHandle(calendarSyncWorkflowId(connection));
      if (round === 1) await itself.signal(calendarNewsSignal, { calendarId: 'calendar:a', what: 'changed' });
      return round < 3 ? synced({ isMore: true, again }) : synced();
    });
    await untilRounds(3);
    expect(seen.map(({ input: { only, again } }) => ({ only, again }))).toEqual([
      { only: undefined, again: undefined },
      { only: ['calendar:a'], again: ['calendar:long'] },
      { only: [], again: ['calendar:long'] },
    ]);
    expect((seen[2]?.at ?? 0) - (seen[0]?.at ?? 0)).toBeLessThan(minute);
    await finish('calendars-listed-while-notified');
  });

  it('goes on after a round that failed for good', async () => {
    const { handle, untilRounds, finish } = await start(async (_input, round) => {
      if (round > 1) return synced();
      throw ApplicationFailure.nonRetryable('the answer cannot be read');
    });
    await untilRounds(1);
    await eventually(async () => (await handle.query(calendarSyncQuery)).status === 'failing', 10_000);
    await pass(6);
    await untilRounds(2);
    await eventually(async () => (await handle.query(calendarSyncQuery)).status === 'in_sync', 10_000);
    expect(await handle.query(calendarSyncQuery)).toMatchObject({ rounds: 2 });
    await finish('calendars-failing');
  });

  it.each([
    ['failed for good', 'failing'],
    ['found the account unauthorized', 'needs_reauthorization'],
  ] as const)(
    'reads all calendars after a round that %s, because what that round was to read was not read',
    async (_how, status) => {
      const { handle, seen, untilRounds, news, finish } = await start(async (_input, round) => {
        if (round !== 2) return synced();
        if (status === 'needs_reauthorization') return { kind: status, nextPollMs: 5 * minute };
        throw ApplicationFailure.nonRetryable('the answer cannot be read');
      });
      await untilRounds(1);
      await news('calendar:a');
      await environment.sleep(2_000);
      await untilRounds(2);
      await eventually(async () => (await handle.query(calendarSyncQuery)).status === status, 10_000);
      await news('calendar:c');
      await pass(6);
      await untilRounds(3);
      await news('calendar:d');
      await environment.sleep(2_000);
      await untilRounds(4);
      expect(seen.map(onlyOf)).toEqual([undefined, ['calendar:a'], undefined, ['calendar:d']]);
      await finish(status === 'failing' ? 'calendars-read-after-failure' : undefined);
    },
  );

  it('continues a round that was too short in spite of a notification about another calendar', async () => {
    const { seen, untilRounds, finish } = await start(async ({ connection }, round) => {
      const itself = environment.client.workflow.getHandle(calendarSyncWorkflowId(connection));
      if (round === 1) await itself.signal(calendarNewsSignal, { what: 'changed', calendarId: 'calendar:c' });
      return synced({ isMore: round === 1 });
    });
    await untilRounds(2);
    expect(seen.map(onlyOf)).toEqual([undefined, undefined]);
    await finish();
  });

  it('reads all calendars at its start, whatever the first notification is about', async () => {
    const { seen, untilRounds, finish } = await start(async () => synced(), 'calendar:a');
    await untilRounds(1);
    expect(seen.map(onlyOf)).toEqual([undefined]);
    await finish();
  });

  it('ends when no audition uses its calendars, unless a notification says otherwise meanwhile', async () => {
    const { handle, seen, untilRounds, news } = await start(async ({ connection }, round) => {
      const itself = environment.client.workflow.getHandle(calendarSyncWorkflowId(connection));
      if (round === 1) await itself.signal(calendarNewsSignal, { what: 'used' });
      return round === 2 ? synced() : ended;
    });
    await untilRounds(2);
    await news('calendar:a');
    await environment.sleep(2_000);
    expect(await handle.result()).toBe('unused');
    expect(seen).toHaveLength(3);
  });
});

describe('a requested reconciliation', () => {
  const finding = {
    calendar: 'calendar:a',
    auditionId: 'aud_1',
    fault: 'event_orphaned',
    repair: 'removed',
  } as const;

  it('runs rounds until all calendars are compared, and answers what was found', async () => {
    const { handle, seen, untilRounds, finish } = await start(async ({ reconcile }, round) =>
      reconcile ? synced({ findings: [finding], isMore: round === 2, isReconciled: round === 3 }) : synced(),
    );
    await untilRounds(1);
    const result = await handle.executeUpdate(reconcileCalendarsUpdate, { args: [{ isDryRun: false }] });
    expect(result).toMatchObject({ kind: 'reconciled', findings: [finding, finding] });
    const requestedAt = seen[1]?.input.reconcile?.requestedAt ?? '';
    expect(Date.parse(requestedAt)).toBeLessThanOrEqual(seen[1]?.at ?? 0);
    expect(seen.map(({ input }) => input.reconcile)).toEqual([
      undefined,
      { isDryRun: false, isFirst: true, requestedAt },
      { isDryRun: false, isFirst: false, requestedAt },
    ]);
    expect((await handle.query(calendarSyncQuery)).findings).toEqual([finding]);
    await finish();
  });

  it('is carried out after another one, and reads all calendars in spite of a notification', async () => {
    const { handle, seen, untilRounds, news, finish } = await start(async ({ reconcile }) =>
      synced({ isReconciled: reconcile !== undefined }),
    );
    await untilRounds(1);
    await news('calendar:a');
    const results = await Promise.all(
      [true, false].map((isDryRun) =>
        handle.executeUpdate(reconcileCalendarsUpdate, { args: [{ isDryRun }] }),
      ),
    );
    expect(results.map(({ kind }) => kind)).toEqual(['reconciled', 'reconciled']);
    const reconciling = seen.filter(({ input }) => input.reconcile);
    expect(reconciling.map(onlyOf)).toEqual([undefined, undefined]);
    await finish();
  });

  it('is refused while the account waits for its owner, and when the calendars are not used any more', async () => {
    const { handle, untilRounds } = await start(async ({ reconcile }, round) =>
      !reconcile ? synced() : round === 2 ? { kind: 'needs_reauthorization', nextPollMs: minute } : ended,
    );
    await untilRounds(1);
    const request = () => handle.executeUpdate(reconcileCalendarsUpdate, { args: [{ isDryRun: true }] });
    expect(await request()).toEqual({ kind: 'not_reconciled', status: 'needs_reauthorization' });
    expect(await request()).toEqual({ kind: 'not_reconciled', status: 'ended' });
    expect(await handle.result()).toBe('unused');
  });
});
