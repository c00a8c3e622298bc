/** Prepares a stored connection for calls to its provider. */
import type { ConnectionStatus, ConnectionStatusReason } from '../../domain/connections/connection.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import type { ConnectedAccount } from '../ports.ts';
import type { AccessTokens } from './access-tokens.ts';
import { reconnectRequired } from './reconnect.ts';

/** A stored connection without its secrets. */
export interface ConnectionRecord {
  readonly id: ConnectionId;
  readonly organization: OrganizationId;
  readonly provider: ConnectionProvider;
  readonly account: string | undefined;
  readonly accountReference?: string | undefined;
  readonly isPersonal?: boolean | undefined;
  readonly status: ConnectionStatus;
  readonly statusReason: ConnectionStatusReason | undefined;
  readonly version: number;
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Returns the account with its token methods. Makes no call to the provider.
 *
 * @param purpose the operation, recorded with each credential that is read.
 * @throws {ProviderError} `reconnect`, with the connection id, when the owner must connect the account again.
 */
export const connectedAccountOf = (
  connection: ConnectionRecord,
  accessTokens: Pick<AccessTokens, 'forConnection'>,
  purpose: string,
): ConnectedAccount => {
  const { id, organization, provider, account, accountReference, isPersonal, scopes } = connection;
  const { status, statusReason } = connection;
  if (status !== 'connected' || account === undefined) {
    throw reconnectRequired(provider, id, statusReason ?? status);
  }
  return {
    id,
    organization,
    account,
    accountReference,
    isPersonal,
    scopes: scopes?.length ? scopes : undefined,
    ...accessTokens.forConnection(connection, purpose),
  };
};
