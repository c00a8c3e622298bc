/** Zoom's API, for which there is no library: https://developers.zoom.us/docs/api/ */
import { Agent } from 'undici';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import { withoutEffect } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import { fromZoom, zoomError, zoomErrors } from './errors.ts';
import { basicCredentials, exchangeWithZoom } from './http.ts';
import { createServerToServerTokens } from './server-to-server-token.ts';
import { type ZoomSettings, zoomConnections, zoomDeadlineMs } from './settings.ts';

interface ZoomRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the API's address, with its query. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface ZoomClient {
  /** The answer's body; anything but a success throws `ProviderError`. A refused token is renewed once. */
  send(operation: ProviderOperation, wanted: ZoomRequest, call: CallContext): Promise<unknown>;
  close(): Promise<void>;
}

type Headers = Record<string, string>;

export const createZoomClient = (settings: ZoomSettings): ZoomClient => {
  const dispatcher = new Agent({ connections: zoomConnections, connect: { timeout: zoomDeadlineMs } });

  // Shared by whoever waits for it, so no single caller's signal may stop it.
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

  /** Throws for a call that is over already, and for a token that cannot be had: nothing has been sent then. */
  const tokenFor = async (operation: ProviderOperation, call: CallContext): Promise<string> => {
    try {
      call.signal.throwIfAborted();
      const token = await tokens.get(operation);
      call.signal.throwIfAborted();
      return token;
    } catch (error) {
      throw fromZoom(withoutEffect(operation), error, call);
    }
  };

  const attempt = async (operation: ProviderOperation, wanted: ZoomRequest, call: CallContext) => {
    const token = await tokenFor(operation, call);
    const headers: Headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'x-correlation-id': call.correlationId,
      ...(wanted.body ? { 'content-type': 'application/json' } : {}),
    };
    const body = wanted.body && JSON.stringify(wanted.body);
    const signal = withDeadline(call, zoomDeadlineMs);
    const { method } = wanted;
    const exchange = { method, headers, body, signal, dispatcher };
    const answer = await exchangeWithZoom(`${settings.apiUrl}${wanted.path}`, exchange);
    return { answer, token };
  };

  return {
    send: async (operation, wanted, call) => {
      try {
        let { answer, token } = await attempt(operation, wanted, call);
        // Whatever Zoom calls it: a 401 may be about a token that was good a moment ago.
        if (answer.status === 401) {
          tokens.reportRejectedToken(token);
          ({ answer, token } = await attempt(operation, wanted, call));
        }
        if (answer.status >= 200 && answer.status < 300) return answer.body;
        throw zoomError(zoomErrors, operation, answer);
      } catch (error) {
        throw fromZoom(operation, error, call);
      }
    },
    close: () => dispatcher.close(),
  };
};
