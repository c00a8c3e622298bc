/**
 * Implements subscriptions to the events of a mailbox, their notifications and their lifecycle events:
 * https://learn.microsoft.com/graph/api/resources/subscription and
 * https://learn.microsoft.com/graph/change-notifications-lifecycle-events
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import type { WebhookSender } from '../webhooks/webhook-sender.ts';
import type { Calendar, EventChange } from './calendars.ts';
import { GraphError } from './errors.ts';
import { entityTag, type StoredEvent } from './event.ts';
import { objectIdOf } from './person.ts';

const changeTypes = ['created', 'updated', 'deleted'] as const;
/** The events of the mailbox: https://learn.microsoft.com/graph/outlook-change-notifications-overview */
const resources = ['me/events', '/me/events'] as const;

export const subscriptionBodySchema = z.strictObject({
  changeType: z.string().refine((text) => text.split(',').every((type) => isChangeType(type.trim()))),
  /** Graph itself requires https. */
  notificationUrl: z.url().max(1_500),
  lifecycleNotificationUrl: z.url().max(1_500).optional(),
  resource: z.enum(resources),
  expirationDateTime: z.iso.datetime({ offset: true }),
  clientState: z.string().max(128).optional(),
  latestSupportedTlsVersion: z.string().optional(),
});
export const renewalSchema = z.strictObject({ expirationDateTime: z.iso.datetime({ offset: true }) });

const isChangeType = (type: string): boolean => changeTypes.some((known) => known === type);

const storedSchema = z.object({
  id: z.guid(),
  account: z.string(),
  changeType: z.string(),
  notificationUrl: z.string(),
  lifecycleNotificationUrl: z.string().optional(),
  resource: z.string(),
  clientState: z.string().optional(),
  expiresAt: z.number(),
  immutableIds: z.boolean(),
  /** After `reauthorizationRequired`, until it is authorized again. */
  isPaused: z.boolean(),
});
type StoredSubscription = z.infer<typeof storedSchema>;

export const lifecycleEvents = ['reauthorizationRequired', 'subscriptionRemoved', 'missed'] as const;
type LifecycleEvent = (typeof lifecycleEvents)[number];

const headers = () => ({ 'content-type': 'application/json; charset=utf-8' });

const minuteMs = 60_000;
const longestMs = 10_080 * minuteMs;
/** An earlier end is moved. */
const shortestMs = 45 * minuteMs;
const validationMs = 10_000;

interface SubscriptionParts {
  readonly settings: MicrosoftSandboxSettings;
  readonly clock: Clock;
  readonly notifications: WebhookSender;
  readonly lifecycle: WebhookSender;
  /** Called after each change of the stored state. */
  readonly changed: () => void;
}

