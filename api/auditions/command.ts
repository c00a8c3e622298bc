/** Passes a command to an audition's workflow and brings back what became of it. */
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { Answer } from '../idempotency/answer-once.ts';
import { auditionOf } from './lookup.ts';
import type { AuditionRequestMessage } from './orchestration.ts';

const closed = (view: AuditionView): Refusal =>
  new Refusal(
    'audition_closed',
    `The audition is closed (${view.outcome ?? 'without an outcome'}): nothing can be asked of it any more.`,
    'Request a new audition if there is to be one.',
  );

/** The workflow went without a word, so the record says that the audition is alive, and will go on saying so. */
export const stopped = ({ id, state }: Pick<AuditionView, 'id' | 'state'>): Refusal =>
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
export const commandAudition = async (
  { repositories: { auditions }, orchestration }: Pick<ApiDependencies, 'repositories' | 'orchestration'>,
  { organization, id, updateId }: { organization: OrganizationId; id: AuditionId; updateId: string },
  message: () => AuditionRequestMessage,
): Promise<Answer> => {
  const places = { auditions, orchestration };
  await auditionOf(places, organization, id);
  const outcome = await orchestration.ask(id, message(), updateId);
  if (outcome.kind === 'done') return { status: 200, body: outcome.result };
  const view = await auditionOf(places, organization, id);
  if (outcome.kind === 'still_working') return { status: 202, body: view, provisional: true };
  if (view.state === 'closed') throw closed(view);
  throw stopped(view);
};
