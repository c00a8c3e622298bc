import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildOnce } from './build-once.ts';

const setup = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'castmatch-build-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const said: string[] = [];
  return { folder, target: join(folder, 'tool'), said, progress: (line: string) => said.push(line) };
};

/** No process has this one: Linux ends at 2^22. */
const deadPid = '99999999';

describe('building into the cache', () => {
  it('happens once, however many ask at the same time', async () => {
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

  it('leaves nothing behind when it fails, and can be tried again', async () => {
    const { folder, target, progress } = await setup();
    const failing = buildOnce(target, progress, async (into) => {
      await writeFile(join(into, 'program'), 'half');
      throw new Error('the network went away');
    });
    await expect(failing).rejects.toThrow('the network went away');
    expect(await readdir(folder)).toEqual([]);
    await buildOnce(target, progress, (into) => writeFile(join(into, 'program'), 'whole'));
    expect(await readFile(join(target, 'program'), 'utf8')).toBe('whole');
  });

  it('takes over from a build whose process has died', async () => {
    const { target, progress } = await setup();
    await mkdir(`${target}.lock`, { recursive: true });
    await writeFile(join(`${target}.lock`, 'pid'), deadPid);
    await buildOnce(target, progress, (into) => writeFile(join(into, 'program'), 'works'));
    expect(await readFile(join(target, 'program'), 'utf8')).toBe('works');
  });

  it('waits for a build that is under way, and says so', async () => {
    const { target, said, progress } = await setup();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const first = buildOnce(target, progress, () => mayEnd);
    const second = buildOnce(
      target,
      (line) => {
        progress(line);
        end();
      },
      () => Promise.reject(new Error('built twice')),
    );
    await Promise.all([first, second]);
    expect(said).toEqual(['another process is getting it, waiting for that']);
  });
});
