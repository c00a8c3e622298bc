/**
 * Tests the reconciliation on a real Temporal server and a real PostgreSQL. A minimal workflow stands for the audition,
 * so that a test decides how it ends and what the read model says.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Client, Connection, ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Finding } from '../../activities/contract.ts';
import { createRepairActivities } from '../../activities/index.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { createDataConverter } from '../../foundation/temporal/data-converter.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { createAuditionRuns } from '../../workers/reconciliation/audition-runs.ts';
import {
  ensureReconciliationSchedule,
  reconciliationScheduleId,
} from '../../workers/reconciliation/schedule.ts';
import { type RunningWorkers, startWorkers } from '../../workers/worker.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import type { AuditionInput } from '../../workflows/audition/messages.ts';
import type { ReconciliationInput, ReconciliationResult } from '../../workflows/reconciliation/messages.ts';
import { finish, unanswered } from '../fixtures/workflows/reconciliation.ts';
import { auditionPlan } from '../harness/audition-plan.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { eventually } from '../harness/eventually.ts';
import { unexpectedActivities } from '../harness/unexpected-activities.ts';

const silent = createLogger({ level: 'silent', process: 'test' }, new Writable());
const masterKeys = [{ id: 'k1', key: randomBytes(32) }];
const workflowsPath = fileURLToPath(new URL('../fixtures/workflows/reconciliation.ts', import.meta.url));
const taskQueueSuffix = `-${randomUUID()}`;
const taskQueue = `castmatch${taskQueueSuffix}`;

let database: TestDatabase;
let connection: Connection;
let client: Client;
let workers: RunningWorkers;
const reported: Finding[] = [];

beforeAll(async () => {
  const temporal = { address: inject('temporalAddress'), namespace: inject('temporalNamespace') };
  [database, connection] = await Promise.all([createTestDatabase(), Connection.connect(temporal)]);
  client = new Client({
    connection,
    namespace: temporal.namespace,
    dataConverter: createDataConverter(masterKeys),
  });
  const { auditions, auditionRecords: records } = database.repositories;
  workers = await startWorkers({
    configuration: { temporal, masterKeys, taskQueueSuffix },
    activities: unexpectedActivities(
      createRepairActivities({
        auditions,
        records,
        runs: createAuditionRuns(silent),
        report: (finding) => reported.push(finding),
      }),
    ),
    logger: silent,
    metrics: createMetrics(),
    workflowCode: await bundleWorkflows(silent, { workflowsPath }),
  });
});
afterAll(async () => {
  await workers.shutdown();
  await connection.close();
  await database.drop();
});
// Each test begins with everything in order.
beforeEach(async () => {
  reported.length = 0;
  await database.pool.query('TRUNCATE auditions, audition_performers, slot_holds');
  await database.pool.query('ALTER TABLE audit_events DISABLE TRIGGER ALL');
  await database.pool.query('DELETE FROM audit_events');
});

const organization = 'org_north';

const store = async (id: AuditionId, ...more: readonly AuditionFact[]): Promise<void> => {
  const facts = [...factsUntilScheduled(id, organization), ...more];
  await storeEvents(database.repositories.events, id, trail(facts));
};

/** Starts the workflow of a new audition that the read model shows as scheduled. */
const scheduledAudition = async (changes: Partial<AuditionPlan> = {}) => {
  const id = newAuditionId();
  const plan = auditionPlan(Date.now(), { id, organization, ...changes });
  await client.workflow.start('audition', {
    workflowId: auditionWorkflowId(id),
    taskQueue,
    args: [{ plan } satisfies AuditionInput],
  });
  const handle = client.workflow.getHandle(auditionWorkflowId(id));
  // A query is answered after the first workflow task.
  await handle.query('__temporal_workflow_metadata');
  await store(id);
  return { id, plan, handle };
};

const reconcile = (input: ReconciliationInput = {}): Promise<ReconciliationResult> =>
  client.workflow.execute<(input: ReconciliationInput) => Promise<ReconciliationResult>>('reconciliation', {
    workflowId: `reconciliation/${randomUUID()}`,
    taskQueue,
    args: [{ graceMs: 0, ...input }],
  });

/** Returns the input of the workflow that has taken the audition over. */
const takeoverOf = async (id: AuditionId): Promise<AuditionInput> => {
  const handle = client.workflow.getHandle<() => Promise<AuditionInput>>(auditionWorkflowId(id));
  expect((await handle.describe()).status.name).toBe('RUNNING');
  await handle.signal(finish);
  return handle.result();
};

const holdSlot = (id: AuditionId, during = '[2027-03-01T10:00:00Z,2027-03-01T10:30:00Z)') =>
  database.pool.query(
    `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
     VALUES ($1, 1, $1, $2, $3)`,
    [id, organization, during],
  );

