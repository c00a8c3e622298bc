/**
 * Sets the variables of the local stack, for the commands that package.json starts with `--import`. Uses the stack of
 * `npm start`, or else that of `npm run demo`. When neither runs, uses the variables of the last `npm start`, which name
 * an external database or server that still runs. Variables of the shell take precedence.
 */
import { loadEnvFile } from 'node:process';
import { environmentFilePath } from '../stack/environment-file.ts';
import { dataPath, exists } from '../stack/paths.ts';
import { isStackRunning } from '../stack/run-record.ts';

const demoRunsAlone = !(await isStackRunning(dataPath())) && (await isStackRunning(dataPath('demo')));
const file = environmentFilePath(demoRunsAlone ? dataPath('demo') : dataPath());
if (await exists(file)) {
  loadEnvFile(file);
  const isRunning = demoRunsAlone || (await isStackRunning(dataPath()));
  const stack = demoRunsAlone ? 'npm run demo' : 'npm start';
  // On standard error: the commands print what a program reads on standard output.
  console.error(`Using the stack of \`${stack}\`${isRunning ? '' : ', which does not run now'}.`);
}
