/** A connected account as a provider is called with it. */
import type { ConnectionStatus, ConnectionStatusReason } from '../../domain/connections/connection.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import type { OpenConnection } from '../ports.ts';
import type { AccessTokens } from './access-tokens.ts';
import { reconnect } from './reconnect.ts';

/** As it is kept, without its secrets. */
export interface KeptConnection {
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
export const openConnection = (
  connection: KeptConnection,
  accessTokens: Pick<AccessTokens, 'of'>,
  purpose: string,
): OpenConnection => {
  const { id, organization, provider, account, status, statusReason } = connection;
  if (status !== 'connected' || account === undefined) {
    throw reconnect(provider, id, statusReason ?? status);
  }
  return { id, organization, account, ...accessTokens.of(connection, purpose) };
};
