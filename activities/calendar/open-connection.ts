/** Opens a connection for one call: the credential lives no longer than that. */
import type { Connections } from '../../db/repositories.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { OpenConnection } from '../../providers/ports.ts';

/** Throws `ProviderError` (`reconnect`) when the organization has no such connection: it was removed meanwhile. */
export const openConnection = async (
  connections: Connections,
  organization: OrganizationId,
  id: ConnectionId,
): Promise<OpenConnection> => {
  const connection = await connections.get(organization, id);
  const use = { purpose: 'calendar', correlationId: 'unknown' };
  const credential = await connections.openCredential(organization, id, use);
  if (connection?.account !== undefined && credential?.kind === 'oauth') {
    return { id, organization, account: connection.account, refreshToken: credential.refreshToken };
  }
  throw new ProviderError(
    'google',
    'connections.open',
    { kind: 'reconnect' },
    {
      message: `there is no connection ${id} to this provider`,
    },
    { connection: id },
  );
};
