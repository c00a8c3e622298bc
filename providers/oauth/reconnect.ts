/** An account that only its owner can bring back. */

import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import { type CallOperation, operationOf } from '../operations.ts';

/** The operation in which an access token is read or refreshed. */
export const tokenOperationOf = (provider: ConnectionProvider): CallOperation =>
  operationOf(provider, 'connections.accessToken');

/** @param code why: the connection's status or its reason. */
export const reconnectRequired = (
  provider: ConnectionProvider,
  id: ConnectionId,
  code: string,
): ProviderError =>
  new ProviderError(
    provider,
    tokenOperationOf(provider).name,
    { kind: 'reconnect' },
    { code, message: `the account of ${id} must be connected again` },
    { connection: id },
  );
