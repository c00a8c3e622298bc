/** Starts a worker as a process that a test can kill. */
import { execa } from 'execa';
import { eventually } from './eventually.ts';
import { findFreePort } from './free-port.ts';

export interface WorkerProcess {
  /** The address of the metrics of the process. */
  readonly metricsUrl: string;
  /** Kills the process with SIGKILL: it cannot finish anything. */
  kill(): Promise<void>;
  /** Sends SIGTERM, and waits until the process has finished its tasks and exited. */
  stop(): Promise<void>;
}

/** Resolves when the health check of the program reports that it is ready. */
export const startWorkerProcess = async (
  program: string,
  env: NodeJS.ProcessEnv,
  onPrinted: (text: string) => void,
): Promise<WorkerProcess> => {
  const port = await findFreePort();
  const child = execa(process.execPath, [program], {
    env: { ...env, WORKER_METRICS_PORT: String(port) },
    all: true,
    reject: false,
  });
  child.all.setEncoding('utf8').on('data', onPrinted);
  const isReady = async () => {
    if (child.exitCode !== null)
      throw new Error(`the worker exited before it was ready: ${(await child).all}`);
    return fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await eventually(isReady, 60_000);
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    await child;
  };
  return {
    metricsUrl: `http://127.0.0.1:${port}/metrics`,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
};
