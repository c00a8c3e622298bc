/**
 * Disconnecting an account: revoked at the provider, erased here, noted as an act. Erased even where the provider does
 * not answer: whoever takes an account away wants it gone, and is told what is left to do at the provider's.
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
  /** It did not answer, or did not want to. */
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
    log.warn({ err, provider }, 'a grant could not be revoked: its credential is erased here all the same');
    return 'failed';
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
  await accounts.disconnect(connection, revocation, actor);
  return revocation;
};
