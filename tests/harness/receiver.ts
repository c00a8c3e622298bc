/** Starts an HTTP server that receives the platform's webhooks; a test sets its response. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

interface Received {
  readonly id: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly event: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: Record<string, unknown>;
  };
  /** Verifies the signature with the `standardwebhooks` library, and throws its error when it is invalid. */
  verify(secret: string): unknown;
}

type RespondToWebhook = (response: ServerResponse, received: Received) => void;

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** Sets the response to the next webhooks: a status, or a function that sends it. */
  answer(how: number | RespondToWebhook): void;
}

const eventSchema = z.object({
  type: z.string(),
  timestamp: z.string(),
  data: z.record(z.string(), z.unknown()),
});

const readRequest = async (request: IncomingMessage): Promise<Received> => {
  const body = await text(request);
  const { headers } = request;
  const signed = z
    .object({ 'webhook-id': z.string(), 'webhook-timestamp': z.string(), 'webhook-signature': z.string() })
    .parse(headers);
  return {
    id: signed['webhook-id'],
    headers,
    body,
    event: eventSchema.parse(JSON.parse(body)),
    verify: (secret) => new Webhook(secret).verify(body, signed),
  };
};

/** Starts a receiver that stops with the test. It answers 204 until `answer` is called. */
export const startReceiver = async (): Promise<Receiver> => {
  const received: Received[] = [];
  let answer: number | RespondToWebhook = 204;
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const webhook = await readRequest(request);
    received.push(webhook);
    if (typeof answer === 'number') response.writeHead(answer).end();
    else answer(response, webhook);
  };
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    answer: (how) => {
      answer = how;
    },
  };
};
