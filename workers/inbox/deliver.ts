/** Delivers a stored webhook to the workflows or connections that it concerns, with one case per kind of event. */
import type { Repositories } from '../../db/index.ts';
import { appendConsent } from '../../db/recordings/append-consent.ts';
import { isDeliveryProblem } from '../../domain/audition/delivery-state.ts';
import { providerPrincipal, systemPrincipal } from '../../domain/audition/principal.ts';
import type { ProposedTime } from '../../domain/audition/reported-answer.ts';
import { exceededLimit } from '../../domain/audition/slot-limits.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { meetingVendors, recordedMeetings } from '../../domain/providers/vendors.ts';
import { mustApplyConsent } from '../../domain/recordings/recording-consent.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { ServiceMetrics } from '../metrics.ts';
import { appendLateDelivery } from './late-delivery.ts';
import { type MailDependencies, readMail } from './mail.ts';
import { auditionsConcerned } from './meeting-users.ts';
import { stoppedOutcome } from './stopped-audition.ts';
import type { WebhookOutcome } from './webhook-outcome.ts';
import type { WorkflowSignals } from './workflow-signals.ts';

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

/** Returns the outcome of signals to these auditions. An open audition without a workflow will be taken over. */
const outcomeOfSignals = async (
  { repositories: { inboxRouting } }: Pick<DeliveryDependencies, 'repositories'>,
  { ageMs }: Pick<WebhookContext, 'ageMs'>,
  signaled: readonly { readonly audition: AuditionId; readonly result: 'signaled' | 'not_running' }[],
): Promise<WebhookOutcome> => {
  const stopped = signaled.filter(({ result }) => result === 'not_running');
  if (await inboxRouting.isAnyOpen(stopped.map(({ audition }) => audition))) return stoppedOutcome(ageMs);
  const auditions = signaled.map(({ audition }) => audition);
  return stopped.length < signaled.length
    ? { kind: 'delivered', auditions }
    : { kind: 'delivered', auditions, reason: 'audition_ended' };
};

/** Signals the audition, and returns the outcome. */
const signalOne = async (
  dependencies: DeliveryDependencies,
  webhook: Pick<WebhookContext, 'ageMs'>,
  audition: AuditionId,
  signal: Parameters<WorkflowSignals['signalAudition']>[1],
): Promise<WebhookOutcome> => {
  const result = await dependencies.workflowSignals.signalAudition(audition, signal);
  return outcomeOfSignals(dependencies, webhook, [{ audition, result }]);
};

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
    case 'meeting.changed':
      return deliverMeetingStatus(dependencies, 'meeting_changed', event, webhook);
    case 'connection.restored':
      return deliverConnectionRestored(dependencies, event, webhook);
    case 'connection.disconnected':
      return deliverDisconnection(dependencies, event, webhook);
    case 'connection.deauthorized':
      return deliverDeauthorization(dependencies, event);
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

/**
 * Stores the status of the message and counts the report. Only a bad report is signaled, and the arrival of an email that was given
 * up: a signal costs a dozen history events. When the audition has closed, such a report is appended to its trail. A report whose signal failed is repeated, and is signaled then. A bad report of a message that cannot be
 * stored is signaled if it names its recipient.
 */
const deliverMessageStatus = async (
  dependencies: DeliveryDependencies,
  event: EventOf<'message.status'>,
  webhook: WebhookContext,
): Promise<WebhookOutcome> => {
  const { repositories, metrics } = dependencies;
  const { inboxId, provider, correlationId } = webhook;
  const { deliveryId, channel, status, code, of: named, onlyWhile } = event;
  const stored = await repositories.noticeDeliveries.report({ inboxId, ...event });
  if (stored?.effect === 'changed') metrics.deliveryReported({ channel, status });
  const auditions = stored && [stored.recipient.audition];
  if (stored?.effect === 'superseded') return { kind: 'delivered', auditions, reason: 'status_superseded' };
  const recipient = stored?.recipient ?? (isDeliveryProblem(status) ? named : undefined);
  if (!recipient) return { kind: 'not_yet_known', reason: 'no_such_message' };
  if (!isDeliveryProblem(status) && !stored?.isArrivalAfterAll)
    return { kind: 'delivered', auditions, reason: 'status_stored' };
  const { audition, participant } = recipient;
  // What a silence means is a conclusion of this service. No provider has reported it.
  const principal = onlyWhile ? systemPrincipal : providerPrincipal(provider);
  const report = { inboxId, principal, participant, channel, deliveryId, status, ...(code && { code }) };
  const signal = { about: 'delivery', report } as const;
  const result = await dependencies.workflowSignals.signalAudition(audition, signal);
  const isLate =
    result === 'not_running' &&
    (await appendLateDelivery(repositories, audition, { report, inboxId, correlationId })) === 'appended';
  return isLate
    ? { kind: 'delivered', auditions: [audition], reason: 'appended_late' }
    : outcomeOfSignals(dependencies, webhook, [{ audition, result }]);
};

