/**
 * `ops auditions undo`: undoes everything that the ledger says was made for an audition whose workflow is gone. Starts
 * the workflow that takes the audition over, and aborts it. Uses Temporal directly, and the API with its permissions
 * and its audit trail.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { Command } from 'commander';
import { z } from 'zod';
import { commandPrincipal } from '../../../domain/audition/principal.ts';
import { type AuditionId, organizationIdSchema } from '../../../domain/ids.ts';
import { instantSchema } from '../../../domain/time/instant.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { isDeadlineOver } from '../../../foundation/temporal/call-deadline.ts';
import {
  type ReconciliationInput,
  type ReconciliationResult,
  reconciliationOfAudition,
  reconciliationWorkflowType,
} from '../../../workflows/reconciliation/messages.ts';
import { renderTable } from '../table.ts';
import { withTemporal } from '../temporal.ts';
import { wholeNumber } from '../whole-number.ts';
import { auditionSchema, describeItems } from './audition.ts';
import { parseAuditionId } from './audition-id.ts';
import { type AuditionWorkflow, describeAuditionWorkflow, isStuck } from './audition-workflow.ts';
import { apiContext, CommandFailed, type OpsClient } from './http-client.ts';

const recoveredSchema = auditionSchema.extend({
  organization: organizationIdSchema,
  sequence: z.int(),
  updatedAt: instantSchema,
});
type Audition = z.infer<typeof recoveredSchema>;

const eventsSchema = z.object({
  items: z.array(z.object({ fact: z.looseObject({ type: z.string() }) })),
  nextCursor: z.string().optional(),
});
const compensatedSchema = z.object({
  type: z.literal('compensated'),
  step: z.string(),
  result: z.string(),
});
type Compensated = z.infer<typeof compensatedSchema>;

const pollMs = 500;
/** An attempt that ran when the workflow was terminated has reached the ledger by then. */
const graceAfterTerminationMs = 3_000;

interface Undoing {
  readonly id: AuditionId;
  readonly api: OpsClient;
  readonly temporal: Client;
  readonly taskQueue: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

const readAudition = ({ api, id }: Pick<Undoing, 'api' | 'id'>): Promise<Audition> =>
  api.call(recoveredSchema, 'GET', `/v1/auditions/${id}`);

const recoveryItemOf = ({ attention }: Audition) => attention.find(({ step }) => step === 'recovery');

/** Returns the refusal to undo an audition whose workflow runs. */
const runningNormally = ({ id, state, attention }: Audition): CommandFailed => {
  const abortable = attention.find(({ actions }) => actions.includes('abort'));
  return new CommandFailed(
    [
      `The workflow of ${id} runs, and the audition is in the state ${state}.`,
      abortable
        ? `It waits for an operator. Undo it with: npm run ops -- attention resolve ${abortable.id} abort`
        : `Cancel it instead: POST /v1/auditions/${id}/cancel. The participants then get the reason.`,
      'With --force, this command terminates the workflow first and then undoes everything.',
    ].join('\n'),
  );
};

const reconcile = async (
  { temporal, taskQueue, id, until: deadline }: Undoing,
  { organization }: Audition,
  graceMs: number,
): Promise<void> => {
  const principal = commandPrincipal('ops auditions undo');
  const input: ReconciliationInput = { only: { organization, auditionId: id }, graceMs, principal };
  const handle = await temporal.workflow.start<(input: ReconciliationInput) => Promise<ReconciliationResult>>(
    reconciliationWorkflowType,
    {
      workflowId: reconciliationOfAudition(id),
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      taskQueue,
      args: [input],
    },
  );
  const { failed } = await temporal
    .withDeadline(deadline, () => handle.result())
    .catch((error: unknown) => {
      throw isDeadlineOver(error) ? notInTime(`${id} was not compared with its records`) : error;
    });
  if (failed.length > 0)
    throw new CommandFailed(`${id} could not be taken over. The log of the workers says why.`);
};

/** Without workers, nothing happens. What was started continues when they run. */
const notInTime = (what: string): CommandFailed =>
  new CommandFailed(`${what} within the time of --wait. Do workers run? Run the command again.`);

/** Polls until `read` returns a value. @throws {CommandFailed} after the deadline */
const until = async <Value>(
  { until: deadline }: Undoing,
  what: string,
  read: () => Promise<Value | undefined>,
): Promise<Value> => {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw notInTime(what);
    await pause(pollMs);
  }
};

/** Returns whether a take-over runs that has not yet written anything, so that its question is still to come. */
const hasJustTakenOver = (
  { isRunning, isTakeover, startedAt }: AuditionWorkflow,
  { updatedAt }: Audition,
): boolean => isRunning && isTakeover && startedAt !== undefined && updatedAt < startedAt;

