import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pollUntil, startedAt } from './processes.ts';
import { claimRun, isStackRunning } from './run-record.ts';

const setup = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'castmatch-run-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return { folder, file: join(folder, 'stack.json') };
};

const startProcess = async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    detached: true,
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  return { pid, startedAt: (await startedAt(pid)) ?? '' };
};

const dead = { name: 'stack', pid: 99_999_999, startedAt: '1' };

describe('claimRun', () => {
  it('rejects a second stack with the addresses of the first', async () => {
    const { folder } = await setup();
    const record = await claimRun(folder);
    await record.setAddresses({ API: 'http://127.0.0.1:3000' });
    await expect(claimRun(folder)).rejects.toThrow(/running on[\s\S]*API: http:\/\/127\.0\.0\.1:3000/);
    await record.release();
    await (await claimRun(folder)).release();
  });

  it('reports a stack as running from the end of its start until it is stopped', async () => {
    const { folder } = await setup();
    expect(await isStackRunning(folder)).toBe(false);
    const record = await claimRun(folder);
    expect(await isStackRunning(folder)).toBe(false);
    await record.setAddresses({ API: 'http://127.0.0.1:3000' });
    expect(await isStackRunning(folder)).toBe(true);
    await record.release();
    expect(await isStackRunning(folder)).toBe(false);
  });

  it('does not report a killed stack as running', async () => {
    const { folder, file } = await setup();
    await writeFile(
      file,
      JSON.stringify({ stack: dead, children: [], addresses: { API: 'http://127.0.0.1:3000' } }),
    );
    expect(await isStackRunning(folder)).toBe(false);
  });

  it('ends the processes of a killed stack', async () => {
    const { folder, file } = await setup();
    const orphan = await startProcess();
    await writeFile(
      file,
      JSON.stringify({ stack: dead, children: [{ name: 'api', ...orphan }], addresses: {} }),
    );
    const record = await claimRun(folder);
    expect(record.cleanedUp).toEqual(['api']);
    expect(await pollUntil(async () => (await startedAt(orphan.pid)) === undefined, 5_000)).toBe(true);
    await record.release();
  });

  it('does not end a process that reuses the pid of an earlier one', async () => {
    const { folder, file } = await setup();
    const { pid, startedAt: began } = await startProcess();
    const earlier = { name: 'api', pid, startedAt: `${began}0` };
    await writeFile(
      file,
      JSON.stringify({ stack: { ...earlier, name: 'stack' }, children: [earlier], addresses: {} }),
    );
    const record = await claimRun(folder);
    expect(record.cleanedUp).toEqual([]);
    expect(await startedAt(pid)).toBe(began);
    await record.release();
  });

  it('replaces an unreadable record', async () => {
    const { folder, file } = await setup();
    await writeFile(file, '{"stack":');
    const record = await claimRun(folder);
    await record.addChild('api', process.pid);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      children: [{ name: 'api', pid: process.pid }],
    });
    await record.release();
  });
});
