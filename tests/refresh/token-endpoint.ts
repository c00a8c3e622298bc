/**
 * Starts a token endpoint (RFC 6749, section 6) that rotates refresh tokens: each refresh issues a new refresh token
 * and invalidates the previous one immediately.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export interface TokenEndpoint {
  readonly url: string;
  /** The refresh tokens of the requests, in the order in which they were answered. */
  readonly refreshes: readonly string[];
  close(): Promise<void>;
}

export const startTokenEndpoint = async ({
  rotates = true,
  takesMs = 0,
}: {
  readonly rotates?: boolean;
  readonly takesMs?: number;
} = {}): Promise<TokenEndpoint> => {
  const refreshes: string[] = [];
  let current = 'refresh-0';
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url !== '/token') {
      response.writeHead(404).end();
      return;
    }
    const given = new URLSearchParams(await text(request)).get('refresh_token') ?? '';
    refreshes.push(given);
    const isGood = given === current;
    if (isGood && rotates) current = `refresh-${refreshes.length}`;
    const body = isGood
      ? {
          access_token: `access-${refreshes.length}`,
          expires_in: 3_599,
          token_type: 'Bearer',
          refresh_token: current,
        }
      : { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' };
    setTimeout(() => {
      response.writeHead(isGood ? 200 : 400, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    }, takesMs);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the token endpoint has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    refreshes,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
