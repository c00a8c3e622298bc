/** Runs a server as a process that a test can kill, pause, and start again at the same address. */
import { setTimeout as pause } from 'node:timers/promises';
import { execa, type Options, type ResultPromise } from 'execa';
import { pollUntil, startedAt } from '../../infra/stack/processes.ts';

export interface KillableProcess {
  readonly name: string;
  /** Starts the program and waits until it is ready. A start that fails is repeated, as a supervisor does. */
  start(): Promise<void>;
  /** Kills the program and its children with SIGKILL: it cannot finish anything. */
  kill(): Promise<void>;
  /** Stops the program and its children with SIGSTOP for some milliseconds: connections stay open and silent. */
  suspend(ms: number): Promise<void>;
  /** Returns the last output. */
  output(): string;
}

export interface KillableProgram {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly options?: Pick<Options, 'uid' | 'gid' | 'cwd' | 'env'>;
  isReady(): Promise<boolean>;
  /** Runs before each start. */
  prepare?(): Promise<void>;
}

const readyWithinMs = 90_000;
const keptOutput = 8_000;

/** Returns the process and its children. PostgreSQL's children are in process groups of their own. */
const processTree = async (pid: number): Promise<readonly number[]> => {
  const { stdout } = await execa('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return [pid, ...rows.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))];
};

/** Sends a signal to processes that can have exited. */
const signalEach = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has exited.
    }
  }
};

/** Stops a process and its children for some milliseconds. */
const suspendTree = async (pid: number, ms: number): Promise<void> => {
  const tree = await processTree(pid);
  signalEach(tree, 'SIGSTOP');
  await pause(ms);
  signalEach(tree, 'SIGCONT');
};

/** Creates the process. It does not run yet. */
export const createKillableProcess = (program: KillableProgram): KillableProcess => {
  let child: ResultPromise | undefined;
  let output = '';

  const spawn = (): ResultPromise => {
    const spawned = execa(program.command, program.arguments, {
      ...program.options,
      reject: false,
      all: true,
      buffer: false,
    });
    spawned.all?.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(-keptOutput);
    });
    return spawned;
  };
  const hasExited = () => !child || child.exitCode !== null || child.signalCode !== null;

  return {
    name: program.name,
    async start() {
      const deadline = Date.now() + readyWithinMs;
      while (Date.now() < deadline) {
        await program.prepare?.();
        child = spawn();
        await pollUntil(async () => hasExited() || (await program.isReady()), deadline - Date.now(), 100);
        if (!hasExited()) return;
        await pause(200);
      }
      throw new Error(`${program.name} did not start:\n${output}`);
    },
    async kill() {
      const { pid } = child ?? {};
      if (pid === undefined) return;
      const tree = await processTree(pid);
      signalEach(tree, 'SIGKILL');
      await pollUntil(async () => (await Promise.all(tree.map(startedAt))).every((at) => !at), 10_000);
      await child;
    },
    async suspend(ms) {
      if (child?.pid !== undefined) await suspendTree(child.pid, ms);
    },
    output: () => output,
  };
};
