/** A real Temporal development server for tests: headless, on a free port, as temporal-dev.yaml says. */
import { execa } from 'execa';
import getPort from 'get-port';
import { pollUntil } from '../../infra/stack/processes.ts';
import { getTemporalCli } from '../../infra/stack/temporal-cli.ts';
import { devServerArguments, loadTemporalDev } from '../../infra/stack/temporal-dev.ts';
import { isTemporalReady, registerSearchAttributes } from '../../infra/stack/temporal-server.ts';

export interface TemporalServer {
  /** host:port */
  readonly address: string;
  stop(): Promise<void>;
}

/** Keeps everything in memory unless it is given a file. Throws with what the server said when it does not start. */
export const startTemporalServer = async (databaseFile?: string): Promise<TemporalServer> => {
  const settings = await loadTemporalDev();
  const executable = await getTemporalCli((line) => process.stderr.write(`${line}\n`));
  const port = await getPort({ host: '127.0.0.1' });
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

/** Where everybody of one run works, and in which namespace. */
export interface SharedTemporal {
  /** host:port */
  readonly address: string;
  readonly namespace: string;
}

/** One server for all of one run, or with TEMPORAL_ADDRESS set, that one. */
export const findOrStartTemporal = async (): Promise<SharedTemporal & Pick<TemporalServer, 'stop'>> => {
  const { namespace, searchAttributes } = await loadTemporalDev();
  const given = process.env.TEMPORAL_ADDRESS;
  if (given === undefined) return { namespace, ...(await startTemporalServer()) };
  await registerSearchAttributes({ address: given, namespace }, searchAttributes);
  return { address: given, namespace, stop: async () => {} };
};
