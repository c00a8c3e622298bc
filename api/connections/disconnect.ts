/**
 * Disconnects an account: erases it here, ends its watches at the provider, revokes the grant there, and records the erasure and the
 * revocation as administrative acts.
 * The account is erased first, so that it is disconnected whatever happens next. A grant that another connection of the
 * account uses is not revoked: the provider would end it for every organization. The grant is stored separately until
 * the provider has revoked it. If the provider does not respond, or this process stops, the worker retries. The watches are ended with the
 * stored grant, before it is revoked. They never delay the revocation by more than five seconds.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { Connection } from '../../db/connections/repository.ts';
import { DataKeyDestroyed } from '../../db/vault/envelope-encryption.ts';
import { isTransient, ProviderError } from '../../domain/errors.ts';
import { isOAuthProvider } from '../../domain/providers/vendors.ts';
import type { OAuthAuthorizer } from '../../providers/oauth/authorizers.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** Results of the revocation at the provider. */
export const revocationResults = [
  'revoked',
  /** The provider has no API for it; the person must remove the app there. */
  'unsupported',
  /** The provider does not respond, or another connection of the account uses the grant; the worker decides later. */
  'pending',
  /** The provider rejected the revocation. */
  'failed',
  /** There was nothing to revoke. */
  'nothing',
] as const;
export type RevocationResult = (typeof revocationResults)[number];

interface RequestContext {
  readonly correlationId: string;
  readonly log: FastifyBaseLogger;
}

const deadlineMs = 10_000;

const revoke = async (
  authorizer: OAuthAuthorizer,
  refreshToken: string,
  { correlationId, log }: RequestContext,
): Promise<RevocationResult> => {
  try {
    const call = { correlationId, signal: AbortSignal.timeout(deadlineMs) };
    return await authorizer.revoke(refreshToken, call);
  } catch (err) {
    if (!(err instanceof ProviderError)) throw err;
    const { provider } = authorizer;
    log.warn({ err, provider }, 'grant revocation failed; account disconnected');
    return isTransient(err.fault) || err.fault.kind === 'misconfigured' ? 'pending' : 'failed';
  }
};

/**
 * Disconnects an account and returns the result of the revocation. Idempotent: for a disconnected account it returns
 * `nothing` and records no act.
 */
export const disconnect = async (
  dependencies: ApiDependencies,
  connection: Connection,
  actor: Actor,
  log: FastifyBaseLogger,
): Promise<RevocationResult> => {
  const { id, organization, provider, status, accountId } = connection;
  if (status === 'disconnected') return 'nothing';
  const { correlationId } = actor;
  const { connections, accounts, administrativeActs, pendingRevocations } = dependencies.repositories;
  const use = { purpose: 'connections.disconnect', correlationId };
  // An earlier attempt can have destroyed the key and then failed: there is nothing left to revoke with.
  const credential = await connections.openCredential(organization, id, use).catch((error: unknown) => {
    if (error instanceof DataKeyDestroyed) return undefined;
    throw error;
  });
  const authorizer = isOAuthProvider(provider) ? dependencies.authorizers.oauth[provider] : undefined;
  if (!authorizer || credential?.kind !== 'oauth' || accountId === undefined) {
    await accounts.disconnect(connection, actor);
    return credential ? 'unsupported' : 'nothing';
  }
  const { refreshToken } = credential;
  const pending = await accounts.disconnect(connection, actor, {
    provider: authorizer.provider,
    refreshToken,
    accountId,
  });
  const grant = {
    organization,
    connection: id,
    provider: authorizer.provider,
    correlationId,
    refreshToken: async () => refreshToken,
  };
  await dependencies.watchEnding.end(grant);
  // The answer must not tell one organization that another one has connected the account: the worker drops the revocation.
  const revocation =
    pending?.grantUse === 'unused'
      ? await revoke(authorizer, refreshToken, { correlationId, log })
      : 'pending';
  if (revocation !== 'pending') await dependencies.watchEnding.abandon(grant);
  if (revocation === 'revoked' && pending) await pendingRevocations.complete(pending.id);
  else if (revocation !== 'pending' && pending) await pendingRevocations.drop(pending.id);
  await administrativeActs.record({
    organization,
    ...actor,
    act: 'connection.revoked',
    target: id,
    detail: { provider, revocation },
  });
  return revocation;
};
