/** Starts an HTTP server whose answers a test writes, to stand in for another server of a vendor's API. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

export interface ScriptedAnswer {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, everything else as JSON. Default: an empty body. */
  readonly body?: unknown;
  readonly isGzipped?: boolean;
}

/** Returns the address of a server that stops with the test. */
export const startScriptedServer = async (
  answerTo: (request: ScriptedRequest) => ScriptedAnswer,
): Promise<string> => {
  const server = createServer((request, response) => {
    void (async () => {
      const body = Buffer.concat(await request.toArray()).toString();
      const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://server');
      const answer = answerTo({ method: request.method ?? 'GET', path, query, body });
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? '');
      const isEmpty = answer.body === undefined;
      response.writeHead(answer.status ?? 200, {
        'content-type': typeof answer.body === 'string' ? 'text/html' : 'application/json; charset=UTF-8',
        ...(answer.isGzipped ? { 'content-encoding': 'gzip' } : {}),
        ...answer.headers,
      });
      if (isEmpty) response.end();
      else response.end(answer.isGzipped ? gzipSync(text) : text);
    })();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${addressOf(server.address()).port}`;
};

const addressOf = (address: string | AddressInfo | null): AddressInfo => {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address;
};
