/** Finds the participant whom the provider of the meeting has seen. */
import { patched } from '@temporalio/workflow';
import { type Attendee, ownersOf, whoJoined } from '../../../domain/audition/attendee.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import type { AuditionRun } from '../run.ts';

/** Histories of earlier versions took the first participant with the address. */
const sharedAddressPatch = 'shared-address-of-attendee';

/** Returns the participant. Undefined when it is not certain who it is. */
export const seenParticipant = ({ plan }: AuditionRun, attendee: Attendee): ParticipantId | undefined => {
  const [first, ...others] = ownersOf(plan.participants, attendee);
  return first && others.length > 0 && !patched(sharedAddressPatch)
    ? first.id
    : whoJoined(plan.participants, attendee);
};