const deliverRevocation = (
  dependencies: DeliveryDependencies,
  { audition }: EventOf<'link.revoked'>,
  webhook: WebhookContext,
): Promise<WebhookOutcome> =>
  signalOne(dependencies, webhook, audition, {
    about: 'link_revoked',
    report: { inboxId: webhook.inboxId },
  });

/** The process that has stored the consent may have ended before it appended the fact. */
const deliverConsent = async (
  dependencies: DeliveryDependencies,
  event: EventOf<'recording.consented'>,
  webhook: WebhookContext,
): Promise<WebhookOutcome> => {
  const { events, auditions } = dependencies.repositories;
  const { inboxId, correlationId } = webhook;
  const { organization, audition, consent } = event;
  await appendConsent(events, event, correlationId);
  const view = await auditions.get(organization, audition);
  if (!view || !mustApplyConsent(view, consent)) {
    return { kind: 'delivered', auditions: [audition], reason: 'consent_applied' };
  }
  return signalOne(dependencies, webhook, audition, { about: 'consent', report: { inboxId } });
};

const deliverMail = async (
  dependencies: DeliveryDependencies,
  { message, recipients = [] }: EventOf<'mail.received'>,
  webhook: WebhookContext,
): Promise<WebhookOutcome> => {
  const {
    repositories: { invitationReplies },
    replyAddresses,
  } = dependencies;
  const { inboxId, correlationId } = webhook;
  const about = { inboxId, correlationId, origin: 'email' } as const;
  const raw = Buffer.from(message, 'base64');
  const verdict = await readMail({ invitationReplies, replyAddresses }, raw, recipients);
  switch (verdict.kind) {
    case 'answer':
    case 'proposal': {
      const signal =
        verdict.kind === 'answer'
          ? ({ about: 'answer', report: { ...about, ...verdict.report } } as const)
          : ({ about: 'proposal', report: { ...about, ...withLimit(verdict.report) } } as const);
      return signalOne(dependencies, webhook, verdict.audition, signal);
    }
    case 'settled':
      return { kind: 'delivered', reason: verdict.reason };
    case 'parked':
      return verdict;
    case 'not_yet_known':
      return { kind: 'not_yet_known', reason: 'no_such_invitation' };
  }
};

/** A person can propose any time. The audition cannot follow to each. */
const withLimit = <Proposal extends Pick<ProposedTime, 'slot'>>(proposal: Proposal) => {
  const exceeds = proposal.slot && exceededLimit(proposal.slot, toInstant(Date.now()));
  return exceeds ? { ...proposal, exceeds } : proposal;
};

const reportKinds = {
  meeting_started: 'started',
  meeting_ended: 'ended',
  meeting_deleted: 'all',
  meeting_changed: 'all',
} as const;

/** A repeated delivery signals all auditions again: each applies the inbox id once. */
const deliverMeetingStatus = async (
  dependencies: DeliveryDependencies,
  about: keyof typeof reportKinds,
  { meetingId, at }: EventOf<'meeting.started'>,
  webhook: WebhookContext,
): Promise<WebhookOutcome> => {
  const { repositories, workflowSignals } = dependencies;
  const { inboxId, provider, ageMs } = webhook;
  const users = await repositories.inboxRouting.usersOfMeeting(provider, meetingId);
  if (!users) return { kind: 'not_yet_known', reason: 'no_such_meeting' };
  const receivedAt = toInstant(Date.now() - ageMs);
  const auditions = auditionsConcerned(users, reportKinds[about], at ?? receivedAt);
  if (auditions.length === 0) return { kind: 'delivered', reason: 'no_audition_then' };
  const principal = providerPrincipal(provider);
  const report = { inboxId, principal, origin: 'system', meetingId, ...(at && { at }) } as const;
  const results = await Promise.all(
    auditions.map(async (audition) => ({
      audition,
      result: await workflowSignals.signalAudition(audition, { about, report }),
    })),
  );
  return outcomeOfSignals(dependencies, webhook, results);
};

