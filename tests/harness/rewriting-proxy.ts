/** Starts a proxy that changes the answers of a server, to stand in for another server of the same API. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** An answer that the proxy gives itself. */
export interface ProxyAnswer {
  readonly status: number;
  readonly body: object;
}

/**
 * Returns the address of a proxy that stops with the test.
 *
 * @param rewrite changes each answer that is a JSON document
 * @param answerTo returns the answer to a request that is not forwarded
 */
export const startRewritingProxy = async (
  upstream: string,
  rewrite: (answer: unknown, path: string) => unknown,
  answerTo: (path: string) => ProxyAnswer | undefined = () => undefined,
): Promise<string> => {
  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/';
    const own = answerTo(path);
    if (own) {
      request.resume();
      response.writeHead(own.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(own.body));
      return;
    }
    const body = Buffer.concat(await request.toArray());
    const { host: _host, 'content-length': _length, connection: _connection, ...headers } = request.headers;
    const answer = await fetch(`${upstream}${path}`, {
      method: request.method ?? 'GET',
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...(body.length > 0 ? { body } : {}),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(isJson && text !== '' ? JSON.stringify(rewrite(JSON.parse(text), path)) : text);
  };
  const server = createServer((request, response) => void forward(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = addressOf(server.address());
  return `http://127.0.0.1:${port}`;
};

const addressOf = (address: string | AddressInfo | null): AddressInfo => {
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return address;
};
