/** A participant in the view of an audition. */
import type { ParticipantId } from '../ids.ts';
import type { Instant } from '../time/instant.ts';
import type { Answer, AuditionFact, CastMember, RecordingConsent } from './events.ts';
import type { Presence } from './presence.ts';
import type { Channel, ParticipantKind } from './request.ts';

export interface ParticipantView {
  readonly id: ParticipantId;
  readonly kind: ParticipantKind;
  readonly zone: string;
  readonly required: boolean;
  readonly answer: Answer | 'none';
  readonly checkedIn: boolean;
  /** When a decline becomes final. Until then the participant can change it. */
  readonly answerFinalAt?: Instant | undefined;
  /** When the participant has given this answer. Absent in views of earlier versions. */
  readonly answeredAt?: Instant | undefined;
  /**
   * Set when the participant has declined in a calendar program, or by its mail, and has got no email with a calendar entry
   * since: the program has removed the entry, or shows it as declined.
   */
  readonly entryDeclined?: true | undefined;
  /** Absent: the participant was not asked, or has not answered. */
  readonly recordingConsent?: RecordingConsent | undefined;
  /** Distinguishes this person from others who took part under the same id. Absent for participants of the request. */
  readonly generation?: number | undefined;
  /** The numbers of the addresses that are newer than the person (`notice-address.ts`). */
  readonly addressNumbers?: Readonly<Partial<Record<Channel, number>>> | undefined;
  /** The label of the notice that the calendar entry has moved to a connected calendar, until it is sent. */
  readonly entryNotice?: string | undefined;
  /** The label of the email that makes the calendar entry, until an email with the entry is sent. */
  readonly entryDue?: string | undefined;
  /** Absent when the meeting's provider has reported nothing about the participant. */
  readonly presence?: Presence | undefined;
}

/**
 * The consent to be recorded stays when the slot moves: it is about the audition, not about its time. An entry that has moved is not
 * removed by the notice of the new time.
 */
export const newParticipant = ({
  id,
  kind,
  zone,
  required,
  recordingConsent,
  generation,
  addressNumbers,
  entryNotice,
  entryDue,
}: CastMember &
  Pick<
    ParticipantView,
    'recordingConsent' | 'generation' | 'addressNumbers' | 'entryNotice' | 'entryDue'
  >): ParticipantView => ({
  id,
  kind,
  zone,
  required,
  answer: 'none',
  checkedIn: false,
  ...(recordingConsent && { recordingConsent }),
  ...(generation !== undefined && { generation }),
  ...(addressNumbers && { addressNumbers }),
  ...(entryNotice !== undefined && { entryNotice }),
  ...(entryDue !== undefined && { entryDue }),
});

/** Returns the participant with new details. The answer is that of before, if the participant is in it. */
export const withDetails = (
  before: readonly ParticipantView[],
  {
    participant: member,
    generation,
    readdressed,
    entryNotice,
    entryDue,
  }: Extract<AuditionFact, { type: 'participant_added' }>,
): ParticipantView => {
  const earlier = before.find(({ id }) => id === member.id);
  return {
    ...newParticipant({
      ...member,
      generation,
      addressNumbers: withReaddressed(earlier?.addressNumbers, readdressed),
      // A later move of the entry replaces an earlier one.
      ...(entryNotice === undefined && entryDue === undefined
        ? pickEntry(earlier)
        : { entryNotice, entryDue }),
    }),
    ...pickAnswer(earlier),
  };
};

const withReaddressed = (
  before: ParticipantView['addressNumbers'],
  readdressed: Extract<AuditionFact, { type: 'participant_added' }>['readdressed'],
): ParticipantView['addressNumbers'] =>
  readdressed
    ? { ...before, ...Object.fromEntries(readdressed.channels.map((one) => [one, readdressed.number])) }
    : before;

const pickEntry = (
  before: ParticipantView | undefined,
): Pick<ParticipantView, 'entryNotice' | 'entryDue'> => ({
  entryNotice: before?.entryNotice,
  entryDue: before?.entryDue,
});

const pickAnswer = (before: ParticipantView | undefined): Partial<ParticipantView> =>
  before
    ? {
        answer: before.answer,
        checkedIn: before.checkedIn,
        answerFinalAt: before.answerFinalAt,
        ...(before.answeredAt && { answeredAt: before.answeredAt }),
        ...(before.entryDeclined && { entryDeclined: before.entryDeclined }),
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
