/** A worker as a process of its own, which can be killed. */
import { execa } from 'execa';
import getPort from 'get-port';
import { eventually } from './eventually.ts';

export interface WorkerProcess {
  /** SIGKILL: no goodbye of any kind. */
  kill(): Promise<void>;
  /** SIGTERM, and waits until it has finished what it holds. */
  stop(): Promise<void>;
}

/** Resolves when the program says on its health port that it is ready. */
export const startWorkerProcess = async (
  program: string,
  env: NodeJS.ProcessEnv,
  onPrinted: (text: string) => void,
): Promise<WorkerProcess> => {
  const port = await getPort();
  const child = execa(process.execPath, [program], {
    env: { ...env, WORKER_METRICS_PORT: String(port) },
    all: true,
    reject: false,
  });
  child.all.setEncoding('utf8').on('data', onPrinted);
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`the worker ended: ${(await child).all}`);
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
  return { kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
};
