import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildOnce } from './build-once.ts';

const setup = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'castmatch-build-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const lines: string[] = [];
  return { folder, target: join(folder, 'tool'), lines, progress: (line: string) => lines.push(line) };
};

/** A process id that never exists: the maximum on Linux is 2^22. */
const deadPid = '99999999';

describe('buildOnce', () => {
  it('builds once when called several times simultaneously', async () => {
    const { target, progress } = await setup();
    let builds = 0;
    const build = async (into: string) => {
      builds += 1;
      await writeFile(join(into, 'program'), 'works');
    };
    await Promise.all([1, 2, 3].map(() => buildOnce(target, progress, build)));
    expect(builds).toBe(1);
    expect(await readFile(join(target, 'program'), 'utf8')).toBe('works');
  });

  it('removes its files after a failure and can be called again', async () => {
    const { folder, target, progress } = await setup();
    const failing = buildOnce(target, progress, async (into) => {
      await writeFile(join(into, 'program'), 'half');
      throw new Error('the network failed');
    });
    await expect(failing).rejects.toThrow('the network failed');
    expect(await readdir(folder)).toEqual([]);
    await buildOnce(target, progress, (into) => writeFile(join(into, 'program'), 'whole'));
    expect(await readFile(join(target, 'program'), 'utf8')).toBe('whole');
  });

  it('takes over the lock of a process that no longer exists', async () => {
    const { target, progress } = await setup();
    await mkdir(`${target}.lock`, { recursive: true });
    await writeFile(join(`${target}.lock`, 'pid'), deadPid);
    await buildOnce(target, progress, (into) => writeFile(join(into, 'program'), 'works'));
    expect(await readFile(join(target, 'program'), 'utf8')).toBe('works');
  });

  it('waits for a build of another process and reports that', async () => {
    const { target, lines, progress } = await setup();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
    const first = buildOnce(target, progress, () => {
      begin();
      return mayEnd;
    });
    await hasBegun;
    const second = buildOnce(
      target,
      (line) => {
        progress(line);
        end();
      },
      () => Promise.reject(new Error('built twice')),
    );
    await Promise.all([first, second]);
    expect(lines).toEqual(['waiting for another process that is fetching it']);
  });
});
