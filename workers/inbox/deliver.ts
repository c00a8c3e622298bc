/** Delivers a stored webhook to the workflows or connections that it concerns, with one case per kind of event. */
import type { Repositories } from '../../db/index.ts';
import { appendConsent } from '../../db/recordings/append-consent.ts';
import type { DeliveryStatus } from '../../domain/audition/events.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { meetingVendors, recordedMeetings } from '../../domain/providers/vendors.ts';
import { mustApplyConsent } from '../../domain/recordings/recording-consent.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { ServiceMetrics } from '../metrics.ts';
import { type MailDependencies, type MailParkedReason, readMail } from './mail.ts';
import { auditionsConcerned } from './meeting-users.ts';
import type { WorkflowSignals } from './workflow-signals.ts';

/** The outcome of a delivery. The reasons are codes for the operator; docs/runbooks/webhooks.md explains them. */
export type WebhookOutcome =
  /** The webhook is settled. `reason` is set when no workflow was signaled. */
  | {
      readonly kind: 'delivered';
      readonly reason?:
        | 'audition_ended'
        | 'automatic_reply'
        | 'consent_applied'
        | 'deleted_by_us'
        | 'no_audition_then'
        | 'shared_room'
        | 'delivery_notification'
        | 'nobody_waits'
        | 'status_stored'
        | 'status_superseded'
        | 'unknown_account'
        | 'unnamed_person'
        | 'unsolicited';
    }
  /** No workflow handles the event. An operator can inspect and replay it. */
  | {
      readonly kind: 'parked';
      readonly reason: 'not_handled' | 'no_calendar_sync' | 'confirm_subscription' | MailParkedReason;
    }
  /** What it is about is not known yet: the webhook may have arrived before the service recorded it. */
  | {
      readonly kind: 'not_yet_known';
      readonly reason: 'no_such_meeting' | 'no_such_message' | 'no_such_invitation';
    }
  /** The workflows were signaled. A recheck after `afterMs` finds a workflow that starts to wait only now. */
  | { readonly kind: 'recheck'; readonly reason: 'looking_again' | 'gathering'; readonly afterMs: number };

export interface DeliveryDependencies {
  readonly repositories: Pick<
    Repositories,
    | 'noticeDeliveries'
    | 'inboxRouting'
    | 'connections'
    | 'invitationReplies'
    | 'watchSubscriptions'
    | 'events'
    | 'auditions'
  >;
  readonly replyAddresses: MailDependencies['replyAddresses'];
  readonly workflowSignals: WorkflowSignals;
  readonly metrics: Pick<ServiceMetrics, 'deliveryReported'>;
}

export interface WebhookContext {
  readonly inboxId: string;
  /** The vendor that sent it. */
  readonly provider: string;
  readonly correlationId: string;
  readonly ageMs: number;
}

const delivered: WebhookOutcome = { kind: 'delivered' };
const outcomeOfSignal = (result: 'signaled' | 'not_running'): WebhookOutcome =>
  result === 'signaled' ? delivered : { kind: 'delivered', reason: 'audition_ended' };

/**
 * Delivers the event and returns the outcome. A repeated delivery has no further effect: each signal contains the
 * inbox id, and the workflow applies each id once.
 * @throws when Temporal or the database does not answer; the relay then retries.
 */
