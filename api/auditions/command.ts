/** Passes a command to an audition's workflow and brings back what became of it. */
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { ApiResponse } from '../idempotency/run-once.ts';
import type { AuditionUpdateMessage } from './audition-workflows.ts';
import { requireAudition } from './require-audition.ts';

const auditionClosed = (view: AuditionView): Refusal =>
  new Refusal(
    'audition_closed',
    `The audition is closed (${view.outcome ?? 'without an outcome'}): nothing can be asked of it any more.`,
    'Request a new audition if there is to be one.',
  );

/** The workflow went without a word, so the record says that the audition is alive, and will go on saying so. */
export const auditionStopped = ({ id, state }: Pick<AuditionView, 'id' | 'state'>): Refusal =>
  new Refusal(
    'audition_stopped',
    `The workflow of the audition was stopped from outside, or failed, while it was ${state}: nothing can be asked of it any more.`,
    `Have an operator look at audition/${id} in the Temporal Web UI and undo by hand what it had arranged; then request a new audition.`,
  );

/**
 * 200 with the audition once the command is carried out, 202 with the audition as it is when that takes longer.
 * Throws `Refusal`: what `message` throws, the workflow's own, `audition_not_found`, `audition_closed`,
 * `audition_stopped`. Whether there is such an audition is asked first: nobody learns anything about another
 * organization's.
 */
export const sendAuditionCommand = async (
  {
    repositories: { auditions },
    auditionWorkflows,
  }: Pick<ApiDependencies, 'repositories' | 'auditionWorkflows'>,
  { organization, id, updateId }: { organization: OrganizationId; id: AuditionId; updateId: string },
  message: () => AuditionUpdateMessage,
): Promise<ApiResponse> => {
  const places = { auditions, auditionWorkflows };
  await requireAudition(places, organization, id);
  const outcome = await auditionWorkflows.sendUpdate(id, message(), updateId);
  if (outcome.kind === 'done') return { status: 200, body: outcome.result };
  const view = await requireAudition(places, organization, id);
  if (outcome.kind === 'still_working') return { status: 202, body: view, provisional: true };
  if (view.state === 'closed') throw auditionClosed(view);
  throw auditionStopped(view);
};
