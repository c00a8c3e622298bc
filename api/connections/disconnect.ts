/**
 * Disconnecting an account: revoked at the provider, erased here, noted as an act. Where the provider does not answer, it
 * is disconnected all the same, and the worker goes on asking the provider to take the grant back.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Actor } from '../../db/accounts.ts';
import type { Connection, Credential } from '../../db/connections-contract.ts';
import type { ConnectionProvider, OAuthProvider } from '../../domain/connection.ts';
import { oauthProviders } from '../../domain/connection.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** What became of it at the provider. */
export const revocations = [
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
export type Revocation = (typeof revocations)[number];

interface Noted {
  readonly correlationId: string;
  readonly log: FastifyBaseLogger;
}

const deadlineMs = 10_000;

/** Faults that end by themselves. */
const passing: ReadonlySet<ProviderError['fault']['kind']> = new Set([
  'outage',
  'retry',
  'retry_after',
  'quota_exhausted',
  'misconfigured',
]);

const isOAuth = (provider: ConnectionProvider): provider is OAuthProvider =>
  oauthProviders.some((one) => one === provider);

const revoke = async (
  { authorizers }: ApiDependencies,
  provider: ConnectionProvider,
  credential: Credential | undefined,
  { correlationId, log }: Noted,
): Promise<Revocation> => {
  if (!credential) return 'nothing';
  const authorizer = isOAuth(provider) ? authorizers.oauth[provider] : undefined;
  if (!authorizer || credential.kind !== 'oauth') return 'unsupported';
  try {
    const call = { correlationId, signal: AbortSignal.timeout(deadlineMs) };
    return await authorizer.revoke(credential.refreshToken, call);
  } catch (err) {
    if (!(err instanceof ProviderError)) throw err;
    log.warn({ err, provider }, 'a grant could not be revoked: its account is disconnected all the same');
    return passing.has(err.fault.kind) ? 'pending' : 'failed';
  }
};

/** Idempotent: an account that is disconnected stays so, and is no act again. */
export const disconnect = async (
  dependencies: ApiDependencies,
  connection: Connection,
  actor: Actor,
  log: FastifyBaseLogger,
): Promise<Revocation> => {
  const { id, organization, provider, status } = connection;
  if (status === 'disconnected') return 'nothing';
  const { correlationId } = actor;
  const { connections, accounts } = dependencies.repositories;
  const credential = await connections.openCredential(organization, id, {
    purpose: 'connections.disconnect',
    correlationId,
  });
  const revocation = await revoke(dependencies, provider, credential, { correlationId, log });
  const toRevoke =
    revocation === 'pending' && credential?.kind === 'oauth' && isOAuth(provider)
      ? { provider, refreshToken: credential.refreshToken }
      : undefined;
  await accounts.disconnect(connection, revocation, actor, toRevoke);
  return revocation;
};
