import { index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** Pending OAuth authorization requests, by their `state` (RFC 9700, section 4.7). Each is used once. */
export const authorizationRequests = pgTable(
  'authorization_requests',
  {
    /** SHA-256 of `state`. */
    stateHash: text('state_hash').primaryKey(),
    organization: text().notNull(),
    owner: text(),
    provider: text().notNull(),
    /** The connection to reconnect; null for a new one. */
    connection: text(),
    /** SHA-256 of the cookie of the browser that started the flow. */
    browserHash: text('browser_hash').notNull(),
    /** The PKCE code verifier (RFC 7636), sealed. */
    sealedVerifier: text('sealed_verifier').notNull(),
    redirectUri: text('redirect_uri').notNull(),
    scopes: text().array().notNull(),
    /** URL to which the browser is redirected afterwards. Must be one that the organization allows. */
    returnTo: text('return_to'),
    correlationId: text('correlation_id').notNull(),
    /** Id and role of the minter of the link (`LinkMinter`). Null for links of earlier versions. */
    minter: jsonb(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
  },
  (table) => [index('authorization_requests_by_expiry').on(table.expiresAt)],
);
