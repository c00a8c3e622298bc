/** Forwards TCP connections from a client to its server, counts them and records what the client sends. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface CountingProxy {
  readonly port: number;
  /** The number of connections opened so far, and of those open now. */
  readonly opened: () => number;
  readonly open: () => number;
  /** Returns everything that the client has sent. */
  readonly sent: () => string;
}

/** Starts a proxy that is stopped when the test finishes. */
export const startCountingProxy = async (target: { readonly port: number }): Promise<CountingProxy> => {
  const sockets = new Set<Socket>();
  let opened = 0;
  let sent = '';
  const server = createServer((client) => {
    opened += 1;
    const upstream = connect(target.port, '127.0.0.1');
    sockets.add(client);
    client.on('data', (data) => {
      sent += data.toString('latin1');
    });
    client.on('close', () => {
      sockets.delete(client);
      upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return { port: address.port, opened: () => opened, open: () => sockets.size, sent: () => sent };
};
