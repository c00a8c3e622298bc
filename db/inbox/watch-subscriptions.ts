import { timingSafeEqual } from 'node:crypto';
import { and, asc, eq, inArray, lt, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { watchSubscriptions } from '../schema/watch-subscriptions.ts';

export interface WatchSubscription {
  /** The channel's id, chosen by us, or the subscription's, chosen by Graph. */
  readonly id: string;
  readonly provider: string;
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  readonly calendarId: string;
  /** Google's id of what is watched. */
  readonly resourceId?: string | undefined;
  readonly expiresAt: Instant;
}

/** What we asked vendors to tell us of: Google's channels, Microsoft Graph's subscriptions. */
export interface WatchSubscriptions {
  /** Put again with another secret, both are taken, until the next exchange. */
  put(subscription: WatchSubscription & { readonly secret: string }): Promise<void>;
  /**
   * For each claim, in their order, the subscription of that id, if the secret is its own and it has not long expired.
   * In constant time, and in one statement, however many somebody claims who need not be anybody.
   */
  verify(
    provider: string,
    claims: readonly { readonly id: string; readonly secret: string }[],
  ): Promise<readonly (WatchSubscription | undefined)[]>;
  /** They have told us something. */
  markNotified(ids: readonly string[]): Promise<void>;
  remove(id: string): Promise<void>;
  /** The one that ends first, first. */
  listByConnection(connection: ConnectionId): Promise<readonly WatchSubscription[]>;
}

/** The one in use and the one before it: while they are exchanged, the vendor sends either. */
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

/** What was put off for longer than this after a subscription's end is not sent by its vendor any more. */
const graceAfterExpiry = sql`interval '1 hour'`;

/**
 * What we asked vendors to tell us of. Of the secret that proves a notification, only the hash is kept: who reads the
 * table can forge none.
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
      // Compared where there is no row, too: an unknown id takes no less time than a wrong secret.
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
          // A calendar that changes all day need not be written down each time.
          or(
            sql`${watchSubscriptions.lastNotifiedAt} IS NULL`,
            lt(watchSubscriptions.lastNotifiedAt, sql`now() - interval '1 minute'`),
          ),
        ),
      );
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
    return rows.map((row): WatchSubscription => subscriptionSchema.parse(row));
  },
});

const isOneOf = (hash: string, hashes: readonly string[]): boolean =>
  hashes.filter((one) => timingSafeEqual(Buffer.from(one.padEnd(64)), Buffer.from(hash))).length > 0;
