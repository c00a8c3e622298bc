/** Determines what a person can do with the link of an invitation. */
import type { AuditionReadModel } from '../../../../db/auditions/read-model.ts';
import { isCommandAllowed } from '../../../../domain/audition/transitions.ts';
import type { AuditionView, ParticipantView } from '../../../../domain/audition/view.ts';
import { Refusal } from '../../../../domain/errors.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import type { Invitation } from '../../../../foundation/links/response-link.ts';
import { consentQuestionOf } from '../recording-consent/question.ts';
import type { InvitationDetails } from './page.ts';

/** `open`: it can be answered. `final`: the answer cannot be changed. `moved`: the link belongs to an earlier slot. */
interface AnswerableInvitation {
  readonly kind: 'open' | 'final' | 'moved';
  readonly details: InvitationDetails;
}

/** `former`: the person was invited, and does not take part any more. */
export type InvitationState = AnswerableInvitation | { readonly kind: 'former' };

export const linkInvalid = (): Refusal =>
  new Refusal('link_invalid', 'This link is not valid.', 'Use the complete link from the message.');

/**
 * Returns the state of the invitation.
 * @throws {Refusal} `link_invalid`, or `wrong_state` for an audition that accepts no answers
 */
export const readInvitation = async (
  auditions: Pick<AuditionReadModel, 'get'>,
  invitation: Invitation,
  now: Instant,
): Promise<InvitationState> => {
  const view = await auditions.get(invitation.organization, invitation.auditionId);
  if (!view?.slot) throw linkInvalid();
  const participant = invitedPerson(view, invitation);
  if (!participant) return { kind: 'former' };
  const { zone, answer } = participant;
  const details = {
    slot: view.slot,
    zone,
    answer,
    meeting: view.meeting?.provider,
    consent: consentQuestionOf(view, participant, now),
  };
  const isPresent = view.announcedAs.includes(invitation.revision);
  if (isPresent && isFinal(view, participant, now)) return { kind: 'final', details };
  if (!isCommandAllowed('respond', view.state) || view.slot.end <= now) {
    throw new Refusal('wrong_state', 'The audition accepts no more answers.', 'Write to the casting office.');
  }
  if (!isPresent) return { kind: 'moved', details };
  return { kind: 'open', details: { ...details, finalAt: finalAtOf(participant) } };
};

/** Returns the person whom the link was sent to. Undefined: the person has left, and the id can be that of another one. */
export const invitedPerson = (
  { participants }: AuditionView,
  { participant, generation }: Pick<Invitation, 'participant' | 'generation'>,
): ParticipantView | undefined =>
  participants.find((one) => one.id === participant && one.generation === generation);

/** Returns whether the participant declined, and the time to change that has passed. */
const isFinal = ({ outcome }: AuditionView, participant: ParticipantView, now: Instant): boolean => {
  if (participant.answer !== 'declined') return false;
  const finalAt = finalAtOf(participant);
  return outcome === 'declined' || (finalAt !== undefined && finalAt <= now);
};

const finalAtOf = ({ answer, answerFinalAt }: ParticipantView): Instant | undefined =>
  answer === 'declined' ? answerFinalAt : undefined;
