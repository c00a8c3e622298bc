/** Installs a program in Python into the cache of the project, for tests that use it where Python and its registry are there. */
import { execa } from 'execa';
import { cachePath } from '../infra/stack/paths.ts';

const timeout = 180_000;

/** Returns the folder of its executables; undefined when Python or the registry is missing. Installs it once. */
export const pythonTool = async (requirement: string, executable: string): Promise<string | undefined> => {
  const folder = cachePath('python', executable);
  const isThere = async () =>
    (await execa(`${folder}/bin/${executable}`, ['--version'], { reject: false })).exitCode === 0;
  if (!(await isThere())) {
    const options = { reject: false, timeout } as const;
    await execa('python3', ['-m', 'venv', folder], options);
    await execa(`${folder}/bin/pip`, ['install', '--quiet', '--retries', '1', requirement], options);
  }
  return (await isThere()) ? `${folder}/bin` : undefined;
};