/** Creates a store without subscriptions. */
export const createSubscriptions = (parts: SubscriptionParts) => {
  const { settings, clock, notifications, lifecycle, changed } = parts;
  const subscriptions = new Map<string, StoredSubscription>();

  const put = (subscription: StoredSubscription) => {
    subscriptions.set(subscription.id, subscription);
    changed();
    return render(subscription);
  };

  const expiryOf = (text: string): number => {
    const [now, wanted] = [clock(), Date.parse(text)];
    if (wanted <= now) throw invalid('Subscription expiration must be in the future.');
    if (wanted > now + longestMs) {
      throw invalid(`Subscription expiration can only be ${longestMs / minuteMs} minutes in the future.`);
    }
    return Math.max(wanted, now + shortestMs);
  };

  /** @throws {GraphError} a 404 for a subscription of another account, and for one that has ended. */
  const get = (account: string, id: string): StoredSubscription => {
    const subscription = subscriptions.get(id);
    if (subscription && isLive(subscription) && subscription.account === account) return subscription;
    throw new GraphError(404, 'ResourceNotFound', 'The object was not found.');
  };

  const envelopeOf = ({ id, expiresAt, clientState }: StoredSubscription) => ({
    subscriptionId: id,
    subscriptionExpirationDateTime: new Date(expiresAt).toISOString(),
    tenantId: settings.tenantId,
    ...(clientState === undefined ? {} : { clientState }),
  });

  const notify = (subscription: StoredSubscription, event: StoredEvent, changeType: EventChange): void => {
    const id = subscription.immutableIds ? event.immutableId : event.id;
    const resource = `Users/${objectIdOf(subscription.account)}/Events/${id}`;
    const value = [
      {
        ...envelopeOf(subscription),
        changeType,
        resource,
        resourceData: {
          '@odata.type': '#Microsoft.Graph.Event',
          '@odata.id': resource,
          '@odata.etag': entityTag(event),
          id,
        },
      },
    ];
    void notifications.send({
      url: subscription.notificationUrl,
      headers,
      body: JSON.stringify({ value }),
      isCurrent: () => isLive(subscriptions.get(subscription.id)),
    });
  };

  /**
   * Refuses a second subscription with the same resource and changes. Graph does not document whether it also compares the user:
   * https://learn.microsoft.com/graph/api/subscription-post-subscriptions#duplicate-subscription-behavior
   */
  const refuseDuplicate = (account: string, wanted: Pick<StoredSubscription, 'resource' | 'changeType'>) => {
    const existing = [...subscriptions.values()].find(
      (each) => each.account === account && isLive(each) && combinationOf(each) === combinationOf(wanted),
    );
    if (!existing) return;
    const message = `Subscription Id ${existing.id} already exists for the requested combination`;
    throw new GraphError(409, 'ObjectIdentifierInUse', message);
  };

  const isLive = (subscription: StoredSubscription | undefined): boolean =>
    subscription !== undefined && subscription.expiresAt > clock();
  /** Subscriptions end without a notice when they are not renewed. */
  const removeExpired = (): void => {
    for (const subscription of subscriptions.values()) {
      if (!isLive(subscription)) subscriptions.delete(subscription.id);
    }
  };

  return {
    /**
     * @throws {GraphError} a 400 for an end that is not allowed, and when a receiver does not echo the token; a 409 for a
     * duplicate.
     */
    async create(account: string, body: z.output<typeof subscriptionBodySchema>, immutableIds: boolean) {
      const { expirationDateTime, ...wanted } = body;
      const expiresAt = expiryOf(expirationDateTime);
      refuseDuplicate(account, wanted);
      await validate(wanted.notificationUrl);
      if (wanted.lifecycleNotificationUrl !== undefined) await validate(wanted.lifecycleNotificationUrl);
      // Another request may have created it during the validation.
      refuseDuplicate(account, wanted);
      return put({ ...wanted, id: randomUUID(), account, expiresAt, immutableIds, isPaused: false });
    },
    /** Returns the subscriptions of the app for the signed-in user: https://learn.microsoft.com/graph/api/subscription-list */
    list: (account: string) =>
      [...subscriptions.values()]
        .filter((subscription) => subscription.account === account && isLive(subscription))
        .map((subscription) => ({ ...render(subscription), clientState: null })),
    read: (account: string, id: string) => render(get(account, id)),
    renew: (account: string, id: string, { expirationDateTime }: z.output<typeof renewalSchema>) =>
      put({ ...get(account, id), expiresAt: expiryOf(expirationDateTime), isPaused: false }),
    reauthorize(account: string, id: string) {
      put({ ...get(account, id), isPaused: false });
    },
    remove(account: string, id: string) {
      subscriptions.delete(get(account, id).id);
      changed();
    },
    /** Notifies the subscriptions to the mailbox. */
    notifyChange({ owner }: Calendar, event: StoredEvent, changeType: EventChange) {
      removeExpired();
      for (const subscription of subscriptions.values()) {
        if (subscription.account !== owner || subscription.isPaused) continue;
        if (subscription.changeType.split(',').some((type) => type.trim() === changeType)) {
          notify(subscription, event, changeType);
        }
      }
    },
    /** Sends a lifecycle event to the subscriptions of the account. Resolves with the last status of each. */
    async sendLifecycleEvent(account: string, lifecycleEvent: LifecycleEvent): Promise<readonly string[]> {
      removeExpired();
      const concerned = [...subscriptions.values()].filter(
        (subscription) => subscription.account === account,
      );
      for (const subscription of concerned) {
        if (lifecycleEvent === 'subscriptionRemoved') subscriptions.delete(subscription.id);
        if (lifecycleEvent === 'reauthorizationRequired') put({ ...subscription, isPaused: true });
      }
      changed();
      return Promise.all(
        concerned.flatMap((subscription) => {
          const { lifecycleNotificationUrl: url } = subscription;
          const body = JSON.stringify({ value: [{ ...envelopeOf(subscription), lifecycleEvent }] });
          return url === undefined ? [] : [lifecycle.send({ url, headers, body })];
        }),
      );
    },
    /** Ends all subscriptions, without a notice. */
    expireAll() {
      subscriptions.clear();
      changed();
    },
    all: () =>
      [...subscriptions.values()]
        .filter(isLive)
        .map(({ clientState: _secret, ...subscription }) => subscription),
    save: () => [...subscriptions.values()],
    load: (value: unknown) => {
      for (const subscription of z.array(storedSchema).parse(value)) {
        subscriptions.set(subscription.id, subscription);
      }
    },
    reset: () => subscriptions.clear(),
  };
};
export type Subscriptions = ReturnType<typeof createSubscriptions>;

const combinationOf = ({ resource, changeType }: Pick<StoredSubscription, 'resource' | 'changeType'>) => {
  const types = changeType.split(',').map((type) => type.trim());
  return [resource.replace(/^\//, ''), ...types.sort()].join();
};

const invalid = (message: string): GraphError => new GraphError(400, 'ValidationError', message);

const refuse = (reason: string) => invalid(`Subscription validation request failed. ${reason}`);

/**
 * Sends the validation request: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
 *
 * @throws {GraphError} a 400, unless the receiver answers with the decoded token as plain text within ten seconds.
 */
const validate = async (address: string): Promise<void> => {
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()}`;
  const url = new URL(address);
  url.searchParams.set('validationToken', token);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    signal: AbortSignal.timeout(validationMs),
  }).catch(() => undefined);
  if (!response) throw refuse('Notification endpoint could not be reached.');
  const body = await response.text();
  if (response.status !== 200) throw refuse('Notification endpoint must respond with 200 OK.');
  if (!response.headers.get('content-type')?.startsWith('text/plain')) {
    throw refuse('Notification endpoint must respond with text/plain.');
  }
  if (body !== token) throw refuse('Notification endpoint must respond with the validation token.');
};

const render = ({
  account,
  expiresAt,
  immutableIds: _ids,
  isPaused: _paused,
  ...stored
}: StoredSubscription) => ({
  ...stored,
  creatorId: objectIdOf(account),
  expirationDateTime: new Date(expiresAt).toISOString().replace('Z', '0000Z'),
});
