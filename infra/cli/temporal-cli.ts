/**
 * `npm run temporal -- …`: the Temporal CLI, with the local stack as its server. With CASTMATCH_API_URL and
 * CASTMATCH_API_KEY (a key of an operator), it decrypts payloads through the codec server of the API.
 * https://docs.temporal.io/cli/cmd-options
 */
import { execa } from 'execa';
import { findTemporalCli } from '../stack/temporal-cli.ts';

const { CASTMATCH_API_URL: api, CASTMATCH_API_KEY: key } = process.env;
const codec =
  api && key ? { TEMPORAL_CODEC_ENDPOINT: `${api}/codec`, TEMPORAL_CODEC_AUTH: `Bearer ${key}` } : {};

const cli = await findTemporalCli();
if (cli === undefined) {
  console.error(
    'The Temporal CLI is not installed. `npm start` fetches it, or install it: https://docs.temporal.io/cli',
  );
  process.exitCode = 1;
} else {
  const { exitCode } = await execa(cli, process.argv.slice(2), {
    env: { ...codec, ...process.env },
    stdio: 'inherit',
    reject: false,
  });
  process.exitCode = exitCode ?? 1;
}
