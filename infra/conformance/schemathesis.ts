/** Finds schemathesis, which is a program in Python and no dependency of this project. */
import { execa } from 'execa';
import { projectPath } from '../stack/paths.ts';

/** Returns its executable: `SCHEMATHESIS`, the project's cache, or the PATH; undefined when none of them runs. */
export const findSchemathesis = async ({ SCHEMATHESIS }: NodeJS.ProcessEnv): Promise<string | undefined> => {
  const candidates = SCHEMATHESIS
    ? [SCHEMATHESIS]
    : [projectPath('.cache/schemathesis/bin/schemathesis'), 'schemathesis'];
  for (const candidate of candidates) {
    const { exitCode } = await execa(candidate, ['--version'], { reject: false });
    if (exitCode === 0) return candidate;
  }
  return undefined;
};
