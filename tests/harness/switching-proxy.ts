/** Forwards TCP connections to a server that can be replaced, as a load balancer in front of a database does. */
import { startTcpProxy } from './tcp-proxy.ts';

export interface SwitchingProxy {
  readonly port: number;
  /** Leads new connections to this port. Open connections keep their server. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

/** Starts a proxy to a port of this machine. */
export const startSwitchingProxy = async (firstPort: number): Promise<SwitchingProxy> => {
  let target = firstPort;
  const proxy = await startTcpProxy(() => target);
  return {
    ...proxy,
    leadTo: (port) => {
      target = port;
    },
  };
};
