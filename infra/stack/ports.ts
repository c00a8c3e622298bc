/** The preferred port where it is free, else the next free one: a second program must not keep the stack from starting. */
import getPort, { portNumbers } from 'get-port';

/** Where people expect things, when nothing else is there. Temporal's two are in temporal-dev.yaml. */
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
  /** The port that was preferred and taken, if so. */
  readonly insteadOf?: number;
}

export type PortChooser = (preferred: number) => Promise<ChosenPort>;

/** How far to look beside a port that is taken, so that the address stays one that can be guessed. */
const nearby = 50;

/** One chooser for one stack: never answers with the same port twice, even before anybody listens on it. */
export const createPortChooser = (anyFreePort = false): PortChooser => {
  const given = new Set<number>();
  return async (preferred) => {
    const wished = anyFreePort ? [] : [preferred, ...portNumbers(preferred + 1, preferred + nearby)];
    const port = await getPort({ port: wished, exclude: given });
    given.add(port);
    return port === preferred || anyFreePort ? { port } : { port, insteadOf: preferred };
  };
};
