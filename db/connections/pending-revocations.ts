/** Stores OAuth grants of disconnected accounts until they are revoked at the provider, and what was revoked lately. */
import { randomUUID } from 'node:crypto';
import { and, eq, exists, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { type OAuthProvider, oauthProviders } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { connections } from '../schema/connections.ts';
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
  /** Deletes the revocation with its token and its data key: nothing was revoked, or nothing can be. Idempotent. */
  drop(id: string): Promise<void>;
  /**
   * Deletes the token and its data key after the provider has revoked the grant. Makes the access tokens of the connections
   * that have this account now expire: the revocation may have ended their grant. Idempotent.
   */
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
    await db
      .delete(pendingRevocations)
      .where(lt(pendingRevocations.revokedAt, sql`now() - interval '10 minutes'`));
    const { rows } = await db.execute(sql`
      UPDATE pending_revocations SET
        attempts = attempts + 1,
        next_attempt_at = now() + least(interval '1 minute' * 2 ^ least(attempts, 10), interval '1 hour')
      WHERE id IN (
        SELECT id FROM pending_revocations WHERE next_attempt_at <= now() AND revoked_at IS NULL
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

  async drop(id) {
    await db.delete(pendingRevocations).where(eq(pendingRevocations.id, id));
    await vault.destroy(id);
  },

  async complete(id) {
    await db.transaction(async (transaction) => {
      const [revoked] = await transaction
        .update(pendingRevocations)
        .set({ revokedAt: sql`now()`, sealedRefreshToken: '' })
        .where(eq(pendingRevocations.id, id))
        .returning({ providerAccount: pendingRevocations.providerAccount });
      if (typeof revoked?.providerAccount !== 'string') return;
      await transaction
        .update(connections)
        .set(expiredTokenColumns)
        .where(
          and(eq(connections.providerAccount, revoked.providerAccount), eq(connections.status, 'connected')),
        );
    });
    await vault.destroy(id);
  },
});

/** Columns of a connection whose grant is to be checked: the next round of the token refresh asks the provider. */
const expiredTokenColumns = { sealedAccessToken: null, accessTokenExpiresAt: sql`now()` } as const;

/**
 * Makes the access token of a new grant expire when a grant of its account was revoked since, or is being revoked: at some
 * providers, a revocation ends every grant of the account. Must follow the write of the grant in the same transaction.
 */
export const expireRevokedToken = async (db: Database, id: ConnectionId): Promise<void> => {
  await db
    .update(connections)
    .set(expiredTokenColumns)
    .where(
      and(
        eq(connections.id, id),
        exists(
          db
            .select()
            .from(pendingRevocations)
            .where(eq(pendingRevocations.providerAccount, connections.providerAccount)),
        ),
      ),
    );
};
