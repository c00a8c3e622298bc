/**
 * Disconnecting an account: erased here, revoked at the provider, both noted as acts. Erased first, so that whoever takes
 * an account away has it gone whatever happens then. The grant alone is kept apart until the provider has taken it back;
 * where it does not answer now, or this process ends, the worker goes on asking.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { Connection } from '../../db/connections/repository.ts';
import { isTransient, ProviderError } from '../../domain/errors.ts';
import { isOAuthProvider } from '../../domain/providers/vendors.ts';
import type { OAuthAuthorizer } from '../../providers/oauth/authorizers.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** What became of it at the provider. */
export const revocationResults = [
  'revoked',
  /** The provider has no way to; the person takes the app away there. */
  'unsupported',
  /** It does not answer: we go on asking it. */
  'pending',
  /** It did not want to. */
  'failed',
  /** There was nothing to revoke any more. */
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
    log.warn({ err, provider }, 'a grant could not be revoked: its account is disconnected all the same');
    return isTransient(err.fault) || err.fault.kind === 'misconfigured' ? 'pending' : 'failed';
  }
};

/** Idempotent: an account that is disconnected stays so, and is no act again. */
export const disconnect = async (
  dependencies: ApiDependencies,
  connection: Connection,
  actor: Actor,
  log: FastifyBaseLogger,
): Promise<RevocationResult> => {
  const { id, organization, provider, status } = connection;
  if (status === 'disconnected') return 'nothing';
  const { correlationId } = actor;
  const { connections, accounts, administrativeActs, pendingRevocations } = dependencies.repositories;
  const credential = await connections.openCredential(organization, id, {
    purpose: 'connections.disconnect',
    correlationId,
  });
  const authorizer = isOAuthProvider(provider) ? dependencies.authorizers.oauth[provider] : undefined;
  if (!authorizer || credential?.kind !== 'oauth') {
    await accounts.disconnect(connection, actor);
    return credential ? 'unsupported' : 'nothing';
  }
  const { refreshToken } = credential;
  const pending = await accounts.disconnect(connection, actor, {
    provider: authorizer.provider,
    refreshToken,
  });
  const revocation = await revoke(authorizer, refreshToken, { correlationId, log });
  if (revocation !== 'pending' && pending !== undefined) await pendingRevocations.complete(pending);
  await administrativeActs.record({
    organization,
    ...actor,
    act: 'connection.revoked',
    target: id,
    detail: { provider, revocation },
  });
  return revocation;
};
