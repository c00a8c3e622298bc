/** Connects the CalDAV account of the tests. */
import { randomUUID } from 'node:crypto';
import type { Connections } from '../../db/connections/repository.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { caldavUser } from './caldav-user.ts';

/** @param accountId the account at the server; without it, another one for each call */
export const connectCaldav = async (
  connections: Pick<Connections, 'connect'>,
  serverUrl: string,
  owner: string,
  accountId: string = `${serverUrl}/${randomUUID()}`,
): Promise<ConnectionId> => {
  const connected = await connections.connect({
    organization: 'org_1',
    owner,
    provider: 'apple',
    grant: {
      account: { id: accountId, name: caldavUser.username },
      scopes: [],
      credential: { kind: 'app_password', serverUrl, ...caldavUser },
    },
  });
  if (connected.kind !== 'connected') throw new Error(connected.kind);
  return connected.id;
};