describe('reconciliation of an open audition', () => {
  it('finds nothing while its workflow runs', async () => {
    const { handle } = await scheduledAudition();
    // Without visibility too: a workflow that has just started is not listed yet.
    expect(await reconcile()).toEqual({ compared: 2, findings: [], failed: [], isIncomplete: false });
    await handle.terminate();
  });

  it('takes over a terminated workflow once, with its present plan', async () => {
    const { id, plan, handle } = await scheduledAudition();
    await handle.terminate('by an operator');
    const finding = { organization, auditionId: id, fault: 'workflow_ended', repair: 'taken_over' };
    expect((await reconcile()).findings).toEqual([finding]);
    expect((await reconcile()).findings).toEqual([]);
    expect(reported).toEqual([finding]);
    const { typedSearchAttributes } = await handle.describe();
    expect(JSON.stringify(typedSearchAttributes)).toContain(organization);
    expect(await takeoverOf(id)).toEqual({
      plan: { ...plan, notes: 'as it is now' },
      takeover: { cause: 'terminated', correlationId: expect.stringMatching(/^reconciliation\//) },
    });
  });

  it('takes over a workflow whose code answers no queries, with the plan of its start', async () => {
    const { id, plan, handle } = await scheduledAudition({ notes: unanswered });
    await handle.terminate();
    await reconcile();
    expect(await takeoverOf(id)).toMatchObject({ plan, takeover: { cause: 'terminated' } });
  });

  it('takes over a workflow that has completed without closing the audition', async () => {
    const { id, handle } = await scheduledAudition();
    await handle.signal(finish);
    await handle.result();
    expect((await reconcile()).findings).toMatchObject([{ auditionId: id, repair: 'taken_over' }]);
    expect(await takeoverOf(id)).toMatchObject({ takeover: { cause: 'terminated' } });
  });

  it('takes over an audition that Temporal does not know, with the ids of its read model', async () => {
    const id = newAuditionId();
    await store(id);
    expect((await reconcile()).findings).toMatchObject([{ auditionId: id, repair: 'taken_over' }]);
    const { plan, takeover } = await takeoverOf(id);
    expect(takeover).toMatchObject({ cause: 'vanished' });
    expect(plan).toMatchObject({ id, participants: [{ id: 'performer-1', channels: [] }] });
  });

  it('reports it once when two reconciliations run simultaneously', async () => {
    const { id, handle } = await scheduledAudition();
    await handle.terminate();
    const results = await Promise.all([reconcile(), reconcile(), reconcile()]);
    expect(results.flatMap(({ findings }) => findings)).toMatchObject([{ auditionId: id }]);
    expect(reported).toHaveLength(1);
    await takeoverOf(id);
  });

  it('finds nothing when the audition is closed before the second comparison', async () => {
    const { id, handle } = await scheduledAudition();
    await handle.signal(finish);
    await handle.result();
    const reconciling = reconcile({ graceMs: 2_000 });
    await storeEvents(
      database.repositories.events,
      id,
      trail([...factsUntilScheduled(id, organization), { type: 'no_show' }]),
    );
    expect((await reconciling).findings).toEqual([]);
  });

  it('compares all auditions in pages', async () => {
    const auditions = await Promise.all(Array.from({ length: 5 }, () => scheduledAudition()));
    for (const { handle } of auditions.slice(0, 3)) await handle.terminate();
    const { findings, nextTrail } = await reconcile({ pageSize: 2 });
    const terminated = auditions.slice(0, 3).map(({ id }) => id);
    expect(findings.map(({ auditionId }) => auditionId).toSorted()).toEqual(terminated.toSorted());
    expect(nextTrail).toBe(auditions.map(({ id }) => id).toSorted()[1]);
    for (const { handle } of auditions) await handle.terminate();
  });

  it('reconciles one audition only, when an operator asks for it', async () => {
    const [one, other] = [await scheduledAudition(), await scheduledAudition()];
    await one.handle.terminate();
    await other.handle.terminate();
    const { findings } = await reconcile({ only: { organization, auditionId: one.id } });
    expect(findings).toMatchObject([{ auditionId: one.id, fault: 'workflow_ended' }]);
    await takeoverOf(one.id);
  });
});

describe('reconciliation of a closed audition', () => {
  const cancelled: AuditionFact = { type: 'cancelled', origin: 'api' };

  it('takes it over when its workflow was terminated before everything was undone', async () => {
    const id = newAuditionId();
    await store(id, cancelled);
    await holdSlot(id);
    const finding = { organization, auditionId: id, fault: 'effects_left', repair: 'taken_over' };
    expect((await reconcile()).findings).toEqual([finding]);
    expect((await reconcile()).findings).toEqual([]);
    expect(await takeoverOf(id)).toMatchObject({ takeover: { cause: 'vanished' } });
  });

  it('takes it over when its workflow was terminated while it waited for an operator', async () => {
    const id = newAuditionId();
    await store(id, cancelled, { type: 'attention_raised', item: attentionItem(`att_${id}-1`) });
    expect((await reconcile()).findings).toEqual([
      { organization, auditionId: id, fault: 'items_left', repair: 'taken_over' },
    ]);
    expect((await reconcile({ only: { organization, auditionId: id } })).findings).toEqual([]);
    expect(await takeoverOf(id)).toMatchObject({ takeover: { cause: 'vanished' } });
  });

  it('takes it over when it holds another time than that of its slot, although its outcome keeps the slot', async () => {
    const id = newAuditionId();
    await store(id, { type: 'session_ended', origin: 'api' }, { type: 'decided', decision: 'booked' });
    await holdSlot(id, '[2027-03-02T10:00:00Z,2027-03-02T10:30:00Z)');
    expect((await reconcile()).findings).toEqual([
      { organization, auditionId: id, fault: 'effects_left', repair: 'taken_over' },
    ]);
    expect(await takeoverOf(id)).toMatchObject({ takeover: { cause: 'vanished' } });
  });

  it('finds nothing when its outcome keeps the hold, or when an operator skipped a compensation', async () => {
    const [booked, skipped] = [newAuditionId(), newAuditionId()];
    await store(booked, { type: 'session_ended', origin: 'api' }, { type: 'decided', decision: 'booked' });
    await store(skipped, cancelled, {
      type: 'compensated',
      step: 'the hold of the slot',
      result: 'skipped',
      kept: ['holds'],
    });
    await holdSlot(booked);
    await holdSlot(skipped);
    expect((await reconcile()).findings).toEqual([]);
  });
});

describe('reconciliation of the tables', () => {
  it('releases the holds of an audition that does not exist', async () => {
    const id = newAuditionId();
    await holdSlot(id);
    expect((await reconcile()).findings).toEqual([
      { organization, auditionId: id, fault: 'holds_orphaned', repair: 'holds_released' },
    ]);
    expect((await database.pool.query('SELECT FROM slot_holds')).rows).toEqual([]);
  });

  it('rebuilds a view that lacks events of its trail', async () => {
    const { id, handle } = await scheduledAudition();
    await database.pool.query('UPDATE auditions SET sequence = sequence - 1 WHERE id = $1', [id]);
    const rebuilt = { organization, auditionId: id, fault: 'view_stale', repair: 'view_rebuilt' };
    expect((await reconcile()).findings).toEqual([rebuilt]);
    expect((await reconcile()).findings).toEqual([]);
    await handle.terminate();
  });
});

describe('schedule of the reconciliation', () => {
  const scheduleId = reconciliationScheduleId(taskQueueSuffix);
  const ensure = (reconciliationMinutes: number) =>
    ensureReconciliationSchedule(client, { taskQueueSuffix, reconciliationMinutes });
  const intervals = async () =>
    (await client.schedule.getHandle(scheduleId).describe()).spec.intervals?.map(({ every }) => every);

  it('is created once by several workers, follows the setting, and stays paused', async () => {
    await Promise.all([ensure(5), ensure(5), ensure(5)]);
    expect(await intervals()).toEqual([300_000]);
    const handle = client.schedule.getHandle(scheduleId);
    await handle.pause('maintenance');
    await ensure(7);
    expect(await intervals()).toEqual([420_000]);
    expect((await handle.describe()).state).toMatchObject({ paused: true, note: 'maintenance' });
    await ensure(0);
    await ensure(0);
    await expect(handle.describe()).rejects.toThrow(/not found/i);
  });

  it('runs the reconciliation, and each run continues with the trails where the last one stopped', async () => {
    const ids = Array.from({ length: 3 }, newAuditionId).toSorted();
    for (const id of ids) await store(id, { type: 'no_show' });
    await ensure(60);
    const handle = client.schedule.getHandle(scheduleId);
    await handle.update(({ action, ...schedule }) => ({
      ...schedule,
      action: { ...action, args: [{ graceMs: 0, pageSize: 2 }] },
    }));
    const results: unknown[] = [];
    for (let run = 1; run <= 3; run += 1) {
      // The result of the last run is not passed to a run that is allowed to overlap with it, which is the default.
      await handle.trigger(ScheduleOverlapPolicy.SKIP);
      await eventually(async () => (await handle.describe()).info.recentActions.length === run, 20_000);
      const { recentActions } = (await handle.describe()).info;
      const { workflowId = '' } = recentActions.at(-1)?.action.workflow ?? {};
      results.push(await client.workflow.getHandle(workflowId).result());
      await eventually(async () => (await handle.describe()).info.runningActions.length === 0, 20_000);
    }
    expect(results).toMatchObject([{ nextTrail: ids[1] }, { compared: 1 }, { nextTrail: ids[1] }]);
    await ensure(0);
  });
});
