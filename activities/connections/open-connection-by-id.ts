/** Opens a connected account for one provider call. */
import type { Connections } from '../../db/connections/repository.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import { connectedAccountOf as open } from '../../providers/oauth/connected-account.ts';
import { operationOf } from '../../providers/operations.ts';
import type { ConnectedAccount } from '../../providers/ports.ts';

interface OpenConnectionDependencies {
  readonly connections: Pick<Connections, 'get'>;
  readonly accessTokens: Pick<AccessTokens, 'forConnection'>;
}

/**
 * Returns the connected account.
 * @param purpose the reason for the call; it is stored with each credential that is read.
 * @throws {ProviderError} `reconnect` when the owner must connect the account again, or when the organization has no
 * such connection any more.
 */
export const openConnectionById = async (
  { connections, accessTokens }: OpenConnectionDependencies,
  organization: OrganizationId,
  { provider, connection: id }: { readonly provider: ConnectionProvider; readonly connection: ConnectionId },
  purpose: string,
): Promise<ConnectedAccount> => {
  const connection = await connections.get(organization, id);
  if (connection?.provider === provider) return open(connection, accessTokens, purpose);
  throw new ProviderError(
    provider,
    operationOf(provider, 'connections.open').name,
    { kind: 'reconnect' },
    {
      code: 'unknown_connection',
      message: `connection ${id} to this provider does not exist: connect the account again`,
    },
    { connection: id },
  );
};
