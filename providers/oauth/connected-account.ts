/** A connected account as a provider is called with it. */
import type { ConnectionStatus, ConnectionStatusReason } from '../../domain/connections/connection.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import type { ConnectedAccount } from '../ports.ts';
import type { AccessTokens } from './access-tokens.ts';
import { reconnectRequired } from './reconnect.ts';

/** As it is kept, without its secrets. */
export interface ConnectionRecord {
  readonly id: ConnectionId;
  readonly organization: OrganizationId;
  readonly provider: ConnectionProvider;
  readonly account: string | undefined;
  readonly status: ConnectionStatus;
  readonly statusReason: ConnectionStatusReason | undefined;
  readonly version: number;
}

/**
 * Throws `ProviderError` (`reconnect`), which names the connection, when it needs its owner: at once, before anything
 * is asked of the provider.
 *
 * @param purpose the operation, kept with each credential that is read for it.
 */
export const connectedAccountOf = (
  connection: ConnectionRecord,
  accessTokens: Pick<AccessTokens, 'forConnection'>,
  purpose: string,
): ConnectedAccount => {
  const { id, organization, provider, account, status, statusReason } = connection;
  if (status !== 'connected' || account === undefined) {
    throw reconnectRequired(provider, id, statusReason ?? status);
  }
  return { id, organization, account, ...accessTokens.forConnection(connection, purpose) };
};
