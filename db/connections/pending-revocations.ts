/** Stores OAuth grants of disconnected accounts until they are revoked at the provider. */
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { type OAuthProvider, oauthProviders } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { pendingRevocations } from '../schema/pending-revocations.ts';
import { createCredentialReads } from '../vault/credential-reads.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { type GrantUse, grantUseOf, grantUses } from './grant-use.ts';

export interface RevocableGrant {
  readonly organization: OrganizationId;
  readonly provider: OAuthProvider;
  readonly connection: ConnectionId;
  readonly correlationId: string;
}

export interface ClaimedRevocation extends RevocableGrant {
  readonly id: string;
  /** Whether a connection uses the grant now: revoking it would disconnect that one too. */
  readonly grantUse: GrantUse;
  /** The revocation is older than a week. */
  readonly isPastDeadline: boolean;
  /** Decrypts the token and records the read. */
  readonly refreshToken: () => Promise<string>;
}

export interface PendingRevocations {
  /** Stores a grant. Returns its id. It is due after a minute, because the caller can try to revoke it immediately. */
  put(
    grant: RevocableGrant & {
      readonly refreshToken: string;
      /** The reference of the account (`account-references.ts`). */
      readonly providerAccount: string;
    },
  ): Promise<string>;
  /** Claims due revocations. Until `complete`, each becomes due again after 1, 2, 4 … minutes, at most an hour. */
  claim(limit: number): Promise<readonly ClaimedRevocation[]>;
  /** Deletes the token and its data key. Idempotent. */
  complete(id: string): Promise<void>;
}

const sealingContextOf = (id: string): string => `refresh token of ${id}`;

const claimedSchema = z.array(
  z.object({
    id: z.string(),
    organization: organizationIdSchema,
    provider: z.enum(oauthProviders),
    connection: connectionIdSchema,
    correlation_id: z.string(),
    sealed: z.string(),
    grant_use: z.enum(grantUses),
    is_hopeless: z.boolean(),
  }),
);

/** Creates the repository of pending revocations. */
export const createPendingRevocations = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open' | 'destroy'>,
): PendingRevocations => ({
  async put({ refreshToken, ...grant }) {
    const id = `rev_${randomUUID()}`;
    const sealedRefreshToken = await vault.seal(id, refreshToken, sealingContextOf(id));
    await db.insert(pendingRevocations).values({
      ...grant,
      id,
      sealedRefreshToken,
      nextAttemptAt: sql`now() + interval '1 minute'`,
    });
    return id;
  },

  async claim(limit) {
    const { rows } = await db.execute(sql`
      UPDATE pending_revocations SET
        attempts = attempts + 1,
        next_attempt_at = now() + least(interval '1 minute' * 2 ^ least(attempts, 10), interval '1 hour')
      WHERE id IN (
        SELECT id FROM pending_revocations WHERE next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      )
      RETURNING id, organization, provider, connection, correlation_id, sealed_refresh_token AS sealed,
        ${grantUseOf({
          connection: sql`pending_revocations.connection`,
          provider: sql`pending_revocations.provider`,
          providerAccount: sql`pending_revocations.provider_account`,
        })} AS grant_use,
        created_at < now() - interval '7 days' AS is_hopeless
    `);
    return claimedSchema.parse(rows).map(({ id, organization, provider, connection, sealed, ...row }) => ({
      id,
      organization,
      provider,
      connection,
      correlationId: row.correlation_id,
      grantUse: row.grant_use,
      isPastDeadline: row.is_hopeless,
      refreshToken: async () => {
        await createCredentialReads(db).record({
          subject: connection,
          organization,
          secret: 'refresh_token',
          purpose: 'connections.revoke',
          correlationId: row.correlation_id,
        });
        return vault.open(id, sealed, sealingContextOf(id));
      },
    }));
  },

  async complete(id) {
    await db.delete(pendingRevocations).where(eq(pendingRevocations.id, id));
    await vault.destroy(id);
  },
});