export const deliver = (
  dependencies: DeliveryDependencies,
  { kind, event }: InboxEvent,
  webhook: WebhookContext,
): Promise<WebhookOutcome> => {
  switch (kind) {
    case 'message.status':
      return deliverMessageStatus(dependencies, event, webhook);
    case 'meeting.started':
    case 'meeting.ended':
      return deliverMeetingStatus(
        dependencies,
        kind === 'meeting.started' ? 'meeting_started' : 'meeting_ended',
        event,
        webhook,
      );
    case 'meeting.deleted':
      return deliverMeetingDeletion(dependencies, event, webhook);
    case 'connection.restored':
      return deliverConnectionRestored(dependencies, event, webhook);
    case 'connection.disconnected':
      return deliverDisconnection(dependencies, event, webhook);
    case 'connection.deauthorized':
      return deliverDeauthorization(dependencies, event, webhook);
    case 'calendar.changed':
      return deliverCalendarChange(dependencies, { ...event, what: 'changed' }, webhook);
    case 'subscription.reauthorization_required':
      return deliverCalendarChange(dependencies, { ...event, what: 'reauthorization_required' }, webhook);
    case 'subscription.removed':
      return deliverCalendarChange(dependencies, { ...event, what: 'removed' }, webhook);
    case 'subscription.missed':
      return deliverCalendarChange(dependencies, { ...event, what: 'missed' }, webhook);
    case 'mail.received':
      return deliverMail(dependencies, event, webhook);
    case 'mail.subscription':
      return Promise.resolve({ kind: 'parked', reason: 'confirm_subscription' });
    case 'link.joined':
    case 'performer.admitted':
    case 'meeting.participant_joined':
    case 'meeting.participant_left':
      // The round delivers them together with others (`inbox-round.ts`).
      throw new TypeError(`${kind} is not delivered alone`);
    case 'link.revoked':
      return deliverRevocation(dependencies, event, webhook);
    case 'recording.consented':
      return deliverConsent(dependencies, event, webhook);
    case 'room.left':
      return deliverRoomLeft(dependencies, event, webhook);
    case 'recording.completed':
      return deliverRecording(dependencies, event, webhook);
    case 'message.received':
      return Promise.resolve({ kind: 'parked', reason: 'not_handled' });
  }
};

type EventOf<Kind extends InboxEvent['kind']> = Extract<InboxEvent, { kind: Kind }>['event'];

/** A report of this status means that a participant may not have the message, so the workflow asks an operator. */
const isBad = (status: DeliveryStatus): boolean => status === 'failed';

/**
 * Stores the status of the message and counts the report. Only a bad report is signaled: a signal costs a dozen history
 * events. A report whose signal failed is repeated, and is signaled then. A bad report of a message that cannot be
 * stored is signaled if it names its recipient.
 */
const deliverMessageStatus = async (
  { repositories, workflowSignals, metrics }: DeliveryDependencies,
  event: EventOf<'message.status'>,
  { inboxId }: WebhookContext,
): Promise<WebhookOutcome> => {
  const { deliveryId, channel, status, code, of: named } = event;
  const stored = await repositories.noticeDeliveries.report({ inboxId, ...event });
  if (stored?.effect === 'changed') metrics.deliveryReported({ channel, status });
  if (stored?.effect === 'superseded') return { kind: 'delivered', reason: 'status_superseded' };
  const recipient = stored?.recipient ?? (isBad(status) ? named : undefined);
  if (!recipient) return { kind: 'not_yet_known', reason: 'no_such_message' };
  if (!isBad(status)) return { kind: 'delivered', reason: 'status_stored' };
  const { audition, participant } = recipient;
  const report = { inboxId, participant, channel, deliveryId, status, ...(code && { code }) };
  return outcomeOfSignal(await workflowSignals.signalAudition(audition, { about: 'delivery', report }));
};

const deliverRevocation = async (
  { workflowSignals }: DeliveryDependencies,
  { audition }: EventOf<'link.revoked'>,
  { inboxId }: WebhookContext,
): Promise<WebhookOutcome> =>
  outcomeOfSignal(
    await workflowSignals.signalAudition(audition, { about: 'link_revoked', report: { inboxId } }),
  );

/** The process that has stored the consent may have ended before it appended the fact. */
const deliverConsent = async (
  { repositories: { events, auditions }, workflowSignals }: DeliveryDependencies,
  event: EventOf<'recording.consented'>,
  { inboxId, correlationId }: WebhookContext,
): Promise<WebhookOutcome> => {
  const { organization, audition, consent } = event;
  await appendConsent(events, event, correlationId);
  const view = await auditions.get(organization, audition);
  if (!view || !mustApplyConsent(view, consent)) return { kind: 'delivered', reason: 'consent_applied' };
  return outcomeOfSignal(
    await workflowSignals.signalAudition(audition, { about: 'consent', report: { inboxId } }),
  );
};

