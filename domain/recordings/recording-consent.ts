/** Decides whether a session may be recorded: everyone who is in it must have consented. */
import type { RecordingConsent } from '../audition/events.ts';
import type { AuditionView, ParticipantView } from '../audition/view.ts';
import type { ParticipantId } from '../ids.ts';

type Recorded = Pick<ParticipantView, 'id' | 'kind' | 'recordingConsent'>;

/** Returns whether the participant is asked. The casting director orders the recording, and an agent is not in the session. */
export const needsConsent = ({ kind }: Pick<Recorded, 'kind'>): boolean =>
  kind !== 'casting_director' && kind !== 'agent';

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

/**
 * Returns whether the automatic recording of the meeting must be compared with the consents again. A withdrawal always: an
 * earlier consent may be on its way to the meeting. A meeting that is not in the view yet can be on its way, too.
 */
export const mustApplyConsent = (
  { meeting, recording, participants }: Pick<AuditionView, 'meeting' | 'recording' | 'participants'>,
  consent: RecordingConsent,
): boolean => {
  if (recording !== 'automatic' || meeting?.provider === 'manual') return false;
  if (!meeting) return consent !== 'given' || mayRecord(participants);
  const isWithheld = meeting.notHonored?.includes('autoStartRecording') ?? false;
  return consent !== 'given' || mayRecord(participants) === isWithheld;
};
