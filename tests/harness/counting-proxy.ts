/** Stands between a client and its server, and sees what the client does to its connections. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface CountingProxy {
  readonly port: number;
  /** Connections that were opened so far, and those that are open now. */
  readonly opened: () => number;
  readonly open: () => number;
  /** Everything that the client has sent. */
  readonly sent: () => string;
}

/** Ends with the test. */
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
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
  return { port: address.port, opened: () => opened, open: () => sockets.size, sent: () => sent };
};
