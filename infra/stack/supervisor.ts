/**
 * The stack's child processes: each in a process group of its own, so that Ctrl-C reaches only the stack and the
 * stack takes the others down in order; each with its output in a file; each awaited by a probe, never by a pause.
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
  /** Asked until it says yes. */
  readonly ready: () => Promise<boolean>;
  readonly readyWithinMs?: number;
  /** SIGTERM unless the program wants another one to end in good order. */
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
  /** Rejects with `ChildFailed` when a child ends that nobody stopped. */
  readonly failure: Promise<never>;
  /** Nothing happens when it does not run. */
  stop(name: string): Promise<void>;
  /** Starts a child again with the settings it was last started with. */
  startAgain(name: string): Promise<void>;
  /** Everything, in the order given, then whatever is left. Never throws. */
  stopAll(order: readonly string[]): Promise<void>;
}

export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';

  constructor(child: string, what: string, lastLines: readonly string[], logFile: string) {
    super([`${child} ${what}. Its last lines (all of them are in ${logFile}):`, ...lastLines].join('\n'));
  }
}

export const createSupervisor = (
  logFolder: string,
  started: (name: string, pid: number) => Promise<void>,
): Supervisor => {
  const known = new Map<string, ChildSettings>();
  const running = new Map<string, Child>();
  const everything = lineFile(join(logFolder, 'stack.log'));
  const { promise: failure, reject: fail } = Promise.withResolvers<never>();
  // Whoever awaits `failure` hears of it; until somebody does, it is no crash of the stack itself.
  failure.catch(() => {});

  let closed = false;

  const start = async (settings: ChildSettings): Promise<Child> => {
    // Others may still be on their way when one has failed: they must not outlive the stack.
    if (closed) throw new Error(`the stack is being stopped: ${settings.name} is not started`);
    const logFile = join(logFolder, `${settings.name}.log`);
    const launched = launch(settings, await lineFile(logFile), await everything);
    const { child, ending } = launched;
    known.set(settings.name, settings);
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
      const settings = known.get(name);
      if (settings) await start(settings);
    },
    async stopAll(order) {
      closed = true;
      for (const name of order) await stop(name);
      await Promise.all([...running.keys()].map(stop));
      (await everything).end();
    },
  };
};

const launch = (settings: ChildSettings, log: WriteStream, everything: WriteStream) => {
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
      everything.write(`${settings.name} | ${line}\n`);
    });
  }
  let stopped = false;
  let over = false;
  const ending = new Promise<string>((resolve) => {
    const end = (how: string) => {
      over = true;
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
        await pollUntil(() => over, settings.stopWithinMs ?? 10_000);
      }
      // Whatever is left of the group, the leader included.
      await pollUntil(() => !signalGroup(pid, 'SIGKILL'), 5_000);
    }
    await ending;
  };
  return {
    child: { name: settings.name, pid, stop } satisfies Child,
    ending,
    ended: () => over,
    stopped: () => stopped,
  };
};

const lineFile = async (path: string): Promise<WriteStream> => {
  await mkdir(dirname(path), { recursive: true });
  return createWriteStream(path, { flags: 'a' });
};

const lastLines = async (path: string, count = 15): Promise<readonly string[]> =>
  (await readFile(path, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-count);