/** Makes sure that a workflow runs which waits for the operator's abort, or that nothing is left to undo. */
const takeOver = async (
  undoing: Undoing,
  audition: Audition,
  workflow: AuditionWorkflow,
  force: boolean,
): Promise<void> => {
  if (workflow.isRunning && recoveryItemOf(audition)) return;
  if (workflow.isRunning && audition.state === 'closed') return;
  if (hasJustTakenOver(workflow, audition)) return;
  if (workflow.isRunning) {
    if (!force && !isStuck(workflow)) throw runningNormally(audition);
    await undoing.temporal.workflow
      .getHandle(auditionWorkflowId(undoing.id), workflow.runId)
      .terminate('npm run ops -- auditions undo');
  }
  await reconcile(undoing, audition, workflow.isRunning ? graceAfterTerminationMs : 0);
};

/** Resolves the item of the take-over with `abort`. A closed audition has none: its compensation continues by itself. */
const abort = async (undoing: Undoing): Promise<void> => {
  const { id, api } = undoing;
  const item = await until(undoing, `${id} was not taken over`, async () => {
    const audition = await readAudition(undoing);
    return audition.state === 'closed' ? 'none' : recoveryItemOf(audition)?.id;
  });
  if (item === 'none') return;
  try {
    await api.call(auditionSchema, 'POST', `/v1/attention/${item}/resolve`, { action: 'abort' });
  } catch (error) {
    // The same command, run twice, has resolved the item meanwhile.
    if (recoveryItemOf(await readAudition(undoing))) throw error;
  }
};

/** Waits until everything is undone, or only waits for an operator. */
const settle = (undoing: Undoing): Promise<Audition> =>
  until(undoing, `${undoing.id} was not undone`, async () => {
    const { isRunning } = await describeAuditionWorkflow(undoing.temporal, undoing.id);
    const audition = await readAudition(undoing);
    if (audition.state !== 'closed') return undefined;
    return !isRunning || audition.attention.some(({ step }) => step === 'compensation')
      ? audition
      : undefined;
  });

const compensatedSince = async ({ api, id }: Undoing, sequence: number): Promise<readonly Compensated[]> => {
  const compensated: Compensated[] = [];
  for (let cursor: string | undefined = String(sequence); cursor !== undefined; ) {
    const page: z.infer<typeof eventsSchema> = await api.call(
      eventsSchema,
      'GET',
      `/v1/auditions/${id}/events?limit=100&cursor=${cursor}`,
    );
    compensated.push(...page.items.flatMap(({ fact }) => compensatedSchema.safeParse(fact).data ?? []));
    cursor = page.nextCursor;
  }
  return compensated;
};

const describeResult = ({ id, outcome, attention }: Audition, compensated: readonly Compensated[]): string =>
  [
    `${id} is closed: ${outcome ?? 'without an outcome'}.`,
    compensated.length === 0
      ? 'There was nothing to undo.'
      : renderTable(
          ['step', 'result'],
          compensated.map(({ step, result }) => [step, result.replaceAll('_', ' ')]),
        ),
    ...(attention.length === 0
      ? []
      : ['These could not be undone. They wait for an operator:', describeItems(attention)]),
  ].join('\n');

interface UndoOptions {
  readonly force?: boolean;
  readonly wait: number;
}

/** Creates the command. */
export const auditionUndoCommand = (): Command =>
  new Command('undo')
    .description(
      'undo everything that was made for an audition whose workflow was terminated, has failed or is lost, and close it',
    )
    .argument('<id>', 'the id of the audition, or of its workflow', parseAuditionId)
    .option('--force', 'also when its workflow runs: terminates the workflow first')
    .option(
      '--wait <seconds>',
      'how long to wait until everything is undone',
      wholeNumber('use seconds'),
      120,
    )
    .action(async (id: AuditionId, { force = false, wait }: UndoOptions, command: Command) => {
      const { client: api, output } = apiContext(command);
      const before = await readAudition({ api, id });
      await withTemporal(async (temporal, taskQueue) => {
        const undoing: Undoing = { id, api, temporal, taskQueue, until: Date.now() + wait * 1_000 };
        await takeOver(undoing, before, await describeAuditionWorkflow(temporal, id), force);
        await abort(undoing);
        const audition = await settle(undoing);
        const compensated = await compensatedSince(undoing, before.sequence);
        if (audition.attention.length > 0) process.exitCode = 1;
        output.show({ audition, compensated }, () => describeResult(audition, compensated));
      });
    });
