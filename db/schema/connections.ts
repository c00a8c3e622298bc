import { sql } from 'drizzle-orm';
import { index, integer, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import { connectionStatuses, connectionStatusReasons } from '../../domain/connections/connection.ts';
import { instant } from './columns.ts';
import { isUnkeyedHash } from './unkeyed-hashes.ts';

/**
 * Authorized connections to provider accounts. Sealed columns use the connection's own data key (`data_keys`) and are
 * bound to this connection and organization.
 */
export const connections = pgTable(
  'connections',
  {
    id: text().primaryKey(),
    organization: text().notNull(),
    provider: text().notNull(),
    /** The platform's id of the person whose account it is; null for the organization's own. */
    owner: text(),
    status: text({ enum: connectionStatuses }).notNull().default('connected'),
    statusReason: text('status_reason', { enum: connectionStatusReasons }),
    scopes: text().array().notNull().default(sql`'{}'`),
    /**
     * Keyed hash of organization, owner, provider and the provider's account id. Finds the row of an account. Without a key in rows of
     * earlier versions, until a worker has started.
     */
    accountReference: text('account_reference'),
    /** HMAC of provider and account id, equal in all organizations (`account-references.ts`). Null: not computed yet. */
    providerAccount: text('provider_account'),
    sealedAccount: text('account').notNull(),
    /** Null once disconnected. */
    sealedCredential: text('sealed_credential'),
    /** Which calendars of the account are written and count as busy. Null: its main calendar. */
    sealedCalendarChoice: text('calendar_choice'),
    sealedAccessToken: text('sealed_access_token'),
    accessTokenExpiresAt: instant('access_token_expires_at'),
    /** Incremented with each credential or access token that is stored. */
    version: integer().notNull().default(1),
    /** Incremented by each refresh that begins. Fencing token: an earlier refresh no longer owns the lease. */
    refreshAttempt: integer('refresh_attempt').notNull().default(0),
    /** Null when the last refresh ended with a known result. By the database's clock. See `connections/token-store.ts`. */
    refreshLeaseUntil: instant('refresh_lease_until'),
    lastRefreshedAt: instant('last_refreshed_at'),
    /** When the status became `needs_reauthorization`. */
    reauthorizationSince: instant('reauthorization_since'),
    /** Not used since `connection_failures` exists. Processes of the earlier version read it during an update. */
    failureReportedAs: integer('failure_reported_as'),
    connectedAt: timestamp('connected_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('connections_to_reconnect').on(table.updatedAt).where(sql`status = 'needs_reauthorization'`),
    index('connections_by_reference_key')
      .on(table.provider, sql`split_part(provider_account, ':', 1)`)
      .where(sql`status = 'connected'`),
    index('connections_by_organization').on(table.organization),
    uniqueIndex('connections_by_account').on(table.accountReference),
    // Finds the references that have no key.
    index('connections_with_unkeyed_reference')
      .on(table.accountReference)
      .where(isUnkeyedHash(table.accountReference)),
    index('connections_by_provider_account').on(table.providerAccount),
    index('connections_by_expiry').on(table.accessTokenExpiresAt),
  ],
);
