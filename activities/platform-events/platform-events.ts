/**
 * Delivers events to the platform's webhook endpoints. Each event is one request. The events of one audition are sent
 * in order, and the progress of the endpoint is stored after each. After a crash between the receiver's answer and
 * that write, the event is sent again under the same id.
 */
import { Context, cancellationSignal } from '@temporalio/activity';
import type { EndpointProgress } from '../../db/endpoints/progress.ts';
import type { EndpointWithSecrets, WebhookEndpoints } from '../../db/endpoints/repository.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import { matchesEventType, matchesSubscription } from '../../domain/platform-events/event-subscription.ts';
import {
  type AuditionWebhook,
  type PublicEvent,
  toAuditionWebhooks,
} from '../../domain/platform-events/public-event.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { DeliveryResult, PlatformClient } from '../../providers/platform/client.ts';
import type {
  DeliveryOutcome,
  EndpointTarget,
  EndpointUnavailable,
  PlatformActivities,
  ReplayCursor,
  ReplayEventsInput,
  ReplayOutcome,
  TellEndpointInput,
} from '../contract.ts';
import { withHeartbeat } from '../effects/heartbeat.ts';
import { endpointFailure } from './endpoint-failure.ts';

export interface PlatformDependencies {
  readonly endpoints: Pick<WebhookEndpoints, 'getWithSecrets' | 'recordFailure' | 'disable'>;
  readonly progress: EndpointProgress;
  readonly client: PlatformClient;
  /** Is told of each attempt to send an event. `at`: when the event occurred. */
  readonly reportAttempt?: (attempt: {
    readonly outcome: DeliveryResult['kind'];
    readonly at: Instant;
  }) => void;
  /** Returns epoch milliseconds. */
  readonly now?: () => number;
}

/**
 * An attempt starts no further event after this time. With the request timeout of 15 s the attempt then ends before the
 * activity timeout of 60 s, and before a stopping worker exits.
 */
const sendWindowMs = 30_000;

type RejectedReceipt = Exclude<DeliveryResult, { kind: 'accepted' }>;

