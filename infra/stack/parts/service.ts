/** Starts the API and the worker with the same programs as in production. */

import { shutdownTimeoutMs as apiStopWithinMs } from '../../../api/shutdown.ts';
import { workerEnvironment, workerNodeOptions } from '../../../workers/process-options.ts';
import { shutdownTimeoutMs as workerStopWithinMs } from '../../../workers/shutdown/timeouts.ts';
import type { Progress } from '../build-once.ts';
import { projectPath } from '../paths.ts';
import type { ChosenPort } from '../ports.ts';
import { preferredPorts } from '../ports.ts';
import { isHttpReady, nodeProgram, type Part, portNote, type StackContext } from './part.ts';

export interface ServicePorts {
  readonly api: ChosenPort;
  readonly metrics: ChosenPort;
}

/** Chooses the ports of the API and of the worker's metrics. */
export const chooseServicePorts = async ({ choosePort, shellEnv }: StackContext): Promise<ServicePorts> => ({
  api: await choosePort(Number(shellEnv.PORT) || preferredPorts['the API']),
  metrics: await choosePort(Number(shellEnv.WORKER_METRICS_PORT) || preferredPorts['worker metrics']),
});

/** Starts the API and waits until it is ready. */
export const startApiProcess = async (
  { supervisor }: StackContext,
  env: NodeJS.ProcessEnv,
  { port, insteadOf }: ChosenPort,
  progress: Progress,
): Promise<Part> => {
  progress('starting');
  const url = `http://127.0.0.1:${port}`;
  await supervisor.start({
    name: 'api',
    ...nodeProgram(projectPath('api/main.ts')),
    env,
    ready: () => isHttpReady(`${url}/readyz`),
    stopWithinMs: apiStopWithinMs + 5_000,
  });
  return {
    env: {},
    addresses: [
      { name: 'API', address: url, note: portNote(insteadOf) },
      { name: 'API reference', address: `${url}/docs` },
    ],
  };
};

/** Starts the worker and waits until it is ready. */
export const startWorkerProcess = async (
  { supervisor }: StackContext,
  env: NodeJS.ProcessEnv,
  { port, insteadOf }: ChosenPort,
  progress: Progress,
): Promise<Part> => {
  progress('starting');
  const url = `http://127.0.0.1:${port}`;
  await supervisor.start({
    name: 'worker',
    ...nodeProgram(projectPath('workers/main.ts'), workerNodeOptions),
    env: { ...env, ...workerEnvironment },
    ready: () => isHttpReady(`${url}/readyz`),
    stopWithinMs: workerStopWithinMs + 5_000,
  });
  return {
    env: {},
    addresses: [{ name: 'Worker metrics', address: `${url}/metrics`, note: portNote(insteadOf) }],
  };
};
