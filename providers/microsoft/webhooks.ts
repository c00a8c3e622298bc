/**
 * Reads the notifications of Microsoft Graph about changed calendars and about subscriptions. They have no signature: the
 * `clientState` that we gave a subscription proves the sender of each notification.
 * https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
 * https://learn.microsoft.com/graph/change-notifications-lifecycle-events
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { InboxKind } from '../../domain/inbox-event.ts';
import { optionalField, readableEntries } from '../optional-field.ts';

const lifecycleKinds = {
  reauthorizationRequired: 'subscription.reauthorization_required',
  subscriptionRemoved: 'subscription.removed',
  missed: 'subscription.missed',
} as const satisfies Record<string, InboxKind>;

const notificationSchema = z.object({
  id: optionalField(z.string().max(200)),
  /** A GUID. It is looked up before the sender is verified, so characters that PostgreSQL rejects are excluded here. */
  subscriptionId: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  /** A subscription accepts at most 128 characters; the notification is documented with 255. */
  clientState: optionalField(z.string().max(255)),
  changeType: optionalField(z.string().max(50)),
  lifecycleEvent: z
    .string()
    .max(100)
    .nullish()
    .transform((event) => event ?? undefined),
  resource: optionalField(z.string().max(2_000)),
  resourceData: optionalField(
    z.object({ id: optionalField(z.string()), '@odata.etag': optionalField(z.string()) }),
  ),
});
/** Graph repeats a collection that is refused for hours, so one odd notification must not hold back the others. */
const collectionSchema = z.object({
  value: z
    .array(z.unknown())
    .max(1_000)
    .pipe(readableEntries(notificationSchema))
    .refine((all) => all.length > 0),
});

export interface GraphNotification {
  readonly subscription: string;
  readonly clientState: string;
  /** Undefined for an unknown lifecycle event. */
  readonly kind: Extract<InboxKind, 'calendar.changed' | `subscription.${string}`> | undefined;
  /** The deduplication key, equal when Graph repeats the notification. Undefined when the notification identifies nothing. */
  readonly identity: string | undefined;
}

/** Returns the notifications of a POST, possibly of several subscriptions; undefined when the body is not a collection. */
export const readNotifications = (body: unknown): readonly GraphNotification[] | undefined =>
  collectionSchema.safeParse(body).data?.value.map((notification) => ({
    subscription: notification.subscriptionId,
    clientState: notification.clientState ?? '',
    kind: kindOf(notification.lifecycleEvent),
    identity: identityOf(notification),
  }));

const kindOf = (lifecycleEvent: string | undefined): GraphNotification['kind'] => {
  if (lifecycleEvent === undefined) return 'calendar.changed';
  return Object.entries(lifecycleKinds).find(([name]) => name === lifecycleEvent)?.[1];
};

/**
 * Returns the deduplication key: the optional id, or else a hash with the etag, which identifies one state of one event.
 * Without either, every notification counts as new: reading a calendar twice costs little, a missed change is an error.
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
 * Returns the answer to a validation request, sent as plain text within 10 seconds. The token is escaped, as Microsoft's
 * documentation requires, because any client can send one.
 */
export const validationAnswer = (token: string): string =>
  token.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
