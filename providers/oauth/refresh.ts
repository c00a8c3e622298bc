/**
 * One refresh, under the row's lease. A refresh token that the provider exchanged for another is stored together with
 * the access token, before either is used. Should the process die between the provider's answer and that statement,
 * whoever holds the next lease tries the stored token again; when the provider refuses it then, it was lost.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { CredentialUse, RefreshBegun, TokenStore } from '../../domain/connections/access-tokens.ts';
import { circuitIsOpen, ProviderError } from '../../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import {
  type ConnectionProvider,
  isOAuthProvider,
  type OAuthProvider,
} from '../../domain/providers/vendors.ts';
import type { OAuthAuthorizer } from './authorizers.ts';
import { reconnect, tokenOperationOf } from './reconnect.ts';
import type { HeldToken } from './token-cache.ts';

interface Wanted {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  readonly provider: ConnectionProvider;
  /** The version that is to be replaced. */
  readonly version: number;
}

interface Renewed {
  readonly token: HeldToken;
  readonly lastsMs: number;
}

export interface Refresh {
  /**
   * Another may be at it, or have connected the account again meanwhile: then the row is to be read again. Throws
   * `ProviderError`, after the connection was marked where the provider takes its grant no more.
   */
  attempt(
    wanted: Wanted,
    refused: boolean,
    use: CredentialUse,
  ): Promise<Renewed | 'other_began' | 'overtaken'>;
}

/** How long a provider may take to answer, and the lease that outlives it. */
const answerWithinMs = 10_000;
const leaseMs = 20_000;
/** A database that hiccups must not cost the token that the provider has just given: tried so often within the lease. */
const storePausesMs: readonly number[] = [200, 1_000, 3_000];

export const createRefresh = (
  store: TokenStore,
  authorizers: Readonly<Record<OAuthProvider, OAuthAuthorizer | undefined>>,
): Refresh => {
  const ended = (wanted: Wanted, { attempt, inDoubt }: RefreshBegun, error: unknown) =>
    store
      .failRefresh(wanted.id, attempt, inDoubt || mayHaveRefreshed(error) ? 'in_doubt' : 'without_effect')
      // The lease runs out by itself.
      .catch(() => undefined);

  /** Throws what the provider's refusal means for the connection, unless it was connected anew meanwhile. */
  const refusedGrant = async (wanted: Wanted, begun: RefreshBegun): Promise<'overtaken'> => {
    const reason = begun.inDoubt ? 'refresh_lost' : 'grant_refused';
    if (!(await store.markNeedsReauthorization(wanted.id, reason, begun.version))) return 'overtaken';
    throw reconnect(wanted.provider, wanted.id, reason);
  };

  /**
   * Disconnected while the provider answered: the refresh token that was given back then had been exchanged already, and
   * the one in hand is the grant. Of an account that was connected again, that would take the new grant away.
   */
  const giveBack = async (
    authorizer: OAuthAuthorizer,
    { organization, id }: Wanted,
    { refreshToken }: { readonly refreshToken?: string | undefined },
    use: CredentialUse,
  ): Promise<void> => {
    if (refreshToken === undefined) return;
    const now = await store.openAccessToken(organization, id, Number.MAX_SAFE_INTEGER, use);
    if (now.kind !== 'not_connected' || now.status !== 'disconnected') return;
    const call = { signal: AbortSignal.timeout(answerWithinMs), correlationId: use.correlationId };
    await authorizer.revoke(refreshToken, call).catch(() => undefined);
  };

  const storePersistently = async (
    wanted: Wanted,
    begun: RefreshBegun,
    renewed: Awaited<ReturnType<OAuthAuthorizer['refresh']>> & { readonly isTooLittle: boolean },
  ): Promise<Renewed | 'overtaken'> => {
    const { value, expiresAt } = renewed.accessToken;
    const answeredAt = Date.now();
    for (let tries = 0; ; tries += 1) {
      const lastsMs = Date.parse(expiresAt) - answeredAt;
      try {
        const stored = await store.completeRefresh(wanted, begun, {
          accessToken: value,
          lastsMs,
          refreshToken: renewed.refreshToken,
          scopes: renewed.scopes,
          isTooLittle: renewed.isTooLittle,
        });
        return stored ? { token: { value, version: stored.version }, lastsMs } : 'overtaken';
      } catch (error) {
        const pauseMs = storePausesMs[tries];
        if (pauseMs === undefined) throw error;
        await pause(pauseMs);
      }
    }
  };

  return {
    attempt: async (wanted, refused, use) => {
      const authorizer = authorizerOf(authorizers, wanted.provider);
      const begun = await store.beginRefresh(wanted, { version: wanted.version, refused, leaseMs }, use);
      if (!begun) return 'other_began';
      const call = { signal: AbortSignal.timeout(answerWithinMs), correlationId: use.correlationId };
      let renewed: Awaited<ReturnType<OAuthAuthorizer['refresh']>>;
      try {
        renewed = await authorizer.refresh(begun.refreshToken, call);
      } catch (error) {
        if (isRefusedGrant(error)) return refusedGrant(wanted, begun);
        await ended(wanted, begun, error);
        throw error;
      }
      const isTooLittle = hasLost(authorizer.scopes.required, begun.scopes, renewed.scopes);
      const stored = await storePersistently(wanted, begun, { ...renewed, isTooLittle });
      if (stored === 'overtaken') await giveBack(authorizer, wanted, renewed, use);
      if (isTooLittle && stored !== 'overtaken')
        throw reconnect(wanted.provider, wanted.id, 'scopes_missing');
      return stored;
    },
  };
};

const authorizerOf = (
  authorizers: Readonly<Record<OAuthProvider, OAuthAuthorizer | undefined>>,
  provider: ConnectionProvider,
): OAuthAuthorizer => {
  const authorizer = isOAuthProvider(provider) ? authorizers[provider] : undefined;
  if (authorizer) return authorizer;
  throw new ProviderError(
    provider,
    tokenOperationOf(provider).name,
    { kind: 'misconfigured' },
    { message: `there is no OAuth client for ${provider} in the configuration` },
  );
};

/** Whether something needed is gone. What was never noted as granted, as of an account put by hand, is not missed. */
const hasLost = (
  needed: readonly string[],
  before: readonly string[],
  now: readonly string[] | undefined,
): boolean => now !== undefined && needed.some((scope) => before.includes(scope) && !now.includes(scope));

const isRefusedGrant = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'reconnect';

/** Whoever did not hear an answer cannot know that there was none. */
const mayHaveRefreshed = (error: unknown): boolean => {
  if (!(error instanceof ProviderError)) return true;
  if (circuitIsOpen(error) || error.vendor.status !== undefined) return false;
  return error.fault.kind === 'outage' || error.fault.kind === 'retry';
};
