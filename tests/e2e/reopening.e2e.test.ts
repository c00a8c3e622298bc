/** Tests how the API reopens an audition on a real Temporal server: which runs start, and what repeated requests get. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type AuditionWorkflows, createAuditionWorkflows } from '../../api/auditions/audition-workflows.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { createDataConverter } from '../../foundation/temporal/data-converter.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import type { ReopenCommand } from '../../workflows/audition/messages.ts';
import { auditionPlan } from '../harness/audition-plan.ts';

const taskQueue = `reopening-${randomBytes(6).toString('hex')}`;
const dataConverter = createDataConverter([{ id: 'test', key: randomBytes(32) }]);
const workflowsPath = fileURLToPath(new URL('../fixtures/workflows/reopenable.ts', import.meta.url));
const toDecision: ReopenCommand = { to: 'decision', origin: 'api', correlationId: 'c-1' };

let connection: Connection;
let native: NativeConnection;
let temporal: Client;
let workflows: AuditionWorkflows;
let worker: Worker;
let running: Promise<void>;
beforeAll(async () => {
  const [address, namespace] = [inject('temporalAddress'), inject('temporalNamespace')];
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
  temporal = new Client({ connection, namespace, dataConverter });
  workflows = createAuditionWorkflows({ temporal, taskQueue });
  const logger = createLogger({ level: 'error', process: 'test' });
  worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue,
    workflowBundle: await bundleWorkflows(logger, { workflowsPath }),
    dataConverter,
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await native.close();
  await connection.close();
});

const runIdOf = async ({ id }: AuditionPlan) =>
  (await temporal.workflow.getHandle(auditionWorkflowId(id)).describe()).runId;

const cancel = ({ id }: AuditionPlan) =>
  workflows.sendUpdate(
    id,
    { name: 'cancel', command: { origin: 'api', correlationId: 'c-0' } },
    crypto.randomUUID(),
  );

/** Starts an audition and ends its workflow. */
const closedAudition = async (changes: Partial<AuditionPlan> = {}): Promise<AuditionPlan> => {
  const plan = auditionPlan(Date.now(), changes);
  expect(await workflows.start(plan)).toEqual({ kind: 'done', result: { kind: 'held', sequence: 1 } });
  await cancel(plan);
  expect(await workflows.waitForEnd(plan.id)).toBe(true);
  return plan;
};

const reopened = { kind: 'done', result: { kind: 'held', sequence: 2 } } as const;

describe('a closed audition', () => {
  it('is reopened by a new run with the plan', async () => {
    const plan = await closedAudition();
    const first = await runIdOf(plan);
    expect(await workflows.readPlan(plan.id)).toEqual(plan);
    expect(await workflows.reopen(plan, toDecision, 'u-1')).toEqual(reopened);
    expect(await runIdOf(plan)).not.toBe(first);
    await cancel(plan);
  });

  it('is reopened once by a repeated request, which gets the result while the run lasts and after it', async () => {
    const plan = await closedAudition();
    const both = await Promise.all([
      workflows.reopen(plan, toDecision, 'u-1'),
      workflows.reopen(plan, toDecision, 'u-1'),
    ]);
    // The server starts the run before it knows the update, so a simultaneous request may only find the run.
    expect(both).toContainEqual(reopened);
    expect(await workflows.reopen(plan, toDecision, 'u-1')).toEqual(reopened);
    const run = await runIdOf(plan);
    expect(await workflows.findReopening(plan.id, 'u-1')).toEqual(reopened);
    await cancel(plan);
    await workflows.waitForEnd(plan.id);
    expect(await workflows.reopen(plan, toDecision, 'u-1')).toEqual(reopened);
    expect(await runIdOf(plan)).toBe(run);
  });

  it('is reopened by one of two simultaneous requests; the other one is told', async () => {
    const plan = await closedAudition();
    const both = await Promise.all([
      workflows.reopen(plan, toDecision, 'u-1'),
      workflows.reopen(plan, toDecision, 'u-2'),
    ]);
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(['done', 'running']);
    await cancel(plan);
  });

  it('can be reopened again after it was closed again', async () => {
    const plan = await closedAudition();
    await workflows.reopen(plan, toDecision, 'u-1');
    await cancel(plan);
    await workflows.waitForEnd(plan.id);
    const run = await runIdOf(plan);
    expect(await workflows.reopen(plan, toDecision, 'u-2')).toEqual(reopened);
    expect(await runIdOf(plan)).not.toBe(run);
    await cancel(plan);
  });

  it('has its plan in the input of its workflow when the workflow cannot be queried', async () => {
    const plan = await closedAudition({ notes: 'no query' });
    expect(await workflows.readPlan(plan.id)).toEqual(plan);
  });

  it('whose workflow was terminated has ended', async () => {
    const plan = auditionPlan(Date.now());
    await workflows.start(plan);
    await temporal.workflow.getHandle(auditionWorkflowId(plan.id)).terminate('test');
    expect(await workflows.waitForEnd(plan.id)).toBe(true);
    expect(await workflows.readPlan(plan.id)).toEqual(plan);
  });
});

describe('an audition that runs', () => {
  it('is not reopened, and has no earlier reopening', async () => {
    const plan = auditionPlan(Date.now());
    await workflows.start(plan);
    expect(await workflows.reopen(plan, toDecision, 'u-1')).toEqual({ kind: 'running' });
    expect(await workflows.findReopening(plan.id, 'u-1')).toBeUndefined();
    expect(await workflows.waitForEnd(plan.id)).toBe(false);
    await cancel(plan);
  });
});

it('an audition that Temporal does not know has no plan', async () => {
  const { id } = auditionPlan(Date.now());
  expect(await workflows.readPlan(id)).toBeUndefined();
  expect(await workflows.findReopening(id, 'u-1')).toBeUndefined();
});