/** The audition then asks for the present room of its session. */
const deliverRoomLeft = (
  dependencies: DeliveryDependencies,
  { audition, meetingId }: EventOf<'room.left'>,
  webhook: WebhookContext,
): Promise<WebhookOutcome> => {
  const report = { inboxId: webhook.inboxId, origin: 'system', meetingId } as const;
  return signalOne(dependencies, webhook, audition, { about: 'room_left', report });
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
  return { kind: 'delivered', auditions: [auditionId] };
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
  { organization, connection, principal }: EventOf<'connection.restored'>,
  { inboxId, correlationId, ageMs }: WebhookContext,
): Promise<WebhookOutcome> => {
  const waiting = await repositories.inboxRouting.auditionsWaitingFor(organization, connection);
  const report = { inboxId, connection, correlationId, principal };
  const signal = (id: AuditionId) => workflowSignals.signalAudition(id, { about: 'connection', report });
  for (const id of waiting) await signal(id);
  await workflowSignals.signalCalendarSync(connection, { inboxId, what: 'restored' });
  if (ageMs < recheckWindowMs) {
    return { kind: 'recheck', reason: 'looking_again', afterMs: recheckWindowMs - ageMs + 1_000 };
  }
  return waiting.length > 0
    ? { kind: 'delivered', auditions: waiting }
    : { kind: 'delivered', reason: 'nobody_waits' };
};

/**
 * The synchronisation erases what it has read of the account, and ends. Without one, nothing was read. Auditions that ask about a
 * change in its calendars withdraw the question. A round that ran meanwhile can ask one more: the recheck finds it.
 */
const deliverDisconnection = async (
  { repositories, workflowSignals }: DeliveryDependencies,
  { organization, connection, principal }: EventOf<'connection.disconnected'>,
  { inboxId, correlationId, ageMs }: WebhookContext,
): Promise<WebhookOutcome> => {
  const signaled = await workflowSignals.signalCalendarSync(connection, { inboxId, what: 'disconnected' });
  const account = await repositories.connections.get(organization, connection);
  // The account was connected again: its questions have answers.
  if (account && account.status !== 'disconnected') return { kind: 'delivered', reason: 'nobody_waits' };
  const isRecheck = ageMs >= recheckWindowMs;
  const asking = await repositories.inboxRouting.auditionsAskingAbout(organization, connection);
  // An audition applies each id once.
  const report = {
    inboxId: isRecheck ? `${inboxId}:again` : inboxId,
    connection,
    correlationId,
    principal,
  };
  for (const id of asking) await workflowSignals.signalAudition(id, { about: 'disconnection', report });
  if (!isRecheck) {
    return { kind: 'recheck', reason: 'looking_again', afterMs: recheckWindowMs - ageMs + 1_000 };
  }
  const isHeard = signaled === 'signaled' || asking.length > 0;
  return isHeard ? delivered : { kind: 'delivered', reason: 'nobody_waits' };
};

/**
 * A vendor also reports revocations that this service made, possibly with a delay. An account that was connected again
 * after the revocation keeps its new grant. The maintenance of connections notifies the owners.
 */
const deliverDeauthorization = async (
  { repositories }: DeliveryDependencies,
  { provider, userId, at }: EventOf<'connection.deauthorized'>,
): Promise<WebhookOutcome> => {
  const connections = await repositories.inboxRouting.connectionsOfAccount(provider, userId);
  for (const { organization, id, connectedAt } of connections) {
    if (at !== undefined && Date.parse(connectedAt) > Date.parse(at)) continue;
    await repositories.connections.markDeauthorized(organization, id);
  }
  return connections.length > 0 ? delivered : { kind: 'delivered', reason: 'unknown_account' };
};

/**
 * Signals the synchronisation of the connection. A change also concerns the other connections of the account that the vendor gives
 * no subscription of their own.
 */
const deliverCalendarChange = async (
  { repositories: { watchSubscriptions, inboxRouting }, workflowSignals }: DeliveryDependencies,
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
  const others = isLost ? [] : await inboxRouting.connectionsWithoutSubscription(connection);
  const results = await Promise.all([
    workflowSignals.signalCalendarSync(connection, { inboxId, ...change }),
    ...others.map(({ id, calendar }) =>
      workflowSignals.signalCalendarSync(id, { inboxId, what, calendarId: calendar }),
    ),
  ]);
  return results.includes('signaled') ? delivered : { kind: 'parked', reason: 'no_calendar_sync' };
};
