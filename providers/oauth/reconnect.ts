/** Creates the error for an account that its owner must connect again. */

import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import { type CallOperation, operationOf } from '../operations.ts';

/** Returns the operation that reads or refreshes an access token. */
export const tokenOperationOf = (provider: ConnectionProvider): CallOperation =>
  operationOf(provider, 'connections.accessToken');

/**
 * Returns a `reconnect` error with the connection id.
 *
 * @param code the cause: the connection's status or its reason.
 */
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
