/** An account that only its owner can bring back. */
import type { ConnectionProvider } from '../../domain/connections/connection.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';

export const tokenOperation = { name: 'connections.accessToken', writes: false };

/** @param code why: the connection's status or its reason. */
export const reconnect = (provider: ConnectionProvider, id: ConnectionId, code: string): ProviderError =>
  new ProviderError(
    provider,
    tokenOperation.name,
    { kind: 'reconnect' },
    { code, message: `the account of ${id} must be connected again` },
    { connection: id },
  );
