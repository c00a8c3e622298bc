/** `npm run temporal -- …`: the Temporal CLI, with the local stack as its server. */
import { execa } from 'execa';
import { temporalCliEnvironment } from '../../foundation/configuration/cli-configuration.ts';
import { findTemporalCli } from '../stack/temporal-cli.ts';

const cli = await findTemporalCli();
if (cli === undefined) {
  console.error(
    'The Temporal CLI is not installed. `npm start` fetches it, or install it: https://docs.temporal.io/cli',
  );
  process.exitCode = 1;
} else {
  const { exitCode } = await execa(cli, process.argv.slice(2), {
    env: temporalCliEnvironment(),
    stdio: 'inherit',
    reject: false,
  });
  process.exitCode = exitCode ?? 1;
}
