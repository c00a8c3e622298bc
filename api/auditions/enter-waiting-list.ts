/** Puts a performer who checks in on the waiting list of the session. */
import { joinStateOf } from '../../domain/audition/join-state.ts';
import { isAdmittedInTurn, waitingListOf } from '../../domain/audition/waiting-list.ts';
import type { AuditionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';

/**
 * Puts the participant on the list. Does nothing for a person who is not admitted in turn, and outside of the time in which
 * join links work. Idempotent.
 */
export const enterWaitingList = async (
  { repositories: { auditions, waitingEntries }, now }: Pick<ApiDependencies, 'repositories' | 'now'>,
  organization: OrganizationId,
  auditionId: AuditionId,
  participant: ParticipantId,
): Promise<void> => {
  const view = await auditions.get(organization, auditionId);
  if (!view) return;
  const list = waitingListOf(view);
  if (list === undefined || !isAdmittedInTurn(view, participant)) return;
  const at = now();
  if (joinStateOf(view, participant, at).kind !== 'open') return;
  const { revision } = view;
  await waitingEntries.checkIn({ organization, auditionId, participant, revision, list }, at);
};
