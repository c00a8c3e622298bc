/**
 * Starts Temporal's development server with its Web UI and the settings of temporal-dev.yaml, unless
 * TEMPORAL_ADDRESS is set.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTemporalClientConfiguration } from '../../../foundation/configuration/configuration.ts';
import type { Progress } from '../build-once.ts';
import { getTemporalCli } from '../temporal-cli.ts';
import { devServerArguments, loadTemporalDev } from '../temporal-dev.ts';
import { extendRetention } from '../temporal-retention.ts';
import { isTemporalReady, registerSearchAttributes } from '../temporal-server.ts';
import { webUiLinks } from '../web-ui-links.ts';
import { type Part, portNote, type StackContext } from './part.ts';

export const startTemporalProcess = async (
  { dataFolder, shellEnv, choosePort, supervisor }: StackContext,
  progress: Progress,
  apiUrl: string,
): Promise<Part> => {
  const settings = await loadTemporalDev();
  if (shellEnv.TEMPORAL_ADDRESS) {
    progress('registering the search attributes');
    // The local rules accept any well-formed certificates and keys.
    const { temporal } = loadTemporalClientConfiguration({
      ...shellEnv,
      CASTMATCH_ENV: shellEnv.CASTMATCH_ENV || 'local',
    });
    await registerSearchAttributes(temporal, settings.searchAttributes);
    return {
      env: temporalVariables(shellEnv),
      addresses: [{ name: 'Temporal', address: shellEnv.TEMPORAL_ADDRESS, note: 'external' }],
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
    env: shellEnv,
    ready: () => isTemporalReady(address, settings.namespace),
  });
  const server = { address, namespace: settings.namespace };
  await registerSearchAttributes(server, settings.searchAttributes);
  await extendRetention(server, settings.retentionDays);
  const webUi = `http://127.0.0.1:${ui.port}`;
  const workflows = `${webUi}/namespaces/${settings.namespace}/workflows`;
  return {
    env: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: settings.namespace },
    urls: { webUi },
    addresses: [
      {
        name: 'Temporal Web UI',
        address: workflows,
        note: portNote(ui.insteadOf),
      },
      ...webUiLinks(workflows),
      { name: 'Temporal', address, note: portNote(grpc.insteadOf) },
    ],
  };
};

/** Returns the Temporal variables for commands that run in another shell. */
const temporalVariables = (shellEnv: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(shellEnv).flatMap(([name, value]) =>
      name.startsWith('TEMPORAL_') && value ? [[name, value] as const] : [],
    ),
  );
