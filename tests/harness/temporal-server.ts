/** Starts a real Temporal development server for tests: headless, on a free port, configured by temporal-dev.yaml. */
import { execa } from 'execa';
import { pollUntil } from '../../infra/stack/processes.ts';
import { getTemporalCli } from '../../infra/stack/temporal-cli.ts';
import { devServerArguments, loadTemporalDev } from '../../infra/stack/temporal-dev.ts';
import { isTemporalReady, registerSearchAttributes } from '../../infra/stack/temporal-server.ts';
import { findFreePort } from './free-port.ts';

export interface TemporalServer {
  /** host:port */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Starts a server that stores its data in `databaseFile`, or in memory.
 * @throws Error with the output of the server when it does not start
 */
export const startTemporalServer = async (databaseFile?: string): Promise<TemporalServer> => {
  const settings = await loadTemporalDev();
  const executable = await getTemporalCli((line) => process.stderr.write(`${line}\n`));
  const port = await findFreePort();
  const place = { port, ...(databaseFile === undefined ? {} : { databaseFile }) };
  const server = execa(executable, devServerArguments(settings, place), { reject: false, all: true });
  const over = () => server.exitCode !== null || server.signalCode !== null;
  const address = `127.0.0.1:${port}`;
  if (!(await pollUntil(() => over() || isTemporalReady(address, settings.namespace), 30_000)) || over()) {
    server.kill();
    throw new Error(`the Temporal development server did not start:\n${(await server).all.slice(-1_500)}`);
  }
  await registerSearchAttributes({ address, namespace: settings.namespace }, settings.searchAttributes);
  return {
    address,
    stop: async () => {
      server.kill('SIGTERM');
      await server;
    },
  };
};

/** The Temporal server and namespace that all test files of one run share. */
export interface SharedTemporal {
  /** host:port */
  readonly address: string;
  readonly namespace: string;
}

/** Uses the server at TEMPORAL_ADDRESS if it is set, else starts one for this run. */
export const findOrStartTemporal = async (): Promise<SharedTemporal & Pick<TemporalServer, 'stop'>> => {
  const { namespace, searchAttributes } = await loadTemporalDev();
  const given = process.env.TEMPORAL_ADDRESS;
  if (given === undefined) return { namespace, ...(await startTemporalServer()) };
  await registerSearchAttributes({ address: given, namespace }, searchAttributes);
  return { address: given, namespace, stop: async () => {} };
};
