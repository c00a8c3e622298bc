/**
 * Sends commands whose facts no activity has to follow, and appends the facts to the trail: answers and check-ins. An
 * activity for each would double the cost of these commands. A worker appends the facts when this process is killed
 * (`workers/commands/`).
 */
import { TrailAhead } from '../../db/errors.ts';
import type { Repositories } from '../../db/index.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { UnrecordedFacts, UpdateAnswer } from '../../workflows/audition/messages.ts';
import { temporarilyUnavailable } from '../problems/outages.ts';
import type { AuditionUpdateMessage } from './audition-workflows.ts';
import type { UpdateOutcome } from './update-outcomes.ts';

const recordedCommands: ReadonlySet<AuditionUpdateMessage['name']> = new Set(['respond', 'check-in']);

/** The command to send: its audition, the id of the update, and its name. */
interface SentCommand {
  readonly id: AuditionId;
  readonly updateId: string;
  readonly name: AuditionUpdateMessage['name'];
}

/**
 * Sends the command. When the outcome is `done`, the trail contains its facts. The command stays open when its outcome is
 * unknown: a worker then waits for it.
 * @throws {Refusal} the workflow's refusal, or `temporarily_unavailable` when another run has taken the audition over.
 */
export const sendRecorded = async (
  { openCommands, events }: Pick<Repositories, 'openCommands' | 'events'>,
  { id, updateId, name }: SentCommand,
  send: () => Promise<UpdateOutcome<UpdateAnswer>>,
): Promise<UpdateOutcome<UpdateAnswer>> => {
  if (!recordedCommands.has(name)) return send();
  await openCommands.open({ updateId, auditionId: id });
  try {
    const outcome = await send();
    if (outcome.kind === 'still_working') return outcome;
    if (outcome.kind === 'done' && outcome.result.unrecorded) {
      await append(events, id, outcome.result.unrecorded);
    }
    await openCommands.close(updateId);
    return outcome;
  } catch (error) {
    if (error instanceof Refusal) await openCommands.close(updateId);
    throw error;
  }
};

const append = async (
  events: Repositories['events'],
  auditionId: AuditionId,
  { run, position }: UnrecordedFacts,
): Promise<void> => {
  try {
    await events.append({ auditionId, run, position });
  } catch (error) {
    throw error instanceof TrailAhead ? temporarilyUnavailable() : error;
  }
};
