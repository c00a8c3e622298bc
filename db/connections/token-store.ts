/**
 * Stores access tokens, and allows one refresh at a time per connection across all processes.
 *
 * A refresh holds a lease by the database's clock. Each begun refresh increments `refresh_attempt`. Each stored token
 * increments `version`. A refresh is begun for a version: of several callers that find the same token expired, one
 * refreshes it. Values of `refresh_lease_until`:
 * - null: the last refresh ended with a known result;
 * - the epoch (1970): it ended with an unknown result;
 * - a future time: it is running; a past time: its process died.
 */
import { and, eq, isNotNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionStatusReason,
  connectionStatuses,
  connectionStatusReasons,
} from '../../domain/connections/connection.ts';
import type { CredentialUse, TokenStore } from '../../domain/connections/token-store.ts';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { type ConnectionProvider, connectionProviders } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { connections } from '../schema/connections.ts';
import { millisecondsInterval } from '../time.ts';
import { credentialReadsCte } from '../vault/credential-reads.ts';
import type { ConnectionSecrets } from './secrets.ts';

/** A connection whose access token expires soon. */
interface ExpiringToken {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  readonly provider: ConnectionProvider;
}

export interface ConnectionTokens extends TokenStore {
  /**
   * Returns connections whose access token expires within `withinMs`, or expired at most `withinMs` ago, and that are
   * not being refreshed. The earliest expiry first.
   */
  listExpiring(withinMs: number, atMost: number): Promise<readonly ExpiringToken[]>;
}

const endedInDoubt = sql`to_timestamp(0)`;

const tokenRowSchema = z.object({
  provider: z.enum(connectionProviders),
  status: z.enum(connectionStatuses),
  reason: z.enum(connectionStatusReasons).nullable(),
  version: z.number(),
  attempt: z.number(),
  sealed: z.string().nullable(),
  lasts_ms: z.number().nullable(),
  is_refreshing: z.boolean(),
  has_ended: z.boolean(),
});

const credentialRowSchema = tokenRowSchema.pick({
  provider: true,
  status: true,
  reason: true,
  version: true,
  sealed: true,
});

const begunRowSchema = z.object({
  version: z.number(),
  attempt: z.number(),
  sealed: z.string(),
  scopes: z.array(z.string()),
  in_doubt: z.boolean(),
});

const expiringRowSchema = z.object({
  id: connectionIdSchema,
  organization: organizationIdSchema,
  provider: z.enum(connectionProviders),
});

/** Columns of a connection whose owner must reconnect it. */
export const reauthorizationColumns = (statusReason: ConnectionStatusReason) =>
  ({
    status: 'needs_reauthorization',
    statusReason,
    reauthorizationSince: sql`date_trunc('milliseconds', now())`,
    sealedAccessToken: null,
    accessTokenExpiresAt: null,
  }) as const;

/** Reads the credential of a connection that has no access tokens, and records the read under this name of the secret. */
const readCredential = async (
  db: Database,
  secrets: ConnectionSecrets,
  { organization, id }: { readonly organization: OrganizationId; readonly id: ConnectionId },
  secret: 'app_password' | 'feed_address',
  use: CredentialUse,
) => {
  const { rows } = await db.execute(sql`
    WITH found AS (
      SELECT id, organization, provider, status, status_reason AS reason, version,
        CASE WHEN status = 'connected' THEN sealed_credential END AS sealed
      FROM connections WHERE organization = ${organization} AND id = ${id}
    ), ${credentialReadsCte('found', sql`CASE WHEN sealed IS NOT NULL THEN ${secret}::text END`, use)}
    SELECT provider, status, reason, version, sealed FROM found`);
  if (rows[0] === undefined) return { kind: 'unknown_connection' } as const;
  const { provider, status, reason, version, sealed } = credentialRowSchema.parse(rows[0]);
  if (status !== 'connected') {
    return { kind: 'not_connected', provider, status, reason: reason ?? undefined } as const;
  }
  const credential =
    sealed === null ? undefined : await secrets.credential.open({ id, organization }, sealed);
  return { kind: 'connected', version, credential } as const;
};

