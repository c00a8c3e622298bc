/** Records that a participant agrees to be recorded, or does not. */
import { randomUUID } from 'node:crypto';
import type { AuditionReadModel } from '../../db/auditions/read-model.ts';
import type { WebhookInbox } from '../../db/inbox/webhooks.ts';
import { appendConsent } from '../../db/recordings/append-consent.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { Origin, RecordingConsent } from '../../domain/audition/events.ts';
import type { AuditionView, ParticipantView } from '../../domain/audition/view.ts';
import { concernsMeeting } from '../../domain/recordings/recording-consent.ts';
import type { Instant } from '../../domain/time/instant.ts';

interface ConsentDependencies {
  readonly repositories: {
    readonly auditions: Pick<AuditionReadModel, 'get'>;
    readonly events: Pick<EventStore, 'append'>;
    readonly inbox: Pick<WebhookInbox, 'receive'>;
  };
  readonly now: () => Instant;
}

interface Consent {
  readonly participant: ParticipantView;
  readonly consent: RecordingConsent;
  readonly origin: Origin;
  readonly correlationId: string;
  /** Who has reported it: see `domain/audition/principal.ts`. */
  readonly principal: string;
  /** The revision of the slot whose link the participant has used. */
  readonly revision?: number | undefined;
}

/**
 * Appends the consent to the trail. Returns the audition after that. A consent that changes the recording of the meeting is stored
 * in the inbox first. The meeting then follows it also when this process ends before its answer, or when Temporal does not respond
 * now: the relay of the inbox appends the consent if it is missing, and signals the audition. A consent that the trail has already is not recorded again.
 */
export const recordConsent = async (
  { repositories: { auditions, events, inbox }, now }: ConsentDependencies,
  audition: AuditionView,
  { participant, consent, origin, correlationId, principal, revision }: Consent,
): Promise<AuditionView> => {
  if (participant.recordingConsent === consent) return audition;
  const { id, generation } = participant;
  // Not the correlation id: a caller can use one for several requests.
  const key = `consent/${id}:${randomUUID()}`;
  const event = {
    organization: audition.organization,
    audition: audition.id,
    participant: id,
    ...(generation === undefined ? {} : { generation }),
    consent,
    origin,
    ...(revision === undefined ? {} : { revision }),
    at: now(),
    key,
    principal,
  };
  if (concernsMeeting(audition, consent)) {
    const received = { kind: 'recording.consented', event, provider: 'castmatch', dedupeKey: key } as const;
    await inbox.receive({ ...received, correlationId });
  }
  await appendConsent(events, event, correlationId);
  return (await auditions.get(audition.organization, audition.id)) ?? audition;
};
