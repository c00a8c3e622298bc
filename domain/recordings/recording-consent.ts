/** Decides whether a session may be recorded: everyone who is in it must have consented. */
import type { RecordingConsent } from '../audition/events.ts';
import type { AuditionState } from '../audition/states.ts';
import type { AuditionView, ParticipantView } from '../audition/view.ts';
import type { ParticipantId } from '../ids.ts';

type Recorded = Pick<ParticipantView, 'id' | 'kind' | 'recordingConsent'>;

/**
 * Returns whether the participant is asked: everyone who can join the session. Agents join it with links of their own. The
 * casting director orders the recording.
 */
export const needsConsent = ({ kind }: Pick<Recorded, 'kind'>): boolean => kind !== 'casting_director';

/** Returns the participants whose consent is missing or withdrawn. */
export const missingConsents = (participants: readonly Recorded[]): readonly ParticipantId[] =>
  participants
    .filter((participant) => needsConsent(participant) && participant.recordingConsent !== 'given')
    .map(({ id }) => id);

/**
 * Returns whether a recording may be requested from the provider. The participants are those of the stored view
 * (`AuditionReadModel.get`): consents are facts that the API appends, so the view of a running workflow does not have them.
 */
export const mayRecord = (participants: readonly Recorded[]): boolean =>
  missingConsents(participants).length === 0;

const isOver: ReadonlySet<AuditionState> = new Set(['awaiting_decision', 'closed']);

/**
 * Returns whether a consent changes the recording of the meeting. Where the host starts it, only a withdrawal does: a recording
 * that is running must stop.
 */
export const concernsMeeting = (
  { recording }: Pick<AuditionView, 'recording'>,
  consent: RecordingConsent,
): boolean => recording === 'automatic' || (recording === 'by_host' && consent === 'withdrawn');

/** Returns whether a participant has taken a consent back. */
export const hasWithdrawal = (participants: readonly Recorded[]): boolean =>
  participants.some(
    (participant) => needsConsent(participant) && participant.recordingConsent === 'withdrawn',
  );

/**
 * Returns whether the recording of the meeting must be compared with the consents again. A withdrawal always: an
 * earlier consent may be on its way to the meeting, or to another one that is being created.
 */
export const mustApplyConsent = (
  {
    state,
    meeting,
    recording,
    participants,
  }: Pick<AuditionView, 'state' | 'meeting' | 'recording' | 'participants'>,
  consent: RecordingConsent,
): boolean => {
  if (!concernsMeeting({ recording }, consent) || isOver.has(state)) return false;
  if (consent !== 'given') return true;
  if (meeting?.provider === 'manual') return false;
  const isWithheld = meeting?.notHonored?.includes('autoStartRecording') ?? false;
  return mayRecord(participants) === (isWithheld || !meeting);
};
