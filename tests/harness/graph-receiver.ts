/** Starts an HTTP server that receives the notifications of Microsoft Graph, and passes its validation. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

const notificationSchema = z.looseObject({
  subscriptionId: z.string(),
  clientState: z.string().optional(),
  changeType: z.string().optional(),
  lifecycleEvent: z.string().optional(),
  resourceData: z.looseObject({ id: z.string() }).optional(),
});
type GraphNotification = z.infer<typeof notificationSchema>;

export interface GraphReceiver {
  /** The origin, without a trailing slash. */
  readonly url: string;
  readonly validations: readonly string[];
  readonly received: readonly GraphNotification[];
}

interface Answers {
  /** The answer to a validation request. Default: the token. */
  readonly validation?: ((token: string) => { readonly status: number; readonly body: string }) | undefined;
  /** The statuses of the next notifications, then 202. */
  readonly statuses?: readonly number[];
}

/** Starts a receiver that stops with the test. Every path receives. */
export const startGraphReceiver = async ({
  validation = (body) => ({ status: 200, body }),
  statuses: first = [],
}: Answers = {}): Promise<GraphReceiver> => {
  const validations: string[] = [];
  const received: GraphNotification[] = [];
  const statuses = [...first];
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const token = new URL(request.url ?? '/', 'http://receiver').searchParams.get('validationToken');
    if (token !== null) {
      validations.push(token);
      const { status, body } = validation(token);
      response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
      return;
    }
    const { value } = z.object({ value: z.array(notificationSchema) }).parse(JSON.parse(await text(request)));
    received.push(...value);
    response.writeHead(statuses.shift() ?? 202).end();
  };
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return { url: `http://127.0.0.1:${port}`, validations, received };
};
