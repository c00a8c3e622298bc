/**
 * Consents that somebody was sent to give. `state` and the browser's cookie are kept as hashes, PKCE's verifier is
 * sealed: whoever reads the table can neither finish a dance nor begin one in another's name.
 */
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { ConnectionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import { connectionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import { type OAuthProvider, oauthProviders } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { authorizationRequests } from '../schema/authorization-requests.ts';
import { type Vault } from '../vault/envelope-encryption.ts';

/** What a consent is asked for. */
export interface PendingAuthorization {
  readonly organization: OrganizationId;
  readonly owner?: ParticipantId | undefined;
  readonly provider: OAuthProvider;
  /** The connection that is connected again. */
  readonly connection?: ConnectionId | undefined;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly returnTo?: string | undefined;
  readonly correlationId: string;
}

type ConsumeResult =
  | ({ readonly kind: 'taken' } & PendingAuthorization)
  /** Nothing of this provider was asked for under this state: made up, or long forgotten. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'used' }
  | { readonly kind: 'expired' }
  /** Left as it is, since the browser in which it began may still come. */
  | { readonly kind: 'other_browser' };

export interface AuthorizationRequests {
  /** Good for ten minutes. */
  create(request: PendingAuthorization & { readonly state: string; readonly browser: string }): Promise<void>;
  /** Exactly once, to the browser in which it began, and at the provider that was asked. */
  consume(answer: {
    readonly state: string;
    readonly browser: string;
    readonly provider: OAuthProvider;
  }): Promise<ConsumeResult>;
  /** Clears away what nobody can use any more; answers with how many. */
  deleteExpired(): Promise<number>;
}

const authorizationsDataKeyId = 'authorizations';
const sealingContextOf = (stateHash: string): string => `authorization_requests ${stateHash}`;

/** Time for a password, a second factor and a look at what is asked; RFC 6749 has the code itself live as long. */
const lifetimeMinutes = 10;

/** Kept a while longer, so that whoever comes too late is told so. */
const retentionMinutes = 24 * 60;

const nullToUndefined = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([z.null().transform(() => undefined), schema]);

const rowSchema = z.object({
  organization: organizationIdSchema,
  owner: nullToUndefined(participantIdSchema),
  provider: z.enum(oauthProviders),
  connection: nullToUndefined(connectionIdSchema),
  redirectUri: z.string(),
  scopes: z.array(z.string()),
  returnTo: nullToUndefined(z.string()),
  correlationId: z.string(),
});

export const createAuthorizationRequests = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
): AuthorizationRequests => {
  const refusalOf = async (
    stateHash: string,
    browserHash: string,
    provider: OAuthProvider,
  ): Promise<ConsumeResult> => {
    const [row] = await db
      .select({
        browserHash: authorizationRequests.browserHash,
        provider: authorizationRequests.provider,
        usedAt: authorizationRequests.usedAt,
      })
      .from(authorizationRequests)
      .where(eq(authorizationRequests.stateHash, stateHash));
    if (row?.provider !== provider) return { kind: 'unknown' };
    if (row.browserHash !== browserHash) return { kind: 'other_browser' };
    return { kind: row.usedAt === null ? 'expired' : 'used' };
  };

  return {
    async create({ state, browser, owner, connection, codeVerifier, returnTo, scopes, ...request }) {
      const stateHash = sha256(state);
      await db.insert(authorizationRequests).values({
        ...request,
        stateHash,
        owner: owner ?? null,
        connection: connection ?? null,
        returnTo: returnTo ?? null,
        scopes: [...scopes],
        browserHash: sha256(browser),
        sealedVerifier: await vault.seal(authorizationsDataKeyId, codeVerifier, sealingContextOf(stateHash)),
        expiresAt: sql`now() + ${lifetimeMinutes} * interval '1 minute'`,
      });
    },

    async consume({ state, browser, provider }) {
      const stateHash = sha256(state);
      const browserHash = sha256(browser);
      const [row] = await db
        .update(authorizationRequests)
        .set({ usedAt: sql`now()` })
        .where(
          and(
            eq(authorizationRequests.stateHash, stateHash),
            eq(authorizationRequests.browserHash, browserHash),
            eq(authorizationRequests.provider, provider),
            isNull(authorizationRequests.usedAt),
            gt(authorizationRequests.expiresAt, sql`now()`),
          ),
        )
        .returning();
      if (!row) return refusalOf(stateHash, browserHash, provider);
      const codeVerifier = await vault.open(
        authorizationsDataKeyId,
        row.sealedVerifier,
        sealingContextOf(stateHash),
      );
      return { kind: 'taken', ...rowSchema.parse(row), codeVerifier };
    },

    async deleteExpired() {
      const { rowCount } = await db
        .delete(authorizationRequests)
        .where(lt(authorizationRequests.expiresAt, sql`now() - ${retentionMinutes} * interval '1 minute'`));
      return rowCount ?? 0;
    },
  };
};
