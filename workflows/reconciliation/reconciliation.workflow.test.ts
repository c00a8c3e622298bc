/**
 * Tests the reconciliation on the time-skipping server, with fake activities. The comparison itself is tested on real
 * servers in tests/e2e/reconciliation.e2e.test.ts.
 */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { ComparedPage, Finding, ReconciliationActivities, Suspect } from '../../activities/contract.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { auditionPlan } from '../../tests/harness/audition-plan.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { recordOrRequireHistory } from '../../tests/harness/corpus-recording.ts';
import { dataConverter, startTimeSkippingServer } from '../../tests/harness/time-skipping-server.ts';
import { expectReplayMatches } from '../../tests/harness/workflow-harness.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { createReplayer, type Replayer } from '../../workers/replay/replayer.ts';
import type { ReconciliationInput, ReconciliationResult } from './messages.ts';

let environment: TestWorkflowEnvironment;
let replayer: Replayer;
beforeAll(async () => {
  environment = await startTimeSkippingServer();
  const workflowCode = inject('workflowCode').readable;
  replayer = createReplayer({ masterKeys: corpusKeys, workflowCode });
});
afterAll(async () => {
  await replayer.close();
  await environment.teardown();
});

const empty: ComparedPage = { compared: 0, suspects: [] };
const inOrder: ReconciliationActivities = {
  compareTrails: async () => empty,
  compareRemains: async () => empty,
  compareOpenAuditions: async () => empty,
  repairAudition: async () => ({ kind: 'in_order' }),
  reportFindings: async () => {},
};

/** The workflow that takes an audition over waits here. */
const notNow = () => {
  throw ApplicationFailure.create({
    message: 'these tests take no audition over',
    category: ApplicationFailureCategory.BENIGN,
  });
};

/** Runs a reconciliation to its end and replays it. Returns the result and how long it took by the server's clock. */
const run = async (
  activities: Partial<ReconciliationActivities>,
  { recordAs, ...input }: ReconciliationInput & { readonly recordAs?: string } = {},
) => {
  const taskQueue = `castmatch-${crypto.randomUUID()}`;
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    dataConverter,
    taskQueue,
    workflowBundle: inject('workflowCode').encrypted,
    activities: { ...inOrder, ...activities, adoptTrail: notNow },
  });
  return worker.runUntil(async () => {
    const begun = await environment.currentTimeMs();
    const handle = await environment.client.workflow.start<
      (input: ReconciliationInput) => Promise<ReconciliationResult>
    >('reconciliation', { workflowId: `reconciliation-${crypto.randomUUID()}`, taskQueue, args: [input] });
    const result = await handle.result();
    const tookMs = (await environment.currentTimeMs()) - begun;
    const played = { workflowId: handle.workflowId, history: await handle.fetchHistory() };
    await expectReplayMatches(replayer, played);
    if (recordAs !== undefined) await recordOrRequireHistory(recordAs, played);
    return { result, tookMs, events: played.history.events?.length ?? 0 };
  });
};

const suspect = (fault: Suspect['fault']): Suspect => ({
  organization: 'org_test',
  auditionId: newAuditionId(),
  fault,
});

it('a reconciliation that finds nothing needs three activities and no timer', async () => {
  const { result, events } = await run({}, { recordAs: 'reconciled-in-order' });
  expect(result).toEqual({ compared: 0, findings: [], failed: [], isIncomplete: false });
  expect(events).toBeLessThanOrEqual(20);
});

it('a reconciliation compares suspects again after a minute, repairs them, and reports the findings', async () => {
  const [ended, orphaned, closedMeanwhile] = [
    suspect('workflow_ended'),
    suspect('holds_orphaned'),
    suspect('workflow_ended'),
  ];
  const plan = auditionPlan(Date.now(), { id: ended.auditionId });
  const reported: Finding[] = [];
  const { result, tookMs } = await run(
    {
      compareRemains: async () => ({ compared: 1, suspects: [orphaned] }),
      compareOpenAuditions: async ({ after }) =>
        after
          ? { compared: 1, suspects: [closedMeanwhile] }
          : { compared: 2, suspects: [ended, ended], next: 'aud_5' },
      repairAudition: async ({ auditionId, fault }) => {
        if (fault === 'holds_orphaned') return { kind: 'repaired', repair: 'holds_released' };
        if (auditionId !== ended.auditionId) return { kind: 'in_order' };
        return { kind: 'take_over', plan, cause: 'terminated', isCompleted: false };
      },
      reportFindings: async ({ findings }) => void reported.push(...findings),
    },
    { recordAs: 'reconciled' },
  );
  const findings = [
    { ...orphaned, repair: 'holds_released' },
    { ...ended, repair: 'taken_over' },
  ];
  expect(result).toEqual({ compared: 4, findings, failed: [], isIncomplete: false });
  expect(reported).toEqual(findings);
  expect(tookMs).toBeGreaterThanOrEqual(60_000);
  const taker = environment.client.workflow.getHandle(auditionWorkflowId(ended.auditionId));
  expect((await taker.describe()).status.name).toBe('RUNNING');
  await taker.terminate();
});

it('a reconciliation repairs the others when one repair fails, and names the failed one', async () => {
  const [broken, stale] = [suspect('workflow_ended'), suspect('view_stale')];
  const { result } = await run({
    compareTrails: async () => ({ compared: 2, suspects: [broken, stale], next: stale.auditionId }),
    repairAudition: async ({ fault }) => {
      if (fault === 'view_stale') return { kind: 'repaired', repair: 'view_rebuilt' };
      throw ApplicationFailure.nonRetryable('a bug');
    },
  });
  expect(result).toEqual({
    compared: 2,
    findings: [{ ...stale, repair: 'view_rebuilt' }],
    failed: [broken],
    isIncomplete: false,
    nextTrail: stale.auditionId,
  });
});

it('a reconciliation after a great loss repairs 300 auditions and leaves the others to the next run', async () => {
  const suspects = Array.from({ length: 301 }, () => suspect('holds_orphaned'));
  const { result } = await run({
    compareRemains: async () => ({ compared: 301, suspects }),
    repairAudition: async () => ({ kind: 'repaired', repair: 'holds_released' }),
  });
  expect(result.findings).toHaveLength(300);
  expect(result.isIncomplete).toBe(true);
});