const deliverMail = async (
  { repositories: { invitationReplies }, replyAddresses, workflowSignals }: DeliveryDependencies,
  { message, recipients = [] }: EventOf<'mail.received'>,
  { inboxId, correlationId }: WebhookContext,
): Promise<WebhookOutcome> => {
  const about = { inboxId, correlationId, origin: 'email' } as const;
  const raw = Buffer.from(message, 'base64');
  const verdict = await readMail({ invitationReplies, replyAddresses }, raw, recipients);
  switch (verdict.kind) {
    case 'answer':
    case 'proposal': {
      const signal =
        verdict.kind === 'answer'
          ? ({ about: 'answer', report: { ...about, ...verdict.report } } as const)
          : ({ about: 'proposal', report: { ...about, ...verdict.report } } as const);
      return outcomeOfSignal(await workflowSignals.signalAudition(verdict.audition, signal));
    }
    case 'settled':
      return { kind: 'delivered', reason: verdict.reason };
    case 'parked':
      return verdict;
    case 'not_yet_known':
      return { kind: 'not_yet_known', reason: 'no_such_invitation' };
  }
};

const reportKinds = { meeting_started: 'started', meeting_ended: 'ended', meeting_deleted: 'all' } as const;

/** A repeated delivery signals all auditions again: each applies the inbox id once. */
const deliverMeetingStatus = async (
  { repositories, workflowSignals }: DeliveryDependencies,
  about: 'meeting_started' | 'meeting_ended' | 'meeting_deleted',
  { meetingId, at }: EventOf<'meeting.started'>,
  { inboxId, provider, ageMs }: WebhookContext,
): Promise<WebhookOutcome> => {
  const users = await repositories.inboxRouting.usersOfMeeting(provider, meetingId);
  if (!users) return { kind: 'not_yet_known', reason: 'no_such_meeting' };
  const receivedAt = toInstant(Date.now() - ageMs);
  const auditions = auditionsConcerned(users, reportKinds[about], at ?? receivedAt);
  if (auditions.length === 0) return { kind: 'delivered', reason: 'no_audition_then' };
  const report = { inboxId, origin: 'system', meetingId, ...(at && { at }) } as const;
  const results = await Promise.all(
    auditions.map((audition) => workflowSignals.signalAudition(audition, { about, report })),
  );
  return outcomeOfSignal(results.includes('signaled') ? 'signaled' : 'not_running');
};

/** The audition then asks for the present room of its session. */
const deliverRoomLeft = async (
  { workflowSignals }: DeliveryDependencies,
  { audition, meetingId }: EventOf<'room.left'>,
  { inboxId }: WebhookContext,
): Promise<WebhookOutcome> => {
  const report = { inboxId, origin: 'system', meetingId } as const;
  return outcomeOfSignal(await workflowSignals.signalAudition(audition, { about: 'room_left', report }));
};

/**
 * Starts the workflow that stores the recordings of the meeting, or signals it. The recording is not part of the event: the
 * workflow asks the provider for it, with addresses and tokens that are valid then.
 */
const deliverRecording = async (
  { repositories, workflowSignals }: DeliveryDependencies,
  { meetingId }: EventOf<'recording.completed'>,
  { inboxId, provider: vendor, correlationId }: WebhookContext,
): Promise<WebhookOutcome> => {
  const provider = recordedMeetings.find((name) => meetingVendors[name].vendor === vendor);
  if (!provider) return { kind: 'parked', reason: 'not_handled' };
  const users = await repositories.inboxRouting.usersOfMeeting(vendor, meetingId);
  if (!users) return { kind: 'not_yet_known', reason: 'no_such_meeting' };
  // It shows several performers, so it is stored for none of their auditions.
  if (users.kind === 'session') return { kind: 'delivered', reason: 'shared_room' };
  const { auditionId, organization } = users;
  await workflowSignals.reportRecording(
    { auditionId, organization, provider, meetingId, correlationId },
    { inboxId },
  );
  return delivered;
};

