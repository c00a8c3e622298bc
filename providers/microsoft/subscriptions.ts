/**
 * Opens, renews and ends subscriptions to the events of a mailbox:
 * https://learn.microsoft.com/graph/api/subscription-post-subscriptions
 *
 * Graph documents subscriptions to all events of a mailbox only, not to one calendar:
 * https://learn.microsoft.com/graph/outlook-change-notifications-overview. A notification says that some calendar of the
 * mailbox has changed. Graph validates the address of our receiver before it answers. It refuses a second subscription with
 * the same resource and changes with 409 (`#duplicate-subscription-behavior` of the page above); it has not always done so:
 * https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/9039
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { minute } from '../../domain/time/units.ts';
import { nextPageField } from '../next-page.ts';
import { operationOf } from '../operations.ts';
import { optionalField, readableEntries } from '../optional-field.ts';
import type { CalendarPush } from '../ports.ts';
import { watchEnd } from '../watch-end.ts';
import { epochMsOf } from './event-time.ts';
import { type GraphClient, pathOfLink } from './graph-client.ts';

const watchOperation = operationOf('microsoft', 'calendar.watch');
const stopOperation = operationOf('microsoft', 'calendar.stopWatching');

const resource = 'me/events';

/** At most 10,080 minutes, minus the difference between the clocks. https://learn.microsoft.com/graph/api/resources/subscription */
const longestLifetimeMs = 10_070 * minute;

const time = z.string().transform(epochMsOf);

const subscriptionSchema = z.object({
  id: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .describe('A GUID'),
  resource: optionalField(z.string().regex(/^[\x20-\x7e]{1,500}$/)).transform(
    (watched) => watched ?? resource,
  ),
  expirationDateTime: optionalField(time).describe(
    'Later than requested when less than 45 minutes were requested',
  ),
});

/** The id is that of the request. */
const renewedSchema = subscriptionSchema.pick({ expirationDateTime: true });

/** Longer than a process needs to store a subscription that it has opened. */
const recentMs = 2 * minute;

const listedSchema = z.object({
  id: z.string().min(1),
  resource: z.string(),
  expirationDateTime: optionalField(time),
  notificationUrl: z.string().describe('Where changes are notified of. Other apps may have other addresses'),
});
type Listed = z.output<typeof listedSchema>;

const listSchema = z.object({
  value: readableEntries(listedSchema).describe('One without these fields is not ours'),
  '@odata.nextLink': nextPageField.describe('The address of the next page. Absent on the last one'),
});

/** One user has one subscription of ours, and few of others with the same app. */
const maxPages = 10;

/** Returns whether the resource is that of this file, in any form in which Graph may return it. */
const isOfEvents = (watched: string): boolean => /(^|\/)events$/i.test(watched);

const expiryOf = (requested: Instant): Instant =>
  toInstant(Math.min(toEpochMs(requested), Date.now() + longestLifetimeMs));

const pathOf = (id: string): string => `/subscriptions/${encodeURIComponent(id)}`;

const isGone = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'not_found';

/** Creates the notifications of Outlook calendars. */
export const createGraphPush = (client: GraphClient): CalendarPush => ({
  path: '/v1/webhooks/microsoft',
  // `me/events` are those of the own mailbox.
  ofOwnCalendars: true,
  watch: async (connection, { secret, address, expiresAt }, call) => {
    const requested = expiryOf(expiresAt);
    const created = await client.exchange(watchOperation, connection, call, subscriptionSchema, {
      method: 'post',
      path: '/subscriptions',
      body: {
        changeType: 'created,updated,deleted',
        notificationUrl: address,
        // Can only be set at the creation.
        lifecycleNotificationUrl: address,
        resource,
        expirationDateTime: requested,
        clientState: secret,
      },
    });
    const { id, resource: resourceId, expirationDateTime } = created;
    return { id, resourceId, expiresAt: watchEnd(expirationDateTime, requested) };
  },
  /**
   * Graph lists the subscriptions of this app for the signed-in user, with no other permission than that to create them:
   * https://learn.microsoft.com/graph/api/subscription-list. It does not tell when they were created. The end tells, because each
   * of ours lasts as long as possible.
   */
  list: async (connection, address, call) => {
    const listed: Listed[] = [];
    let path: string | undefined = '/subscriptions';
    for (let page = 0; path !== undefined && page < maxPages; page += 1) {
      const answer: z.output<typeof listSchema> = await client.exchange(
        watchOperation,
        connection,
        call,
        listSchema,
        { method: 'get', path },
      );
      listed.push(...answer.value);
      const next = answer['@odata.nextLink'];
      path = next && pathOfLink(next);
    }
    const recentEnd = Date.now() + longestLifetimeMs - recentMs;
    return listed
      .filter(({ resource: watched, notificationUrl }) => isOfEvents(watched) && notificationUrl === address)
      .map(({ id, resource: resourceId, expirationDateTime }) => ({
        id,
        resourceId,
        expiresAt: expirationDateTime === undefined ? undefined : toInstant(expirationDateTime),
        isRecent: expirationDateTime !== undefined && expirationDateTime > recentEnd,
      }));
  },
  /** Also authorizes the subscription again: https://learn.microsoft.com/graph/change-notifications-lifecycle-events */
  renew: async (connection, { id, expiresAt }, call) => {
    const requested = expiryOf(expiresAt);
    try {
      const renewed = await client.exchange(watchOperation, connection, call, renewedSchema, {
        method: 'patch',
        path: pathOf(id),
        body: { expirationDateTime: requested },
      });
      return watchEnd(renewed.expirationDateTime, requested);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  },
  stopWatching: async (connection, { id, resourceId }, call) => {
    // The id of a subscription whose creation was not confirmed is ours, and unknown to Graph.
    if (resourceId === undefined) return;
    try {
      await client.exchange(stopOperation, connection, call, z.unknown(), {
        method: 'delete',
        path: pathOf(id),
      });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  },
});
