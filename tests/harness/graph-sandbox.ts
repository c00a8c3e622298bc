/** Starts a sandbox for one test, and calls its Graph as an app does. */
import {
  Client,
  type Context,
  HTTPMessageHandler,
  type Middleware,
  RetryHandler,
  RetryHandlerOptions,
} from '@microsoft/microsoft-graph-client';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';

const account = 'ann@contoso.example';

/** The library sends no token to an address over http, so this step takes the place of its own one. */
const authorizing = (token: string, retries: number): Middleware => {
  const retryHandler = new RetryHandler(new RetryHandlerOptions(1, Math.max(retries, 1)));
  const messageHandler = new HTTPMessageHandler();
  retryHandler.setNext(messageHandler);
  return {
    execute: async (context: Context) => {
      const headers = { ...Object(context.options?.headers), authorization: `Bearer ${token}` };
      context.options = { ...context.options, headers };
      await (retries === 0 ? messageHandler : retryHandler).execute(context);
    },
  };
};

/** Starts a sandbox that stops with the test, and signs in. */
export const startGraphSandbox = async (options: SandboxOptions = {}, clock?: () => number) => {
  const sandbox = await startSandbox(options, clock);
  onTestFinished(() => sandbox.close());
  const answer = await fetch(`${sandbox.url}/common/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: `sandbox-refresh-${account}`,
      client_id: 'sandbox-microsoft-client',
      client_secret: 'sandbox-microsoft-secret',
    }),
  });
  const { access_token: token } = z.looseObject({ access_token: z.string() }).parse(await answer.json());
  /** Sends a request to an address, or to a path below `/v1.0/me`. */
  const call = async (method: string, path: string, send?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(path.startsWith('http') ? path : `${sandbox.url}/v1.0/me${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(send ? { body: JSON.stringify(send) } : {}),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: z.looseObject({}).parse(JSON.parse(text || '{}')),
    };
  };
  /** Returns Microsoft's library, with its own retries. */
  const library = ({ retries = 0 } = {}): Client =>
    Client.initWithMiddleware({ baseUrl: sandbox.url, middleware: authorizing(token, retries) });
  return { ...sandbox, account, call, library };
};
