import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** Consents that somebody was sent to give: what `state` stands for (RFC 9700, section 4.7). Used once. */
export const authorizationRequests = pgTable(
  'authorization_requests',
  {
    /** SHA-256 of `state`. */
    stateHash: text('state_hash').primaryKey(),
    organization: text().notNull(),
    owner: text(),
    provider: text().notNull(),
    /** The connection that is connected again; null for a new one. */
    connection: text(),
    /** SHA-256 of the cookie of the browser in which it began. */
    browserHash: text('browser_hash').notNull(),
    /** Sealed: PKCE's verifier (RFC 7636). */
    sealedVerifier: text('sealed_verifier').notNull(),
    redirectUri: text('redirect_uri').notNull(),
    scopes: text().array().notNull(),
    /** Where the person goes on afterwards, on an address that the organization may name. */
    returnTo: text('return_to'),
    correlationId: text('correlation_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
  },
  (table) => [index('authorization_requests_by_expiry').on(table.expiresAt)],
);
