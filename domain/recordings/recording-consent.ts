/** Decides whether a session may be recorded: everyone who is in it must have consented. */
import type { ParticipantView } from '../audition/view.ts';
import type { ParticipantId } from '../ids.ts';

type Recorded = Pick<ParticipantView, 'id' | 'kind' | 'recordingConsent'>;

/** The casting director orders the recording, and needs no consent of their own. */
const needsConsent = ({ kind }: Recorded): boolean => kind !== 'casting_director' && kind !== 'agent';

/** Returns the participants whose consent is missing or withdrawn. An agent is not in the session. */
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
