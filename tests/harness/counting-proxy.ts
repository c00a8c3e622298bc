/** Forwards TCP connections from a client to its server, counts them and records what the client sends. */
import { onTestFinished } from 'vitest';
import { startTcpProxy } from './tcp-proxy.ts';

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
  let opened = 0;
  let open = 0;
  let sent = '';
  const proxy = await startTcpProxy(
    () => target.port,
    (client) => {
      opened += 1;
      open += 1;
      client.on('data', (data) => {
        sent += data.toString('latin1');
      });
      client.on('close', () => {
        open -= 1;
      });
    },
  );
  onTestFinished(() => proxy.close());
  return { port: proxy.port, opened: () => opened, open: () => open, sent: () => sent };
};
