/** A participant in the view of an audition. */
import type { ParticipantId } from '../ids.ts';
import type { Instant } from '../time/instant.ts';
import type { Answer, AuditionFact, CastMember, RecordingConsent } from './events.ts';
import type { Presence } from './presence.ts';
import type { ParticipantKind } from './request.ts';

export interface ParticipantView {
  readonly id: ParticipantId;
  readonly kind: ParticipantKind;
  readonly zone: string;
  readonly required: boolean;
  readonly answer: Answer | 'none';
  readonly checkedIn: boolean;
  /** When a decline becomes final. Until then the participant can change it. */
  readonly answerFinalAt?: Instant | undefined;
  /** Absent: the participant was not asked, or has not answered. */
  readonly recordingConsent?: RecordingConsent | undefined;
  /** Distinguishes this person from others who took part under the same id. Absent for participants of the request. */
  readonly generation?: number | undefined;
  /** Absent when the meeting's provider has reported nothing about the participant. */
  readonly presence?: Presence | undefined;
}

/** The consent to be recorded stays when the slot moves: it is about the audition, not about its time. */
export const newParticipant = ({
  id,
  kind,
  zone,
  required,
  recordingConsent,
  generation,
}: CastMember & Pick<ParticipantView, 'recordingConsent' | 'generation'>): ParticipantView => ({
  id,
  kind,
  zone,
  required,
  answer: 'none',
  checkedIn: false,
  ...(recordingConsent && { recordingConsent }),
  ...(generation !== undefined && { generation }),
});

/** Returns the participant with new details. The answer is that of before, if the participant is in it. */
export const withDetails = (
  before: readonly ParticipantView[],
  { participant: member, generation }: Extract<AuditionFact, { type: 'participant_added' }>,
): ParticipantView => ({
  ...newParticipant({ ...member, generation }),
  ...pickAnswer(before.find(({ id }) => id === member.id)),
});

const pickAnswer = (before: ParticipantView | undefined): Partial<ParticipantView> =>
  before
    ? {
        answer: before.answer,
        checkedIn: before.checkedIn,
        answerFinalAt: before.answerFinalAt,
        ...(before.recordingConsent && { recordingConsent: before.recordingConsent }),
        ...(before.generation !== undefined && { generation: before.generation }),
      }
    : {};

/** A consent can be recorded after another person has got the id. A withdrawal without a generation counts. */
export const isConsentOfFormer = (
  participants: readonly ParticipantView[],
  { participant, consent, generation }: Extract<AuditionFact, { type: 'recording_consented' }>,
): boolean =>
  (consent === 'given' || generation !== undefined) &&
  participants.find(({ id }) => id === participant)?.generation !== generation;
