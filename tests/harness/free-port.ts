/**
 * Finds a free port for a server that must be told its port before it starts. A server of the test's own process
 * listens at port 0 instead.
 */
import { createPortChooser } from '../../infra/stack/ports.ts';

const choosePort = createPortChooser(true);

/**
 * Returns a port that is free now, below those that the system gives to outgoing connections: while a program starts,
 * a connection of another test could take one of these. It never returns a port twice in one process.
 */
export const findFreePort = async (): Promise<number> => (await choosePort(0)).port;
