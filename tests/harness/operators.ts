/** Plays operators: those who interfere in Temporal, and those who do afterwards what the runbooks say. */
import { randomUUID } from 'node:crypto';
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { execa } from 'execa';
import { z } from 'zod';
import { attentionItemSchema } from '../../domain/audition/attention.ts';
import { projectPath } from '../../infra/stack/paths.ts';
import type { ReconciliationInput, ReconciliationResult } from '../../workflows/reconciliation/messages.ts';
import type { ApiClient } from './api-client.ts';
import { noteProgress } from './progress.ts';
import { keys, type ServiceUnderTest } from './service.ts';

export const interventions = ['reset', 'terminate', 'cancel'] as const;
type Intervention = (typeof interventions)[number];

/** gRPC's INVALID_ARGUMENT, NOT_FOUND and FAILED_PRECONDITION. */
const refusals: ReadonlySet<number> = new Set([3, 5, 9]);

/** Interferes with a workflow. Does nothing when its state does not allow the intervention. Returns whether it did. */
export const interfere = async (
  temporal: Client,
  workflowId: string,
  intervention: Intervention,
  random: () => number,
): Promise<boolean> => {
  const handle = temporal.workflow.getHandle(workflowId);
  noteProgress(`${intervention} ${workflowId}`);
  try {
    if (intervention === 'terminate') await handle.terminate('chaos');
    else if (intervention === 'cancel') await handle.cancel();
    else return await resetAtRandom(temporal, workflowId, random);
    return true;
  } catch (error) {
    // The workflow has ended, does not exist yet, or has no such task to reset to.
    const isRefused = isGrpcServiceError(error) && refusals.has(error.code);
    if (error instanceof WorkflowNotFoundError || isRefused) return false;
    throw error;
  }
};

/** Resets the workflow to a random one of its workflow tasks, as the Web UI offers them. */
const resetAtRandom = async (
  { workflow, workflowService, options: { namespace } }: Client,
  workflowId: string,
  random: () => number,
): Promise<boolean> => {
  const { events } = await workflow.getHandle(workflowId).fetchHistory();
  const tasks = (events ?? []).flatMap((event) =>
    event.workflowTaskCompletedEventAttributes && event.eventId ? [event.eventId] : [],
  );
  const task = tasks[Math.floor(random() * tasks.length)];
  if (task === undefined) return false;
  await workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: { workflowId },
    workflowTaskFinishEventId: task,
    requestId: randomUUID(),
    reason: 'chaos',
  });
  return true;
};

/** Runs the reconciliation now. */
export const reconcile = (
  { temporal, taskQueue }: Pick<ServiceUnderTest, 'temporal' | 'taskQueue'>,
  input: ReconciliationInput = { graceMs: 1_000 },
): Promise<ReconciliationResult> =>
  temporal.workflow.execute<(input: ReconciliationInput) => Promise<ReconciliationResult>>('reconciliation', {
    workflowId: `reconciliation/${randomUUID()}`,
    taskQueue,
    args: [input],
  });

/** Runs a command of `npm run ops`. */
export const runOps = ({ url, env }: Pick<ServiceUnderTest, 'url' | 'env'>, words: readonly string[]) =>
  execa(process.execPath, [projectPath('infra/cli/ops.ts'), ...words], {
    env: { ...env, CASTMATCH_API_URL: url, CASTMATCH_API_KEY: keys.operator },
    reject: false,
    all: true,
  });

const pageSchema = z.object({ items: z.array(attentionItemSchema) });
type Item = z.infer<typeof attentionItemSchema>;

/** Resolves each open attention item as the runbooks say. Returns how many there were. */
export const resolveOpenItems = async (platform: ApiClient, random: () => number): Promise<number> => {
  const { status, body } = await platform.get('/v1/attention?limit=100', keys.operator);
  if (status !== 200) return 0;
  const { items } = pageSchema.parse(body);
  for (const item of items) {
    noteProgress(`item ${item.id} ${item.step} ${item.code ?? ''}: ${item.what}`);
    // A refusal says that the item was resolved or withdrawn in the meantime.
    await platform.post(
      `/v1/attention/${item.id}/resolve`,
      { action: actionFor(item, random) },
      {
        key: keys.operator,
      },
    );
  }
  return items.length;
};

const actionFor = ({ step, code, actions }: Item, random: () => number): Item['actions'][number] => {
  if (step === 'recovery') return random() < 0.5 ? 'retry' : 'abort';
  // A repetition can send a message twice.
  if (code === 'outcome_unknown') return 'skip';
  if (actions.includes('held')) return 'held';
  return actions.includes('retry') ? 'retry' : (actions[0] ?? 'skip');
};