/** A vendor also reports the deletions that this service made. They need no signal. */
const deliverMeetingDeletion = async (
  dependencies: DeliveryDependencies,
  event: EventOf<'meeting.deleted'>,
  webhook: WebhookContext,
): Promise<WebhookOutcome> => {
  const { inboxRouting } = dependencies.repositories;
  return (await inboxRouting.isMeetingRemoved(webhook.provider, event.meetingId))
    ? { kind: 'delivered', reason: 'deleted_by_us' }
    : deliverMeetingStatus(dependencies, 'meeting_deleted', event, webhook);
};

/**
 * A step that fails shortly before the account is connected again raises its attention item shortly after. The recheck
 * at the end of this window finds such items in the read model.
 */
const recheckWindowMs = 60_000;

const deliverConnectionRestored = async (
  { repositories, workflowSignals }: DeliveryDependencies,
  { organization, connection }: EventOf<'connection.restored'>,
  { inboxId, correlationId, ageMs }: WebhookContext,
): Promise<WebhookOutcome> => {
  const waiting = await repositories.inboxRouting.auditionsWaitingFor(organization, connection);
  const report = { inboxId, connection, correlationId };
  const signal = (id: AuditionId) => workflowSignals.signalAudition(id, { about: 'connection', report });
  for (const id of waiting) await signal(id);
  await workflowSignals.signalCalendarSync(connection, { inboxId, what: 'restored' });
  if (ageMs < recheckWindowMs) {
    return { kind: 'recheck', reason: 'looking_again', afterMs: recheckWindowMs - ageMs + 1_000 };
  }
  return waiting.length > 0 ? delivered : { kind: 'delivered', reason: 'nobody_waits' };
};

/** The synchronisation erases what it has read of the account, and ends. Without one, nothing was read. */
const deliverDisconnection = async (
  { workflowSignals }: DeliveryDependencies,
  { connection }: EventOf<'connection.disconnected'>,
  { inboxId }: WebhookContext,
): Promise<WebhookOutcome> => {
  const signaled = await workflowSignals.signalCalendarSync(connection, { inboxId, what: 'disconnected' });
  return signaled === 'signaled' ? delivered : { kind: 'delivered', reason: 'nobody_waits' };
};

/**
 * A vendor also reports revocations that this service made, possibly with a delay. An account that was connected again
 * after the revocation keeps its new grant.
 */
const deliverDeauthorization = async (
  { repositories, workflowSignals }: DeliveryDependencies,
  { provider, userId, at }: EventOf<'connection.deauthorized'>,
  { inboxId }: WebhookContext,
): Promise<WebhookOutcome> => {
  const connections = await repositories.inboxRouting.connectionsOfAccount(provider, userId);
  for (const { organization, id, connectedAt } of connections) {
    if (at !== undefined && Date.parse(connectedAt) > Date.parse(at)) continue;
    await repositories.connections.disconnect(organization, id, 'deauthorized');
    await workflowSignals.signalCalendarSync(id, { inboxId, what: 'disconnected' });
  }
  return connections.length > 0 ? delivered : { kind: 'delivered', reason: 'unknown_account' };
};

const deliverCalendarChange = async (
  { repositories: { watchSubscriptions }, workflowSignals }: DeliveryDependencies,
  {
    connection,
    ...change
  }: EventOf<'calendar.changed'> & {
    readonly what: 'changed' | 'reauthorization_required' | 'removed' | 'missed';
    readonly subscription?: string;
  },
  { inboxId }: WebhookContext,
): Promise<WebhookOutcome> => {
  const { what, subscription } = change;
  // Stored, because the workflow forgets its notifications when a round fails or it continues as new.
  const isLost = what === 'removed' || what === 'reauthorization_required';
  if (isLost && subscription !== undefined) await watchSubscriptions.markLost(subscription);
  return (await workflowSignals.signalCalendarSync(connection, { inboxId, ...change })) === 'signaled'
    ? delivered
    : { kind: 'parked', reason: 'no_calendar_sync' };
};
