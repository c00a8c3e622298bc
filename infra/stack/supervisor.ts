/**
 * Starts, watches and stops the child processes of the stack. Each child has its own process group, so that
 * Ctrl-C reaches only the stack, which stops the children in order. Each child writes to its own log file. A
 * readiness probe decides when a child has started.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pollUntil, signalGroup } from './processes.ts';

export interface ChildSettings {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** The readiness probe. It is repeated until it returns true. */
  readonly ready: () => Promise<boolean>;
  readonly readyWithinMs?: number;
  /** The signal for a graceful stop. Defaults to SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  readonly stopWithinMs?: number;
}

interface Child {
  readonly name: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Supervisor {
  /** Resolves when the child is ready. @throws {ChildFailed} when it ends before, or is not ready in time. */
  start(settings: ChildSettings): Promise<Child>;
  /** Rejects with `ChildFailed` when a child ends without having been stopped. */
  readonly failure: Promise<never>;
  /** Stops a child. Does nothing when the child is not running. */
  stop(name: string): Promise<void>;
  /** Restarts a child with the settings of its last start. */
  startAgain(name: string): Promise<void>;
  /** Stops the named children in the given order, then all others. No child can be started afterwards. */
  stopAll(order: readonly string[]): Promise<void>;
}

/** A child ended unexpectedly or was not ready in time. The message contains the last lines of its log. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';

  constructor(child: string, what: string, lastLines: readonly string[], logFile: string) {
    super([`${child} ${what}. The last lines of its log (${logFile}):`, ...lastLines].join('\n'));
  }
}

/** Creates a supervisor. `started` is called with the name and the pid of each new child. */
export const createSupervisor = (
  logFolder: string,
  started: (name: string, pid: number) => Promise<void>,
): Supervisor => {
  const settingsByName = new Map<string, ChildSettings>();
  const running = new Map<string, Child>();
  const combinedLog = lineFile(join(logFolder, 'stack.log'));
  const { promise: failure, reject: fail } = Promise.withResolvers<never>();
  // Prevents an unhandled rejection while no caller awaits `failure`.
  failure.catch(() => {});

  let closed = false;

  const start = async (settings: ChildSettings): Promise<Child> => {
    // Another start may still be pending when the stack is stopped. Its child must not outlive the stack.
    if (closed) throw new Error(`the stack is being stopped: ${settings.name} was not started`);
    const logFile = join(logFolder, `${settings.name}.log`);
    const launched = launch(settings, await lineFile(logFile), await combinedLog);
    const { child, ending } = launched;
    settingsByName.set(settings.name, settings);
    running.set(settings.name, child);
    await started(settings.name, child.pid);
    const inTime = await pollUntil(
      async () => launched.ended() || settings.ready(),
      settings.readyWithinMs ?? 60_000,
      100,
    );
    if (launched.ended() || !inTime) {
      const how = launched.ended() ? await ending : 'was not ready in time';
      await child.stop();
      throw new ChildFailed(settings.name, how, await lastLines(logFile), logFile);
    }
    const failWhenItEnds = async () => {
      const how = await ending;
      if (!launched.stopped()) fail(new ChildFailed(settings.name, how, await lastLines(logFile), logFile));
    };
    void failWhenItEnds();
    return child;
  };

  const stop = async (name: string): Promise<void> => {
    const child = running.get(name);
    await child?.stop();
    if (running.get(name) === child) running.delete(name);
  };

  return {
    start,
    failure,
    stop,
    async startAgain(name) {
      const settings = settingsByName.get(name);
      if (settings) await start(settings);
    },
    async stopAll(order) {
      closed = true;
      for (const name of order) await stop(name);
      await Promise.all([...running.keys()].map(stop));
      (await combinedLog).end();
    },
  };
};

const launch = (settings: ChildSettings, log: WriteStream, combinedLog: WriteStream) => {
  const child = spawn(settings.command, settings.arguments, {
    env: settings.env,
    uid: settings.uid,
    gid: settings.gid,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      log.write(`${line}\n`);
      combinedLog.write(`${settings.name} | ${line}\n`);
    });
  }
  let stopped = false;
  let hasEnded = false;
  const ending = new Promise<string>((resolve) => {
    const end = (how: string) => {
      hasEnded = true;
      log.end();
      resolve(how);
    };
    child.once('error', (error) => end(`could not be started: ${error.message}`));
    child.once('close', (code, signal) =>
      end(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    );
  });
  const pid = child.pid ?? 0;
  const stop = async (): Promise<void> => {
    stopped = true;
    if (pid !== 0) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(settings.stopSignal ?? 'SIGTERM');
        await pollUntil(() => hasEnded, settings.stopWithinMs ?? 10_000);
      }
      // Kills the remaining processes of the group, including its leader.
      await pollUntil(() => !signalGroup(pid, 'SIGKILL'), 5_000);
    }
    await ending;
  };
  return {
    child: { name: settings.name, pid, stop } satisfies Child,
    ending,
    ended: () => hasEnded,
    stopped: () => stopped,
  };
};

const lineFile = async (path: string): Promise<WriteStream> => {
  await mkdir(dirname(path), { recursive: true });
  return createWriteStream(path, { flags: 'a' });
};

const lastLines = async (path: string, count = 15): Promise<readonly string[]> =>
  (await readFile(path, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-count);
