/**
 * Stores pending OAuth authorization requests. `state` and the browser's cookie are stored as hashes, and the PKCE
 * verifier is sealed. So read access to the table is not enough to complete or forge an authorization.
 */
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { ConnectionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import { connectionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import { type OAuthProvider, oauthProviders } from '../../domain/providers/vendors.ts';
import { type LinkMinter, linkMinterSchema } from '../../foundation/links/link-minter.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { authorizationRequests } from '../schema/authorization-requests.ts';
import { type Vault } from '../vault/envelope-encryption.ts';

/** An authorization that was requested and is not completed. */
export interface PendingAuthorization {
  readonly organization: OrganizationId;
  readonly owner?: ParticipantId | undefined;
  readonly provider: OAuthProvider;
  /** The connection to reconnect; undefined for a new one. */
  readonly connection?: ConnectionId | undefined;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly returnTo?: string | undefined;
  readonly correlationId: string;
  /** The minter of the link with which the person began. */
  readonly minter?: LinkMinter | undefined;
}

type ConsumeResult =
  | ({ readonly kind: 'taken' } & PendingAuthorization)
  /** This provider has no request with this state: the state is forged, or its request was deleted. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'used' }
  | { readonly kind: 'expired' }
  /** Another browser started the flow. The request stays usable for that browser. */
  | { readonly kind: 'other_browser' };

export interface AuthorizationRequests {
  /** Stores a request. It expires after ten minutes. */
  create(request: PendingAuthorization & { readonly state: string; readonly browser: string }): Promise<void>;
  /** Marks the request as used and returns it. Succeeds exactly once, for the same browser and provider. */
  consume(answer: {
    readonly state: string;
    readonly browser: string;
    readonly provider: OAuthProvider;
  }): Promise<ConsumeResult>;
  /** Deletes requests that expired more than a day ago. Returns how many. */
  deleteExpired(): Promise<number>;
}

const authorizationsDataKeyId = 'authorizations';
const sealingContextOf = (stateHash: string): string => `authorization_requests ${stateHash}`;

/** Enough for a password, a second factor and the consent page. The same limit as for the code: RFC 6749, section 4.1.2. */
const lifetimeMinutes = 10;

/** An expired request is kept for a day, so that a late response gets `expired` instead of `unknown`. */
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
  minter: nullToUndefined(linkMinterSchema),
});

/** Creates the repository of authorization requests. */
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
    async create({ state, browser, owner, connection, codeVerifier, returnTo, scopes, minter, ...request }) {
      const stateHash = sha256(state);
      await db.insert(authorizationRequests).values({
        ...request,
        stateHash,
        owner: owner ?? null,
        connection: connection ?? null,
        returnTo: returnTo ?? null,
        minter: minter ?? null,
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
