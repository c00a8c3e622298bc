/** Temporal's development server with its Web UI, as temporal-dev.yaml says, unless TEMPORAL_ADDRESS is set. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTemporalAccess } from '../../../foundation/configuration/configuration.ts';
import type { Progress } from '../build-once.ts';
import { registerSearchAttributes, temporalAnswers } from '../dev-server.ts';
import { getTemporalCli } from '../temporal-cli.ts';
import { devServerArguments, loadTemporalDev } from '../temporal-dev.ts';
import { type Part, portNote, type StackContext } from './part.ts';

export const startTemporal = async (
  { dataFolder, given, choosePort, supervisor }: StackContext,
  progress: Progress,
  apiUrl: string,
): Promise<Part> => {
  const settings = await loadTemporalDev();
  if (given.TEMPORAL_ADDRESS) {
    progress('registering the search attributes');
    // Whose certificates and keys they are is the deployment's affair: here they only have to be well-formed.
    const { temporal } = loadTemporalAccess({ ...given, CASTMATCH_ENV: given.CASTMATCH_ENV || 'local' });
    await registerSearchAttributes(temporal, settings.searchAttributes);
    return {
      env: temporalVariables(given),
      addresses: [{ name: 'Temporal', address: given.TEMPORAL_ADDRESS, note: 'given' }],
    };
  }
  const executable = await getTemporalCli(progress);
  progress('starting');
  const grpc = await choosePort(settings.ports.grpc);
  const ui = await choosePort(settings.ports.ui);
  const folder = join(dataFolder, 'temporal');
  await mkdir(folder, { recursive: true });
  const address = `127.0.0.1:${grpc.port}`;
  await supervisor.start({
    name: 'temporal',
    command: executable,
    arguments: devServerArguments(settings, {
      port: grpc.port,
      ui: { port: ui.port, apiUrl },
      databaseFile: join(folder, 'temporal.db'),
    }),
    env: given,
    ready: () => temporalAnswers(address, settings.namespace),
  });
  await registerSearchAttributes({ address, namespace: settings.namespace }, settings.searchAttributes);
  const webUi = `http://127.0.0.1:${ui.port}`;
  return {
    env: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: settings.namespace },
    urls: { webUi },
    addresses: [
      {
        name: 'Temporal Web UI',
        address: `${webUi}/namespaces/${settings.namespace}/workflows`,
        note: portNote(ui.insteadOf),
      },
      { name: 'Temporal', address, note: portNote(grpc.insteadOf) },
    ],
  };
};

/** For the commands beside the stack, which may be run in another shell. */
const temporalVariables = (given: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      name.startsWith('TEMPORAL_') && value ? [[name, value] as const] : [],
    ),
  );
