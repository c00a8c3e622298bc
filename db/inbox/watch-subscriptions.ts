import { timingSafeEqual } from 'node:crypto';
import { and, asc, eq, inArray, isNull, lt, notExists, notInArray, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import { minute } from '../../domain/time/units.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { pendingRevocations } from '../schema/pending-revocations.ts';
import { watchSubscriptions } from '../schema/watch-subscriptions.ts';
import type { WatchSecrets } from './watch-secrets.ts';

export interface WatchSubscription {
  /** The id of Google's channel, chosen by this service, or of the subscription, chosen by Microsoft Graph. */
  readonly id: string;
  readonly provider: string;
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  /** The calendar's name in the notifications of this subscription. At Microsoft, any of the mailbox: it stands for all. */
  readonly calendarId: string;
  /** Google's id of the watched resource. */
  readonly resourceId?: string | undefined;
  readonly expiresAt: Instant;
}

/** A stored subscription. */
export interface StoredSubscription extends WatchSubscription {
  /** When it was opened: later than the vendor has opened it. */
  readonly openedAt: Instant;
  /** When it was opened, or last extended. */
  readonly beganAt: Instant;
  /** Whether it must be replaced or renewed, whatever its expiry says. */
  readonly isLost: boolean;
  /** The master key of its secret. Unless it is the newest, the subscription must be replaced instead of extended. */
  readonly secretKey: SecretKey;
}

/**
 * The master key under which a secret was issued. `removed`: it is no longer configured. `unknown`: the secret is of an earlier
 * version. Secrets of both are verified with their row, which costs a statement.
 */
type SecretKey = 'newest' | 'earlier' | 'removed' | 'unknown';

type VerifiedClaim =
  | { readonly kind: 'authentic'; readonly subscription: WatchSubscription }
  /** The secret was not issued by this service. */
  | { readonly kind: 'forged' }
  /** The subscription has another secret, is not known, or expired more than an hour ago. */
  | { readonly kind: 'unknown' };

/** Stores subscriptions to calendar changes: Google's channels, Microsoft Graph's subscriptions. */
export interface WatchSubscriptions {
  /**
   * Adds or updates a subscription. A new secret is added to the previous one, and both are valid until the next. A resource id that is
   * known stays.
   */
  put(subscription: WatchSubscription & { readonly secret: string }): Promise<void>;
  /** Returns the secret for `put`: the same one for the same id of ours, under one master key. */
  issueSecret(provider: string, id: string): string;
  /**
   * Records what a notification says about a subscription whose opening the vendor has not answered. Returns whether it was not known.
   * Idempotent.
   */
  confirm(
    id: string,
    confirmed: { readonly resourceId: string; readonly expiresAt: Instant },
  ): Promise<boolean>;
  /**
   * Returns for each claim, in order, the subscription with that id, or why there is none. Compares in constant time.
   * Forged claims cost no statement, others one for any number of claims. While a subscription lives whose secret only
   * its row can prove, forged claims cost one as well: its master key was removed, or it is of an earlier version.
   */
  verify(
    provider: string,
    claims: readonly { readonly id: string; readonly secret: string }[],
  ): Promise<readonly VerifiedClaim[]>;
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
  /** Deletes the subscriptions of a connection, unless they are still to be ended with a grant that is not revoked yet. Idempotent. */
  removeUnlessRevoking(connection: ConnectionId): Promise<void>;
  /** Deletes subscriptions that ended more than a day ago. */
  removeExpired(): Promise<void>;
  /** Returns the connection of each of these subscriptions that is stored. */
  findConnections(provider: string, ids: readonly string[]): Promise<ReadonlyMap<string, ConnectionId>>;
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
export const createWatchSubscriptions = (db: Database, secrets: WatchSecrets): WatchSubscriptions => {
  const hasUnissued = createUnissuedLookup(db, secrets);
  const secretKeyOf = (id: string | null): SecretKey => {
    if (id === null) return 'unknown';
    if (!secrets.keyIds.includes(id)) return 'removed';
    return id === secrets.keyIds[0] ? 'newest' : 'earlier';
  };
  return {
    issueSecret: (provider, id) => secrets.issue(provider, id),

    async confirm(id, { resourceId, expiresAt }) {
      const confirmed = await db
        .update(watchSubscriptions)
        .set({ resourceId, expiresAt })
        .where(and(eq(watchSubscriptions.id, id), isNull(watchSubscriptions.resourceId)))
        .returning({ id: watchSubscriptions.id });
      return confirmed.length > 0;
    },

    async put({ id, provider, organization, connection, calendarId, resourceId, secret, expiresAt }) {
      const hash = sha256(secret);
      const secretKey = secrets.keyOf(provider, secret) ?? null;
      const hasIssuedSecret = secretKey !== null;
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
          secretKey,
          hasIssuedSecret,
          expiresAt,
        })
        .onConflictDoUpdate({
          target: watchSubscriptions.id,
          set: {
            ...(resourceId === undefined ? {} : { resourceId }),
            expiresAt,
            secretKey,
            hasIssuedSecret,
            secretHashes: sql`(ARRAY[${hash}] || array_remove(${known}, ${hash}))[1:${sql.raw(String(secretsKept))}]`,
          },
          setWhere: and(
            eq(watchSubscriptions.provider, provider),
            eq(watchSubscriptions.organization, organization),
          ),
        });
    },

    async verify(provider, claims) {
      const issued = new Set(claims.filter(({ secret }) => secrets.isIssued(provider, secret)));
      const isPlausible =
        issued.size < claims.length && (await hasUnissued())
          ? () => true
          : (claim: (typeof claims)[number]) => issued.has(claim);
      const plausible = claims.filter(isPlausible);
      if (plausible.length === 0) return claims.map(() => ({ kind: 'forged' }));
      const rows = await db
        .select()
        .from(watchSubscriptions)
        .where(
          and(
            inArray(watchSubscriptions.id, [...new Set(plausible.map(({ id }) => id))]),
            eq(watchSubscriptions.provider, provider),
            sql`${watchSubscriptions.expiresAt} > now() - ${graceAfterExpiry}`,
          ),
        );
      const known = new Map(rows.map((row) => [row.id, row]));
      return claims.map((claim): VerifiedClaim => {
        const row = known.get(claim.id);
        // Also compares when there is no row, so that an unknown id takes as long as a wrong secret.
        const isProven = isOneOf(sha256(claim.secret), row?.secretHashes ?? [sha256('')]);
        if (row && isProven) return { kind: 'authentic', subscription: subscriptionSchema.parse(row) };
        return { kind: issued.has(claim) ? 'unknown' : 'forged' };
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
        .set({ expiresAt, isLost: false, extendedAt: sql`now()` })
        .where(eq(watchSubscriptions.id, id));
    },

    async remove(id) {
      await db.delete(watchSubscriptions).where(eq(watchSubscriptions.id, id));
    },

    async removeUnlessRevoking(connection) {
      const revocation = db
        .select()
        .from(pendingRevocations)
        .where(and(eq(pendingRevocations.connection, connection), isNull(pendingRevocations.revokedAt)));
      await db
        .delete(watchSubscriptions)
        .where(and(eq(watchSubscriptions.connection, connection), notExists(revocation)));
    },

    async removeExpired() {
      await db
        .delete(watchSubscriptions)
        .where(lt(watchSubscriptions.expiresAt, sql`now() - interval '1 day'`));
    },

    async findConnections(provider, ids) {
      const rows = await db
        .select()
        .from(watchSubscriptions)
        .where(and(inArray(watchSubscriptions.id, [...ids]), eq(watchSubscriptions.provider, provider)));
      return new Map(
        rows.map((row) => {
          const { id, connection } = subscriptionSchema.parse(row);
          return [id, connection];
        }),
      );
    },

    async listByConnection(connection) {
      const rows = await db
        .select()
        .from(watchSubscriptions)
        .where(eq(watchSubscriptions.connection, connection))
        .orderBy(asc(watchSubscriptions.expiresAt));
      return rows.map((row) => ({
        ...subscriptionSchema.parse(row),
        openedAt: toInstant(row.createdAt.getTime()),
        beganAt: row.extendedAt ?? toInstant(row.createdAt.getTime()),
        isLost: row.isLost,
        secretKey: secretKeyOf(row.secretKey),
      }));
    },
  };
};

/** How long it is remembered whether subscriptions live that must be looked up. They are replaced within a week. */
const unissuedLookupMs = minute;

/** Returns a function that tells whether a living subscription has a secret that only its row can prove. */
const createUnissuedLookup = (
  db: Database,
  { keyIds }: Pick<WatchSecrets, 'keyIds'>,
): (() => Promise<boolean>) => {
  let last: { readonly until: number; readonly found: Promise<boolean> } | undefined;
  const lookUp = async (): Promise<boolean> => {
    const [row] = await db
      .select({ id: watchSubscriptions.id })
      .from(watchSubscriptions)
      .where(
        and(
          or(isNull(watchSubscriptions.secretKey), notInArray(watchSubscriptions.secretKey, [...keyIds])),
          sql`${watchSubscriptions.expiresAt} > now() - ${graceAfterExpiry}`,
        ),
      )
      .limit(1);
    return row !== undefined;
  };
  return async () => {
    if (last && performance.now() < last.until) return last.found;
    const found = lookUp();
    last = { until: performance.now() + unissuedLookupMs, found };
    try {
      return await found;
    } catch (error) {
      last = undefined;
      throw error;
    }
  };
};

const isOneOf = (hash: string, hashes: readonly string[]): boolean =>
  hashes.filter((candidate) => timingSafeEqual(Buffer.from(candidate.padEnd(64)), Buffer.from(hash))).length >
  0;
