import { timingSafeEqual } from 'node:crypto';
import { and, asc, eq, inArray, lt, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { watchSubscriptions } from '../schema/watch-subscriptions.ts';

export interface WatchSubscription {
  /** The id of Google's channel, chosen by this service, or of the subscription, chosen by Microsoft Graph. */
  readonly id: string;
  readonly provider: string;
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  /** The calendar's name in the notifications of this subscription. */
  readonly calendarId: string;
  /** Google's id of the watched resource. */
  readonly resourceId?: string | undefined;
  readonly expiresAt: Instant;
}

/** A stored subscription. */
export interface StoredSubscription extends WatchSubscription {
  readonly createdAt: Instant;
  /** Whether it must be replaced or renewed, whatever its expiry says. */
  readonly isLost: boolean;
}

/** Stores subscriptions to calendar changes: Google's channels, Microsoft Graph's subscriptions. */
export interface WatchSubscriptions {
  /** Adds or updates a subscription. A new secret is added to the previous one, and both are valid until the next. */
  put(subscription: WatchSubscription & { readonly secret: string }): Promise<void>;
  /**
   * Returns for each claim, in order, the subscription with that id. Undefined when the secret is wrong or the
   * subscription expired more than an hour ago. Compares in constant time. Runs one statement for any number of
   * claims, because claims are not authenticated.
   */
  verify(
    provider: string,
    claims: readonly { readonly id: string; readonly secret: string }[],
  ): Promise<readonly (WatchSubscription | undefined)[]>;
  /** Records the time of a notification. Updates a subscription at most once a minute. */
  markNotified(ids: readonly string[]): Promise<void>;
  /** Records that the vendor no longer notifies by the subscription, or will not soon. Idempotent. */
  markLost(id: string): Promise<void>;
  /** Records for all subscriptions of a connection that they are lost. Idempotent. */
  markAllLost(connection: ConnectionId): Promise<void>;
  /** Records that the vendor has extended a subscription. It is then no longer lost. */
  extend(id: string, expiresAt: Instant): Promise<void>;
  /** Deletes a subscription. Idempotent. */
  remove(id: string): Promise<void>;
  /** Returns the subscriptions of a connection, the earliest expiry first. */
  listByConnection(connection: ConnectionId): Promise<readonly StoredSubscription[]>;
}

/** The current secret and the previous one. During a rotation, the vendor sends either. */
const secretsKept = 2;

const subscriptionSchema = z.object({
  id: z.string(),
  provider: z.string(),
  organization: organizationIdSchema,
  connection: connectionIdSchema,
  calendarId: z.string(),
  resourceId: z
    .string()
    .nullable()
    .transform((id) => id ?? undefined),
  expiresAt: instantSchema,
});

/** Vendors can send a delayed notification this long after the end of a subscription. */
const graceAfterExpiry = sql`interval '1 hour'`;

/**
 * Creates the repository of subscriptions. Only the hash of a secret is stored, so read access to the table is not
 * enough to forge a notification.
 */
export const createWatchSubscriptions = (db: Database): WatchSubscriptions => ({
  async put({ id, provider, organization, connection, calendarId, resourceId, secret, expiresAt }) {
    const hash = sha256(secret);
    const known = watchSubscriptions.secretHashes;
    await db
      .insert(watchSubscriptions)
      .values({
        id,
        provider,
        organization,
        connection,
        calendarId,
        resourceId: resourceId ?? null,
        secretHashes: [hash],
        expiresAt,
      })
      .onConflictDoUpdate({
        target: watchSubscriptions.id,
        set: {
          resourceId: resourceId ?? null,
          expiresAt,
          secretHashes: sql`(ARRAY[${hash}] || array_remove(${known}, ${hash}))[1:${sql.raw(String(secretsKept))}]`,
        },
        setWhere: and(
          eq(watchSubscriptions.provider, provider),
          eq(watchSubscriptions.organization, organization),
        ),
      });
  },

  async verify(provider, claims) {
    const rows = await db
      .select()
      .from(watchSubscriptions)
      .where(
        and(
          inArray(watchSubscriptions.id, [...new Set(claims.map(({ id }) => id))]),
          eq(watchSubscriptions.provider, provider),
          sql`${watchSubscriptions.expiresAt} > now() - ${graceAfterExpiry}`,
        ),
      );
    const known = new Map(rows.map((row) => [row.id, row]));
    return claims.map(({ id, secret }) => {
      const row = known.get(id);
      // Also compares when there is no row, so that an unknown id takes as long as a wrong secret.
      const isProven = isOneOf(sha256(secret), row?.secretHashes ?? [sha256('')]);
      return row && isProven ? subscriptionSchema.parse(row) : undefined;
    });
  },

  async markNotified(ids) {
    await db
      .update(watchSubscriptions)
      .set({ lastNotifiedAt: sql`now()` })
      .where(
        and(
          inArray(watchSubscriptions.id, [...new Set(ids)]),
          // At most one write a minute for a calendar that changes often.
          or(
            sql`${watchSubscriptions.lastNotifiedAt} IS NULL`,
            lt(watchSubscriptions.lastNotifiedAt, sql`now() - interval '1 minute'`),
          ),
        ),
      );
  },

  async markLost(id) {
    await db.update(watchSubscriptions).set({ isLost: true }).where(eq(watchSubscriptions.id, id));
  },

  async markAllLost(connection) {
    await db
      .update(watchSubscriptions)
      .set({ isLost: true })
      .where(eq(watchSubscriptions.connection, connection));
  },

  async extend(id, expiresAt) {
    await db
      .update(watchSubscriptions)
      .set({ expiresAt, isLost: false })
      .where(eq(watchSubscriptions.id, id));
  },

  async remove(id) {
    await db.delete(watchSubscriptions).where(eq(watchSubscriptions.id, id));
  },

  async listByConnection(connection) {
    const rows = await db
      .select()
      .from(watchSubscriptions)
      .where(eq(watchSubscriptions.connection, connection))
      .orderBy(asc(watchSubscriptions.expiresAt));
    return rows.map((row) => ({
      ...subscriptionSchema.parse(row),
      createdAt: toInstant(row.createdAt.getTime()),
      isLost: row.isLost,
    }));
  },
});

const isOneOf = (hash: string, hashes: readonly string[]): boolean =>
  hashes.filter((candidate) => timingSafeEqual(Buffer.from(candidate.padEnd(64)), Buffer.from(hash))).length >
  0;