/** Creates the token store. Every method is one SQL statement. */
export const createTokenStore = (db: Database, secrets: ConnectionSecrets): ConnectionTokens => ({
  async readAccessToken(organization, id, lastingMs, use) {
    const { rows } = await db.execute(sql`
      WITH found AS (
        SELECT id, organization, provider, status, status_reason AS reason, version, refresh_attempt AS attempt,
          CASE WHEN status = 'connected' AND access_token_expires_at > now() + ${millisecondsInterval(lastingMs)}
            THEN sealed_access_token END AS sealed,
          (extract(epoch from access_token_expires_at - now()) * 1000)::float8 AS lasts_ms,
          coalesce(refresh_lease_until > now(), false) AS is_refreshing,
          coalesce(refresh_lease_until = ${endedInDoubt}, true) AS has_ended
        FROM connections WHERE organization = ${organization} AND id = ${id}
      ), ${credentialReadsCte('found', sql`CASE WHEN sealed IS NOT NULL THEN 'access_token' END`, use)}
      SELECT * FROM found`);
    if (rows[0] === undefined) return { kind: 'unknown_connection' };
    const row = tokenRowSchema.parse(rows[0]);
    const { provider, status, version, attempt } = row;
    if (status !== 'connected') {
      return { kind: 'not_connected', provider, status, reason: row.reason ?? undefined };
    }
    const token =
      row.sealed === null ? undefined : await secrets.accessToken.open({ id, organization }, row.sealed);
    return {
      kind: 'connected',
      provider,
      version,
      attempt,
      token,
      expiresInMs: row.lasts_ms ?? 0,
      isRefreshing: row.is_refreshing,
      isRefreshFinished: row.has_ended,
    };
  },

  async readAppPassword(organization, id, use) {
    const read = await readCredential(db, secrets, { organization, id }, 'app_password', use);
    if (read.kind !== 'connected') return read;
    const { version, credential } = read;
    if (credential?.kind !== 'app_password') {
      throw new TypeError(`the connection ${id} has no app-specific password`);
    }
    return { kind: 'connected', version, appPassword: credential };
  },

  async readFeedAddress(organization, id, use) {
    const read = await readCredential(db, secrets, { organization, id }, 'feed_address', use);
    if (read.kind !== 'connected') return read;
    const { version, credential } = read;
    if (credential?.kind !== 'feed_address') {
      throw new TypeError(`the connection ${id} has no address of a calendar feed`);
    }
    return { kind: 'connected', version, address: credential.address };
  },

  async beginRefresh({ organization, id }, { version, refused, leaseMs }, use) {
    const withoutToken = refused
      ? sql`, sealed_access_token = NULL, access_token_expires_at = now()`
      : sql.empty();
    const { rows } = await db.execute(sql`
      WITH before AS (
        SELECT id, refresh_lease_until IS NOT NULL AS in_doubt FROM connections
        WHERE organization = ${organization} AND id = ${id} AND version = ${version} AND status = 'connected'
          AND sealed_credential IS NOT NULL AND coalesce(refresh_lease_until <= now(), true)
        FOR UPDATE
      ), begun AS (
        UPDATE connections SET refresh_attempt = refresh_attempt + 1, updated_at = now(),
          refresh_lease_until = now() + ${millisecondsInterval(leaseMs)}${withoutToken}
        FROM before WHERE connections.id = before.id
        RETURNING connections.id, organization, version, refresh_attempt AS attempt, sealed_credential AS sealed, scopes, in_doubt
      ), ${credentialReadsCte('begun', sql`'refresh_token'`, use)}
      SELECT * FROM begun`);
    if (rows[0] === undefined) return undefined;
    const { attempt, in_doubt: inDoubt, sealed, scopes } = begunRowSchema.parse(rows[0]);
    const credential = await secrets.credential.open({ id, organization }, sealed);
    if (credential.kind !== 'oauth')
      throw new TypeError(`the credential of connection ${id} has no access tokens`);
    return { attempt, version, inDoubt, scopes, refreshToken: credential.refreshToken };
  },

  async completeRefresh({ organization, id }, { attempt, version }, renewed) {
    const of = { id, organization };
    const { refreshToken, scopes } = renewed;
    const sealedCredential =
      refreshToken === undefined
        ? undefined
        : await secrets.credential.seal(of, { kind: 'oauth', refreshToken });
    const [row] = await db
      .update(connections)
      .set({
        ...(renewed.isMissingScopes
          ? reauthorizationColumns('scopes_missing')
          : {
              sealedAccessToken: await secrets.accessToken.seal(of, renewed.accessToken),
              accessTokenExpiresAt: sql`now() + ${millisecondsInterval(renewed.expiresInMs)}`,
            }),
        ...(sealedCredential === undefined ? {} : { sealedCredential }),
        ...(scopes === undefined ? {} : { scopes: [...scopes] }),
        version: sql`${connections.version} + 1`,
        refreshLeaseUntil: sql`CASE WHEN ${connections.refreshAttempt} = ${attempt} THEN NULL ELSE ${connections.refreshLeaseUntil} END`,
        lastRefreshedAt: sql`now()`,
        updatedAt: sql`now()`,
      })
      .where(
        and(
          eq(connections.id, id),
          eq(connections.organization, organization),
          eq(connections.status, 'connected'),
          // A refresh that outlived its lease still has the newest tokens, unless another refresh has stored its own.
          sql`(${connections.refreshAttempt} = ${attempt} OR ${connections.version} = ${version})`,
        ),
      )
      .returning({ version: connections.version });
    return row;
  },

  async failRefresh(id, attempt, outcome) {
    await db
      .update(connections)
      .set({ refreshLeaseUntil: outcome === 'in_doubt' ? endedInDoubt : null, updatedAt: sql`now()` })
      .where(
        and(
          eq(connections.id, id),
          eq(connections.refreshAttempt, attempt),
          isNotNull(connections.refreshLeaseUntil),
        ),
      );
  },

  async markNeedsReauthorization(id, reason, version) {
    const [row] = await db
      .update(connections)
      .set({
        ...reauthorizationColumns(reason),
        refreshLeaseUntil: null,
        updatedAt: sql`now()`,
      })
      .where(
        and(eq(connections.id, id), eq(connections.version, version), eq(connections.status, 'connected')),
      )
      .returning({ id: connections.id });
    return row !== undefined;
  },

  async listExpiring(withinMs, atMost) {
    const { rows } = await db.execute(sql`
      SELECT id, organization, provider FROM connections
      WHERE access_token_expires_at BETWEEN now() - ${millisecondsInterval(withinMs)} AND now() + ${millisecondsInterval(withinMs)}
        AND status = 'connected' AND sealed_credential IS NOT NULL
        AND coalesce(refresh_lease_until <= now(), true)
      ORDER BY access_token_expires_at LIMIT ${atMost}`);
    return rows.map((row) => expiringRowSchema.parse(row));
  },
});
