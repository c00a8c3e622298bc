/** Who is told what: a case for each kind of event. Telling twice does no harm, since each telling carries its inbox id. */
import type { Repositories } from '../../db/index.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import type { Messenger } from './messenger.ts';

/** Codes, for the operator and the runbook (docs/runbooks/webhooks.md). */
export type Outcome =
  /** It is done with; `reason` where nobody was told. */
  | { readonly kind: 'delivered'; readonly reason?: 'audition_ended' | 'nobody_waits' | 'unknown_account' }
  /** It matches nothing: a person may look at it. */
  | { readonly kind: 'parked'; readonly reason: 'not_handled' | 'no_calendar_sync' }
  /** It matches nothing yet, and may have overtaken our own record of what it is about. */
  | { readonly kind: 'early'; readonly reason: 'no_such_meeting' | 'no_such_message' }
  /** It was told, and is to be looked at once more: somebody may come to wait for it just now. */
  | { readonly kind: 'again'; readonly reason: 'looking_again'; readonly afterMs: number };

export interface DeliveryDependencies {
  readonly repositories: Pick<Repositories, 'deliveries' | 'addressees' | 'connections'>;
  readonly messenger: Messenger;
}

export interface Delivered {
  readonly inboxId: string;
  /** The vendor that sent it. */
  readonly provider: string;
  readonly correlationId: string;
  readonly ageMs: number;
}

const delivered: Outcome = { kind: 'delivered' };
const told = (answer: 'told' | 'gone'): Outcome =>
  answer === 'told' ? delivered : { kind: 'delivered', reason: 'audition_ended' };

export const deliver = (
  dependencies: DeliveryDependencies,
  { kind, event }: InboxEvent,
  of: Delivered,
): Promise<Outcome> => {
  switch (kind) {
    case 'message.status':
      return tellDelivery(dependencies, event, of);
    case 'meeting.started':
    case 'meeting.ended':
      return tellMeeting(
        dependencies,
        kind === 'meeting.started' ? 'meeting_started' : 'meeting_ended',
        event,
        of,
      );
    case 'connection.restored':
      return tellThoseWaiting(dependencies, event, of);
    case 'connection.deauthorized':
      return deauthorize(dependencies, event);
    case 'calendar.changed':
      return tellCalendarSync(dependencies, { ...event, what: 'changed' }, of);
    case 'subscription.reauthorization_required':
      return tellCalendarSync(dependencies, { ...event, what: 'reauthorization_required' }, of);
    case 'subscription.removed':
      return tellCalendarSync(dependencies, { ...event, what: 'removed' }, of);
    case 'subscription.missed':
      return tellCalendarSync(dependencies, { ...event, what: 'missed' }, of);
    case 'message.received':
    case 'recording.completed':
      return Promise.resolve({ kind: 'parked', reason: 'not_handled' });
  }
};

type EventOf<Kind extends InboxEvent['kind']> = Extract<InboxEvent, { kind: Kind }>['event'];

const tellDelivery = async (
  { repositories, messenger }: DeliveryDependencies,
  { deliveryId, channel, status, code, of }: EventOf<'message.status'>,
  { inboxId }: Delivered,
): Promise<Outcome> => {
  const recipient = of ?? (await recipientOf(repositories, deliveryId));
  if (!recipient) return { kind: 'early', reason: 'no_such_message' };
  const { audition, participant } = recipient;
  const report = { inboxId, participant, channel, deliveryId, status, ...(code && { code }) };
  return told(await messenger.tellAudition(audition, { about: 'delivery', report }));
};

const recipientOf = async ({ deliveries }: DeliveryDependencies['repositories'], deliveryId: string) => {
  const delivery = await deliveries.find(deliveryId);
  return (
    delivery && {
      audition: delivery.auditionId,
      participant: participantIdSchema.parse(delivery.participant),
    }
  );
};

const tellMeeting = async (
  { repositories, messenger }: DeliveryDependencies,
  about: 'meeting_started' | 'meeting_ended',
  { meetingId, at }: EventOf<'meeting.started'>,
  { inboxId, provider }: Delivered,
): Promise<Outcome> => {
  const audition = await repositories.addressees.meeting(provider, meetingId);
  if (!audition) return { kind: 'early', reason: 'no_such_meeting' };
  const report = { inboxId, origin: 'system', meetingId, ...(at && { at }) } as const;
  return told(await messenger.tellAudition(audition, { about, report }));
};

/**
 * A step that failed a moment before the account was connected again raises its item a moment later. So it is looked
 * for once more, when every such item is in the read model.
 */
const lookAgainUntilMs = 60_000;

const tellThoseWaiting = async (
  { repositories, messenger }: DeliveryDependencies,
  { organization, connection }: EventOf<'connection.restored'>,
  { inboxId, correlationId, ageMs }: Delivered,
): Promise<Outcome> => {
  const waiting = await repositories.addressees.waitingFor(organization, connection);
  const report = { inboxId, connection, correlationId };
  const tell = (id: AuditionId) => messenger.tellAudition(id, { about: 'connection', report });
  for (const id of waiting) await tell(id);
  if (ageMs < lookAgainUntilMs) {
    return { kind: 'again', reason: 'looking_again', afterMs: lookAgainUntilMs - ageMs + 1_000 };
  }
  return waiting.length > 0 ? delivered : { kind: 'delivered', reason: 'nobody_waits' };
};

/**
 * A vendor tells of our own revocations, too, and may take its time: an account that was connected again since keeps its new
 * grant.
 */
const deauthorize = async (
  { repositories }: DeliveryDependencies,
  { provider, userId, at }: EventOf<'connection.deauthorized'>,
): Promise<Outcome> => {
  const connections = await repositories.addressees.account(provider, userId);
  for (const { organization, id, connectedAt } of connections) {
    if (at === undefined || Date.parse(connectedAt) <= Date.parse(at))
      await repositories.connections.disconnect(organization, id, 'deauthorized');
  }
  return connections.length > 0 ? delivered : { kind: 'delivered', reason: 'unknown_account' };
};

const tellCalendarSync = async (
  { messenger }: DeliveryDependencies,
  {
    connection,
    ...news
  }: EventOf<'calendar.changed'> & {
    readonly what: 'changed' | 'reauthorization_required' | 'removed' | 'missed';
    readonly subscription?: string;
  },
  { inboxId }: Delivered,
): Promise<Outcome> =>
  (await messenger.tellCalendarSync(connection, { inboxId, ...news })) === 'told'
    ? delivered
    : { kind: 'parked', reason: 'no_calendar_sync' };
