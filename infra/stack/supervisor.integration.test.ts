import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pollUntil, startedAt } from './processes.ts';
import { type ChildSettings, createSupervisor } from './supervisor.ts';

const setup = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'castmatch-supervisor-'));
  const supervisor = createSupervisor(folder, async () => {});
  onTestFinished(async () => {
    await supervisor.stopAll([]);
    await rm(folder, { recursive: true });
  });
  const log = (name: string) => readFile(join(folder, `${name}.log`), 'utf8').catch(() => '');
  /** Returns a program that is ready when its log contains "ready". */
  const program = (name: string, script: string): ChildSettings => ({
    name,
    command: process.execPath,
    arguments: ['-e', script],
    ready: async () => (await log(name)).includes('ready'),
    readyWithinMs: 10_000,
  });
  return { folder, supervisor, log, program };
};

const isGone = async (pid: number) => (await startedAt(pid)) === undefined;
const runs = 'console.log("ready"); setInterval(() => {}, 1000);';

describe('a supervised child process', () => {
  it('is awaited until it is ready and writes to its own log and to stack.log', async () => {
    const { supervisor, program, folder } = await setup();
    const child = await supervisor.start(program('api', runs));
    expect(await isGone(child.pid)).toBe(false);
    const all = () => readFile(join(folder, 'stack.log'), 'utf8');
    expect(await pollUntil(async () => (await all()).includes('api | ready'), 5_000)).toBe(true);
    await supervisor.stop('api');
    expect(await isGone(child.pid)).toBe(true);
  });

  it('fails the start with its last lines when it ends before it is ready', async () => {
    const { supervisor, program } = await setup();
    const starting = supervisor.start(program('api', 'console.error("no database"); process.exit(3);'));
    await expect(starting).rejects.toThrow(/api ended with code 3[\s\S]*no database/);
  });

  it('fails the start when its program does not exist', async () => {
    const { supervisor, program } = await setup();
    const settings = { ...program('api', ''), command: '/nowhere/api' };
    await expect(supervisor.start(settings)).rejects.toThrow(/could not be started/);
  });

  it('is ended when it is not ready in time', async () => {
    const { supervisor, program } = await setup();
    let pid = 0;
    const never = { ...program('api', runs), ready: async () => false, readyWithinMs: 300 };
    const recording = createSupervisor((await setup()).folder, async (_name, started) => {
      pid = started;
    });
    await expect(recording.start(never)).rejects.toThrow('was not ready in time');
    expect(await isGone(pid)).toBe(true);
    await supervisor.stopAll([]);
  });

  it('is reported with its last lines when it ends unexpectedly', async () => {
    const { supervisor, program } = await setup();
    const child = await supervisor.start(
      program('worker', `process.on("SIGUSR2", () => { throw new Error("out of luck"); }); ${runs}`),
    );
    process.kill(child.pid, 'SIGUSR2');
    await expect(supervisor.failure).rejects.toThrow(/worker ended with code 1[\s\S]*out of luck/);
  });

  it('is killed with its own children when it ignores the stop signal', async () => {
    const { supervisor, program, log } = await setup();
    const script = `
      process.on("SIGTERM", () => {});
      const other = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      console.log("pid " + other.pid); ${runs}`;
    const child = await supervisor.start({ ...program('api', script), stopWithinMs: 200 });
    const grandchild = Number(/pid (\d+)/.exec(await log('api'))?.[1]);
    await supervisor.stop('api');
    expect(await isGone(child.pid)).toBe(true);
    expect(await pollUntil(() => isGone(grandchild), 5_000)).toBe(true);
  });

  it('can be stopped and restarted without a reported failure', async () => {
    const { supervisor, program } = await setup();
    const first = await supervisor.start(program('inbox', runs));
    await supervisor.stop('inbox');
    await supervisor.startAgain('inbox');
    expect(await isGone(first.pid)).toBe(true);
    expect(await Promise.race([supervisor.failure, Promise.resolve('none')])).toBe('none');
  });
});

describe('stopAll', () => {
  it('stops the children one after the other in the given order', async () => {
    const { supervisor, program, folder } = await setup();
    const script = 'process.on("SIGTERM", () => { console.log("bye"); process.exit(0); });';
    await Promise.all(['database', 'api'].map((name) => supervisor.start(program(name, script + runs))));
    await supervisor.stopAll(['api', 'database']);
    const all = async () => readFile(join(folder, 'stack.log'), 'utf8');
    expect(await pollUntil(async () => (await all()).includes('database | bye'), 5_000)).toBe(true);
    expect((await all()).indexOf('api | bye')).toBeLessThan((await all()).indexOf('database | bye'));
  });

  it('prevents further starts', async () => {
    const { supervisor, program } = await setup();
    await supervisor.stopAll([]);
    await expect(supervisor.start(program('late', runs))).rejects.toThrow('is being stopped');
  });
});
