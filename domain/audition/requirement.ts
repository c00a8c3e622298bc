/** Whether an audition needs a participant, when its request does not say so. */
import type { ParticipantKind } from './request.ts';

/** Returns the participant with the default. An agent is invited to observe, and nothing depends on the answer. */
export const withRequirement = <
  Requested extends { readonly kind: ParticipantKind; readonly required?: boolean | undefined },
>(
  participant: Requested,
): Requested & { readonly required: boolean } => ({
  ...participant,
  required: participant.required ?? participant.kind !== 'agent',
});
