/** Appends the consent of a participant to the trail. The API and the relay of the inbox both append it. */
import { anyPosition } from '../../domain/audition/trail-facts.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import type { EventStore } from '../trail/event-store.ts';

type ReceivedConsent = Extract<InboxEvent, { kind: 'recording.consented' }>['event'];

/** Appends the consent. Idempotent by its key. */
export const appendConsent = async (
  events: Pick<EventStore, 'append'>,
  { audition, participant, generation, consent, origin, revision, at, key, principal }: ReceivedConsent,
  correlationId: string,
): Promise<void> => {
  const fact = {
    type: 'recording_consented',
    participant,
    consent,
    origin,
    ...(revision === undefined ? {} : { revision }),
    ...(generation === undefined ? {} : { generation }),
  } as const;
  await events.append(
    { auditionId: audition, run: correlationId, position: anyPosition },
    { facts: [{ at, correlationId, principal, key, fact }] },
  );
};
