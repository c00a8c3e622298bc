/** Sends a command to the workflow of an audition and returns the API response. */
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
    `The audition is closed (${view.outcome ?? 'without an outcome'}) and accepts no more commands.`,
    'Request a new audition if you need one.',
  );

/**
 * Returns the refusal for an audition whose workflow was terminated or failed. The workflow recorded nothing about it,
 * so the read model still shows the audition as open.
 */
export const auditionStopped = ({ id, state }: Pick<AuditionView, 'id' | 'state'>): Refusal =>
  new Refusal(
    'audition_stopped',
    `The workflow of the audition was terminated, or failed, in the state ${state}; the audition accepts no more commands.`,
    `Have an operator look at audition/${id} in the Temporal Web UI and undo its bookings by hand; then request a new audition.`,
  );

/**
 * Sends a command and returns 200 with the audition when it is carried out, or 202 with the current audition when that
 * takes longer. Looks the audition up first, so that callers learn nothing about other organizations' auditions.
 * Idempotent by `updateId`.
 * @throws {Refusal} from `message`, from the workflow, or `audition_not_found`, `audition_closed`, `audition_stopped`.
 */
export const sendAuditionCommand = async (
  {
    repositories: { auditions },
    auditionWorkflows,
  }: Pick<ApiDependencies, 'repositories' | 'auditionWorkflows'>,
  { organization, id, updateId }: { organization: OrganizationId; id: AuditionId; updateId: string },
  message: () => AuditionUpdateMessage,
): Promise<ApiResponse> => {
  const sources = { auditions, auditionWorkflows };
  await requireAudition(sources, organization, id);
  const outcome = await auditionWorkflows.sendUpdate(id, message(), updateId);
  if (outcome.kind === 'done') return { status: 200, body: outcome.result };
  const view = await requireAudition(sources, organization, id);
  if (outcome.kind === 'still_working') return { status: 202, body: view, provisional: true };
  if (view.state === 'closed') throw auditionClosed(view);
  throw auditionStopped(view);
};
