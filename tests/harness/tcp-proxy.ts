/** Forwards TCP connections to a server of this machine. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

interface TcpProxy {
  readonly port: number;
  /** Closes all connections, then the proxy. */
  close(): Promise<void>;
}

/**
 * Starts a proxy. When one side closes its connection, so does the other.
 * @param target returns the port to which a new connection leads
 * @param observe is called with each connection of a client
 */
export const startTcpProxy = async (
  target: () => number,
  observe: (client: Socket) => void = () => {},
): Promise<TcpProxy> => {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target(), '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    observe(client);
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
