/**
 * Sends requests to the Zoom API, with the service's own account or with the token of a connected account:
 * https://developers.zoom.us/docs/api/
 */
import { Agent } from 'undici';
import { addConnection } from '../../domain/errors.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import { withoutEffect } from '../operations.ts';
import type { CallContext, HostAccount } from '../ports.ts';
import { fromZoom, isScopeMissing, zoomConnectionErrors, zoomError, zoomErrors } from './errors.ts';
import { basicCredentials, exchangeWithZoom } from './http.ts';
import { createServerToServerTokens } from './server-to-server-token.ts';
import { type ZoomSettings, zoomConnections, zoomDeadlineMs } from './settings.ts';

interface ZoomRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Relative to the API's address, with the query. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface ZoomClient {
  /**
   * Sends a request with the host's account and returns the answer's body. A rejected token is replaced once.
   *
   * @throws {ProviderError} for every answer that is not a success, with the connection id of a connected host.
   */
  send(
    operation: ProviderOperation,
    host: HostAccount,
    request: ZoomRequest,
    call: CallContext,
  ): Promise<unknown>;
  close(): Promise<void>;
}

type Headers = Record<string, string>;

/** Creates the client, with a connection pool of its own. */
export const createZoomClient = (settings: ZoomSettings): ZoomClient => {
  const dispatcher = new Agent({ connections: zoomConnections, connect: { timeout: zoomDeadlineMs } });

  // Concurrent callers share this request, so it does not use a single caller's signal.
  const tokens = createServerToServerTokens(() =>
    exchangeWithZoom(`${settings.oauthUrl}/oauth/token`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: basicCredentials(settings),
      },
      body: new URLSearchParams({
        grant_type: 'account_credentials',
        account_id: settings.accountId,
      }).toString(),
      signal: AbortSignal.timeout(zoomDeadlineMs),
      dispatcher,
    }),
  );

  /** Throws without effect for a call that was aborted, and when no token can be obtained. */
  const tokenFor = async (
    operation: ProviderOperation,
    host: HostAccount,
    call: CallContext,
  ): Promise<string> => {
    try {
      call.signal.throwIfAborted();
      const token =
        host.kind === 'service' ? await tokens.get(operation) : await host.connection.accessToken(call);
      call.signal.throwIfAborted();
      return token;
    } catch (error) {
      throw fromZoom(withoutEffect(operation), error, call);
    }
  };

  const reportRejectedToken = (host: HostAccount, token: string): void =>
    host.kind === 'service' ? tokens.reportRejectedToken(token) : host.connection.reportRejectedToken(token);

  const attempt = async (
    operation: ProviderOperation,
    host: HostAccount,
    request: ZoomRequest,
    call: CallContext,
  ) => {
    const token = await tokenFor(operation, host, call);
    const headers: Headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'x-correlation-id': call.correlationId,
      ...(request.body ? { 'content-type': 'application/json' } : {}),
    };
    const body = request.body && JSON.stringify(request.body);
    const signal = withDeadline(call, zoomDeadlineMs);
    const { method } = request;
    const exchange = { method, headers, body, signal, dispatcher };
    const answer = await exchangeWithZoom(`${settings.apiUrl}${request.path}`, exchange);
    return { answer, token };
  };

  return {
    send: async (operation, host, request, call) => {
      const connection = host.kind === 'connected' ? host.connection : undefined;
      try {
        let { answer, token } = await attempt(operation, host, request, call);
        // With any code: a 401 can concern a token that was valid a moment ago.
        if (answer.status === 401) {
          reportRejectedToken(host, token);
          ({ answer, token } = await attempt(operation, host, request, call));
        }
        if (answer.status >= 200 && answer.status < 300) return answer.body;
        if (isScopeMissing(answer)) await connection?.reportMissingScopes(token);
        throw zoomError(connection ? zoomConnectionErrors : zoomErrors, operation, answer);
      } catch (error) {
        throw addConnection(connection?.id, fromZoom(operation, error, call));
      }
    },
    close: () => dispatcher.close(),
  };
};
