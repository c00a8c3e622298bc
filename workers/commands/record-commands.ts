/** Appends the facts of commands that an API process has sent and not finished: one round of the relay. */
import {
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { ClaimedCommand } from '../../db/auditions/open-commands.ts';
import { TrailAhead } from '../../db/errors.ts';
import type { Repositories } from '../../db/index.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import type { UpdateAnswer } from '../../workflows/audition/messages.ts';
import { forEachConcurrently } from '../concurrency.ts';

interface CommandRoundOptions {
  readonly repositories: Pick<Repositories, 'openCommands' | 'events'>;
  /** Returns the answer to the update. See `createUpdateAnswers`. */
  readonly answerOf: (command: ClaimedCommand) => Promise<UpdateAnswer | 'none' | 'not_yet'>;
}

const batchSize = 100;
const concurrency = 10;

/**
 * Returns a round that resolves to whether there may be more commands. A command without an answer yet is due again
 * after a minute, for a day.
 * @throws when Temporal or the database does not answer. The commands are then due again.
 */
export const createCommandRound =
  ({ repositories: { openCommands, events }, answerOf }: CommandRoundOptions) =>
  async (): Promise<boolean> => {
    const commands = await openCommands.claim(batchSize);
    await forEachConcurrently(commands, concurrency, async (command) => {
      const answer = await answerOf(command);
      if (answer === 'not_yet' && !command.isExpired) return;
      if (typeof answer === 'object' && answer.unrecorded) {
        await appendUnlessTakenOver(events, { auditionId: command.auditionId, ...answer.unrecorded });
      }
      await openCommands.close(command.updateId);
    });
    return commands.length === batchSize;
  };

/** Another run that has taken the audition over has begun with the trail as it was. */
const appendUnlessTakenOver = async (
  events: Repositories['events'],
  call: Parameters<Repositories['events']['append']>[0],
): Promise<void> => {
  try {
    await events.append(call);
  } catch (error) {
    if (!(error instanceof TrailAhead)) throw error;
  }
};

const answerTimeoutMs = 5_000;

/**
 * Returns the function that reads the answer to an update from Temporal. `none`: it was refused, or never accepted.
 * `not_yet`: the workflow has not answered.
 */
export const createUpdateAnswers =
  (temporal: Client): CommandRoundOptions['answerOf'] =>
  async ({ auditionId, updateId }) => {
    const handle = temporal.workflow.getHandle(auditionWorkflowId(auditionId));
    try {
      return await temporal.withDeadline(Date.now() + answerTimeoutMs, () =>
        handle.getUpdateHandle<UpdateAnswer>(updateId).result(),
      );
    } catch (error) {
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return 'not_yet';
      if (error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError) return 'none';
      throw error;
    }
  };
