/**
 * Chooses the preferred port of a part, or the next free one, so that a taken port does not block the start.
 */
import getPort, { portNumbers } from 'get-port';

/** The preferred ports. Those of Temporal are in temporal-dev.yaml. */
export const preferredPorts = {
  'the API': 3000,
  'the provider sandbox': 4010,
  'the inbox': 1080,
  SMTP: 1025,
  PostgreSQL: 5433,
  'worker metrics': 9464,
} as const;

export interface ChosenPort {
  readonly port: number;
  /** The preferred port, if it was taken. */
  readonly insteadOf?: number;
}

export type PortChooser = (preferred: number) => Promise<ChosenPort>;

/** The range above a taken port to search first, so that the address stays predictable. */
const nearby = 50;

/**
 * Returns ports below those that operating systems give to outgoing connections. One of these could be taken by a
 * connection before the part listens.
 */
const anyPorts = (): Iterable<number> => {
  const first = 20_000 + Math.floor(Math.random() * 12_000);
  return portNumbers(first, first + nearby);
};

/** Creates the port chooser of one stack. It never returns a port twice, even while the port is unused. */
export const createPortChooser = (anyFreePort = false): PortChooser => {
  const chosen = new Set<number>();
  return async (preferred) => {
    const candidates = anyFreePort
      ? anyPorts()
      : [preferred, ...portNumbers(preferred + 1, preferred + nearby)];
    const port = await getPort({ port: candidates, exclude: chosen });
    chosen.add(port);
    return port === preferred || anyFreePort ? { port } : { port, insteadOf: preferred };
  };
};
