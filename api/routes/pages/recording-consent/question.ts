/** The question whether a participant agrees to be recorded, and its answer by a link. */

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { RecordingConsent } from '../../../../domain/audition/events.ts';
import { participantPrincipal } from '../../../../domain/audition/principal.ts';
import type { AuditionView, ParticipantView } from '../../../../domain/audition/view.ts';
import { needsConsent } from '../../../../domain/recordings/recording-consent.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { recordConsent } from '../../../recordings/record-consent.ts';

export interface ConsentQuestion {
  /** `withdrawal`: the session has begun, and a consent that was given can only be withdrawn. */
  readonly kind: 'question' | 'withdrawal';
  /** Undefined: not answered yet. */
  readonly answer: RecordingConsent | undefined;
}

/** The form of the question. */
export const consentAnswer = z
  .enum(['given', 'refused'])
  .describe('The answer to the question about the recording');

/**
 * Returns the question for a participant. Undefined: it is not asked. It is asked, and its answer can be changed, until the
 * session begins.
 */
export const consentQuestionOf = (
  { recording, state, slot }: AuditionView,
  participant: ParticipantView,
  now: Instant,
): ConsentQuestion | undefined => {
  const isOpen =
    recording !== undefined &&
    (state === 'scheduled' || state === 'confirmed') &&
    slot !== undefined &&
    now < slot.start;
  if (!isOpen || !needsConsent(participant) || participant.answer === 'declined') return undefined;
  return { kind: 'question', answer: participant.recordingConsent };
};

/**
 * Returns what a participant who has consented can still say once the session has begun, until the end of the slot. Undefined:
 * nothing, because the participant has not consented or the session is over. The recording that is running is then stopped.
 */
export const withdrawalQuestionOf = (
  { recording, state, slot }: AuditionView,
  { recordingConsent }: ParticipantView,
  now: Instant,
): ConsentQuestion | undefined => {
  const isOpen =
    recording !== undefined &&
    slot !== undefined &&
    now < slot.end &&
    (state === 'in_progress' || (now >= slot.start && (state === 'scheduled' || state === 'confirmed')));
  return isOpen && recordingConsent === 'given'
    ? { kind: 'withdrawal', answer: recordingConsent }
    : undefined;
};

/** Records the answer. A consent that is taken back is a withdrawal. */
export const answerConsentQuestion = (
  dependencies: ApiDependencies,
  request: FastifyRequest,
  audition: AuditionView,
  {
    participant,
    said,
    revision,
  }: {
    readonly participant: ParticipantView;
    readonly said: z.infer<typeof consentAnswer>;
    /** The revision of the slot that the participant has seen. */
    readonly revision: number;
  },
): Promise<AuditionView> => {
  const { recordingConsent: before } = participant;
  const wasGiven = before === 'given' || before === 'withdrawn';
  return recordConsent(dependencies, audition, {
    participant,
    consent: said === 'refused' && wasGiven ? 'withdrawn' : said,
    origin: 'link',
    principal: participantPrincipal(participant.id),
    correlationId: request.id,
    revision,
  });
};
