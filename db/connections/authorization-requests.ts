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
export interface AskedConsent {
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

type TakenConsent =
  | ({ readonly kind: 'taken' } & AskedConsent)
  /** Nothing of this provider was asked for under this state: made up, or long forgotten. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'used' }
  | { readonly kind: 'expired' }
  /** Left as it is, since the browser in which it began may still come. */
  | { readonly kind: 'other_browser' };

export interface AuthorizationRequests {
  /** Good for ten minutes. */
  begin(request: AskedConsent & { readonly state: string; readonly browser: string }): Promise<void>;
  /** Exactly once, to the browser in which it began, and at the provider that was asked. */
  take(answer: {
    readonly state: string;
    readonly browser: string;
    readonly provider: OAuthProvider;
  }): Promise<TakenConsent>;
  /** Clears away what nobody can use any more; answers with how many. */
  clearExpired(): Promise<number>;
}

const dataKey = 'authorizations';
const placeOf = (stateHash: string): string => `authorization_requests ${stateHash}`;

/** Time for a password, a second factor and a look at what is asked; RFC 6749 has the code itself live as long. */
const minutes = 10;

/** Kept a while longer, so that whoever comes too late is told so. */
const forgottenAfterMinutes = 24 * 60;

const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([z.null().transform(() => undefined), schema]);

const rowSchema = z.object({
  organization: organizationIdSchema,
  owner: optional(participantIdSchema),
  provider: z.enum(oauthProviders),
  connection: optional(connectionIdSchema),
  redirectUri: z.string(),
  scopes: z.array(z.string()),
  returnTo: optional(z.string()),
  correlationId: z.string(),
});

export const createAuthorizationRequests = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
): AuthorizationRequests => {
  const whyNot = async (
    stateHash: string,
    browserHash: string,
    provider: OAuthProvider,
  ): Promise<TakenConsent> => {
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
    async begin({ state, browser, owner, connection, codeVerifier, returnTo, scopes, ...request }) {
      const stateHash = sha256(state);
      await db.insert(authorizationRequests).values({
        ...request,
        stateHash,
        owner: owner ?? null,
        connection: connection ?? null,
        returnTo: returnTo ?? null,
        scopes: [...scopes],
        browserHash: sha256(browser),
        sealedVerifier: await vault.seal(dataKey, codeVerifier, placeOf(stateHash)),
        expiresAt: sql`now() + ${minutes} * interval '1 minute'`,
      });
    },

    async take({ state, browser, provider }) {
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
      if (!row) return whyNot(stateHash, browserHash, provider);
      const codeVerifier = await vault.open(dataKey, row.sealedVerifier, placeOf(stateHash));
      return { kind: 'taken', ...rowSchema.parse(row), codeVerifier };
    },

    async clearExpired() {
      const { rowCount } = await db
        .delete(authorizationRequests)
        .where(
          lt(authorizationRequests.expiresAt, sql`now() - ${forgottenAfterMinutes} * interval '1 minute'`),
        );
      return rowCount ?? 0;
    },
  };
};
