/**
 * What Microsoft Graph tells us: that a calendar changed, or that something is the matter with a subscription. There is
 * no signature; what proves the sender of each notification is the `clientState` we gave its subscription.
 * https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
 * https://learn.microsoft.com/graph/change-notifications-lifecycle-events
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { InboxKind } from '../../domain/inbox-event.ts';

const lifecycleKinds = {
  reauthorizationRequired: 'subscription.reauthorization_required',
  subscriptionRemoved: 'subscription.removed',
  missed: 'subscription.missed',
} as const satisfies Record<string, InboxKind>;

const notificationSchema = z.object({
  id: z.string().max(200).nullish(),
  /** A GUID. Looked up before anything is proven: PostgreSQL would not take every character. */
  subscriptionId: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  /** At most 128 characters are taken at a subscription; 255 are documented for the notification. */
  clientState: z.string().max(255).nullish(),
  changeType: z.string().max(50).nullish(),
  lifecycleEvent: z.string().max(100).nullish(),
  resource: z.string().max(2_000).nullish(),
  resourceData: z.looseObject({ id: z.string().optional(), '@odata.etag': z.string().optional() }).nullish(),
});
const collectionSchema = z.object({ value: z.array(notificationSchema).min(1).max(1_000) });

export interface GraphNotification {
  readonly subscription: string;
  readonly clientState: string;
  /** Undefined for a lifecycle event that is newer than this code. */
  readonly kind: Extract<InboxKind, 'calendar.changed' | `subscription.${string}`> | undefined;
  /** What the same notification carries again when Graph repeats it; undefined where nothing tells two apart. */
  readonly identity: string | undefined;
}

/** A POST may hold notifications of several subscriptions. Undefined where the body is no collection of any. */
export const readNotifications = (body: unknown): readonly GraphNotification[] | undefined =>
  collectionSchema.safeParse(body).data?.value.map((one) => ({
    subscription: one.subscriptionId,
    clientState: one.clientState ?? '',
    kind: kindOf(one.lifecycleEvent ?? undefined),
    identity: identityOf(one),
  }));

const kindOf = (lifecycleEvent: string | undefined): GraphNotification['kind'] => {
  if (lifecycleEvent === undefined) return 'calendar.changed';
  return Object.entries(lifecycleKinds).find(([theirs]) => theirs === lifecycleEvent)?.[1];
};

/**
 * The id is optional. An etag names one state of one event. Where there is neither, a second change must not be taken
 * for a repetition of the first: reading a calendar twice costs little, and missing a change is what this is there for.
 */
const identityOf = ({
  id,
  changeType,
  resource,
  resourceData,
}: z.output<typeof notificationSchema>): string | undefined => {
  if (id) return id;
  const etag = resourceData?.['@odata.etag'];
  if (etag === undefined) return undefined;
  return createHash('sha256')
    .update(JSON.stringify([changeType, resource, resourceData?.id, etag]))
    .digest('hex');
};

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * What is echoed to prove that the address is ours, within 10 seconds, as plain text. Escaped, as the documentation
 * asks, since anybody may have us echo anything.
 */
export const validationAnswer = (token: string): string =>
  token.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
