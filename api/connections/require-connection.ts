/** Reads a connection of the caller's organization. */
import type { Connections } from '../../db/connections/repository.ts';
import { Refusal } from '../../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';

/** Creates the refusal for a connection that the organization does not have. */
export const connectionNotFound = (id: string): Refusal =>
  new Refusal(
    'connection_not_found',
    `Your organization has no connection ${id}.`,
    'GET /v1/connections lists your connections.',
  );

/** Returns the connection. @throws {Refusal} `connection_not_found` */
export const requireConnection = async (
  connections: Pick<Connections, 'get'>,
  organization: OrganizationId,
  id: ConnectionId,
) => {
  const connection = await connections.get(organization, id);
  if (!connection) throw connectionNotFound(id);
  return connection;
};
