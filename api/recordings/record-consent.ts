/** Records that a participant agrees to be recorded, or does not. */
import type { AuditionReadModel } from '../../db/auditions/read-model.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { Origin, RecordingConsent } from '../../domain/audition/events.ts';
import type { AuditionView, ParticipantView } from '../../domain/audition/view.ts';
import { mustApplyConsent } from '../../domain/recordings/recording-consent.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { AuditionWorkflows } from '../auditions/audition-workflows.ts';

interface ConsentDependencies {
  readonly repositories: {
    readonly auditions: Pick<AuditionReadModel, 'get'>;
    readonly events: Pick<EventStore, 'append'>;
  };
  readonly auditionWorkflows: Pick<AuditionWorkflows, 'consentChanged'>;
  readonly now: () => Instant;
}

interface Consent {
  readonly participant: ParticipantView;
  readonly consent: RecordingConsent;
  readonly origin: Origin;
  readonly correlationId: string;
  /** The revision of the slot whose link the participant has used. */
  readonly revision?: number | undefined;
}

/** The fact is appended by its key. This position says that any numbered facts may be in the trail. */
const anyPosition = { facts: [], number: 2 ** 31 - 1 };

/**
 * Appends the consent to the trail, and lets the meeting follow it. Returns the audition after that. A consent that the
 * trail has already is not appended again. Idempotent: a repetition also repeats a notification that was lost.
 */
export const recordConsent = async (
  { repositories: { auditions, events }, auditionWorkflows, now }: ConsentDependencies,
  audition: AuditionView,
  { participant, consent, origin, correlationId, revision }: Consent,
): Promise<AuditionView> => {
  const isKnown = participant.recordingConsent === consent;
  if (!isKnown) {
    const fact = {
      type: 'recording_consented',
      participant: participant.id,
      consent,
      origin,
      ...(revision === undefined ? {} : { revision }),
    } as const;
    await events.append(
      { auditionId: audition.id, run: correlationId, position: anyPosition },
      { facts: [{ at: now(), correlationId, key: `consent/${participant.id}:${correlationId}`, fact }] },
    );
  }
  const after = (!isKnown && (await auditions.get(audition.organization, audition.id))) || audition;
  if (mustApplyConsent(after, consent)) await auditionWorkflows.consentChanged(audition.id);
  return after;
};
