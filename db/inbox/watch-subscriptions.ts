import { timingSafeEqual } from 'node:crypto';
import { and, asc, eq, inArray, lt, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { connectionIdSchema, organizationIdSchema } from '../../domain/ids.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import type { WatchSubscription, WatchSubscriptions } from '../inbox-contract.ts';
import { watchSubscriptions } from '../schema/watch-subscriptions.ts';

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

  async proven(provider, claims) {
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

  async notified(ids) {
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

  async ofConnection(connection) {
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