/** Creates the activities that deliver events. `now` is in epoch milliseconds. */
export const createPlatformActivities = (dependencies: PlatformDependencies): PlatformActivities => {
  const { endpoints, progress, client, reportAttempt, now = Date.now } = dependencies;

  /** Returns the endpoint for one attempt, or undefined when it is disabled or removed. */
  const open = async (to: EndpointTarget, purpose: string): Promise<EndpointWithSecrets | undefined> => {
    const { organization, endpoint, correlationId } = to;
    const found = await endpoints.getWithSecrets({ organization, endpoint, purpose, correlationId });
    return found?.status === 'enabled' ? found : undefined;
  };

  const send = (
    to: EndpointWithSecrets,
    id: string,
    event: PublicEvent,
    correlationId: string,
  ): Promise<DeliveryResult> => {
    const call = { signal: cancellationSignal(), correlationId };
    return client.deliver(to, { id, body: JSON.stringify(event) }, call);
  };

  const trailOf = async (organization: OrganizationId, id: AuditionId): Promise<readonly AuditionWebhook[]> =>
    toAuditionWebhooks(await progress.readTrail(organization, id));

  /**
   * Records the failure. Returns undefined when this attempt has delivered an event before: the retry period of a
   * message must start with its own attempt.
   * @throws `endpoint_failed` (retryable).
   */
  const handleRejection = async (
    { id }: EndpointWithSecrets,
    message: string,
    rejected: RejectedReceipt,
    hasSent: boolean,
  ): Promise<EndpointUnavailable | undefined> => {
    await endpoints.recordFailure(id, rejected.answer);
    if (rejected.kind === 'gone') return { kind: 'gone', message, answer: rejected.answer };
    if (hasSent) return undefined;
    throw endpointFailure({ ...rejected, message }, Context.current().info.attempt);
  };

  const deliver = async (
    input: EndpointTarget & { readonly auditionId: AuditionId },
  ): Promise<DeliveryOutcome> => {
    const { organization, auditionId: audition } = input;
    const endpoint = await open(input, 'events.deliver');
    if (!endpoint) return { kind: 'disabled' };
    const begun = now();
    const before = await progress.deliveredThrough(endpoint.id, audition);
    const trail = await trailOf(organization, audition);
    let through = before;
    for (const message of trail) {
      const { id, sequence, event, correlationId, at } = message;
      if (sequence <= before || !event || !matchesSubscription(endpoint, message)) continue;
      if (now() - begun > sendWindowMs) return { kind: 'more' };
      const receipt = await send(endpoint, id, event, correlationId);
      reportAttempt?.({ outcome: receipt.kind, at });
      if (receipt.kind !== 'accepted') {
        return (await handleRejection(endpoint, id, receipt, through > before)) ?? { kind: 'more' };
      }
      const delivered = { endpoint: endpoint.id, audition, from: through, to: sequence };
      // Another attempt has advanced the progress, or the endpoint was removed.
      if (!(await progress.advance({ ...delivered, answer: receipt.answer }))) return { kind: 'more' };
      through = sequence;
    }
    return { kind: 'up_to_date', through: trail.at(-1)?.sequence ?? through };
  };

  /** Yields the events of the time range, starting after the cursor. */
  async function* messagesIn({ organization, from, until, after }: ReplayEventsInput) {
    const next = (previous?: AuditionId) =>
      progress.nextAudition(organization, { from, until, after: previous });
    let through = after?.through ?? 0;
    for (let audition = after?.auditionId ?? (await next()); audition; audition = await next(audition)) {
      for (const message of await trailOf(organization, audition)) {
        const isInRange = message.sequence > through && message.at >= from && message.at < until;
        if (isInRange) yield { audition, message };
      }
      through = 0;
    }
  }

  const replay = async (input: ReplayEventsInput): Promise<ReplayOutcome> => {
    const endpoint = await open(input, 'events.replay');
    if (!endpoint) return { kind: 'disabled' };
    const begun = now();
    let after: ReplayCursor | undefined = input.after;
    let sent = 0;
    for await (const { audition, message } of messagesIn(input)) {
      const { id, sequence, event, correlationId } = message;
      if (after && now() - begun > sendWindowMs) return { kind: 'more', sent, after };
      if (event && matchesEventType(endpoint, event.type)) {
        const receipt = await send(endpoint, id, event, correlationId);
        if (receipt.kind !== 'accepted') {
          const unavailable = await handleRejection(endpoint, id, receipt, sent > 0 && after !== undefined);
          if (unavailable) return unavailable;
          if (after) return { kind: 'more', sent, after };
        }
        sent += 1;
      }
      after = { auditionId: audition, through: sequence };
    }
    return { kind: 'done', sent };
  };

  const sendMessage = async (input: TellEndpointInput) => {
    const { organization, endpoint: id, correlationId, message, evenIfDisabled } = input;
    const endpoint = await endpoints.getWithSecrets({
      organization,
      endpoint: id,
      purpose: message.event.type,
      correlationId,
    });
    if (!endpoint || (endpoint.status === 'disabled' && !evenIfDisabled))
      return { kind: 'disabled' } as const;
    const receipt = await send(endpoint, message.id, message.event, correlationId);
    switch (receipt.kind) {
      case 'accepted':
        return receipt;
      case 'gone':
        return { ...receipt, message: message.id };
      case 'failed':
        throw endpointFailure({ ...receipt, message: message.id }, Context.current().info.attempt);
    }
  };

  return {
    deliverEvents: (input) => withHeartbeat(() => deliver(input)),
    replayEvents: (input) => withHeartbeat(() => replay(input)),
    tellEndpoint: (input) => withHeartbeat(() => sendMessage(input)),
    disableEndpoint: ({ organization, endpoint, reason }) =>
      endpoints.disable(organization, endpoint, reason),
  };
};
