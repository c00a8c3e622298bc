/**
 * `npm run conformance`: schemathesis compares the API with its OpenAPI document, as each of the three roles. Starts a stack
 * of its own, on free ports and without data, and stops it afterwards. Exit code 1 when a response deviates.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { execa } from 'execa';
import { z } from 'zod';
import { withStack } from '../stack/start.ts';
import { findSchemathesis } from './schemathesis.ts';
import { createSubjects } from './subjects.ts';

const roles = ['backend', 'operator', 'admin'] as const;

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('use a whole number');
  return Number(text);
};

const optionsSchema = z.object({ role: z.enum(roles).optional(), examples: z.int(), seed: z.int() });

const program = new Command('conformance')
  .description('Compares the API with its OpenAPI document, with schemathesis.')
  .addOption(new Option('--role <role>', 'one role instead of all three').choices(roles))
  .option('--examples <count>', 'requests per operation and phase', wholeNumber, 20)
  .option('--seed <seed>', 'seed of the generator, to repeat a run', wholeNumber, 1)
  .parse();
const { role, examples, seed } = optionsSchema.parse(program.opts());

const configuration = join(import.meta.dirname, 'schemathesis.toml');

const run = async (executable: string, dataFolder: string): Promise<number> =>
  withStack({ dataFolder, anyFreePort: true }, async ({ env, apiKeys }) => {
    const url = env['PUBLIC_URL'];
    if (url === undefined || apiKeys === undefined) throw new Error('the stack has no address or no keys');
    let isConformant = true;
    for (const one of role ? [role] : roles) {
      console.log(`\nconformance as ${one}`);
      const subjects = await createSubjects(url, apiKeys.admin);
      const { exitCode } = await execa(
        executable,
        [
          '--config-file',
          configuration,
          'run',
          `${url}/openapi.json`,
          '--header',
          `Authorization: Bearer ${apiKeys[one]}`,
          '--max-examples',
          String(examples),
          '--seed',
          String(seed),
        ],
        { reject: false, stdio: 'inherit', env: { ...subjects, PYTHONUTF8: '1' }, cwd: dataFolder },
      );
      isConformant &&= exitCode === 0;
    }
    return isConformant ? 0 : 1;
  });

const executable = await findSchemathesis(process.env);
if (executable === undefined) {
  console.error(
    [
      'schemathesis is not installed. Install it with Python 3.10 or newer, then run this command again:',
      '  python3 -m venv .cache/schemathesis && .cache/schemathesis/bin/pip install schemathesis',
      'Or set SCHEMATHESIS to the path of its executable.',
    ].join('\n'),
  );
  process.exit(1);
}
const dataFolder = await mkdtemp(join(tmpdir(), 'castmatch-conformance-'));
const exitCode = await run(executable, dataFolder);
await rm(dataFolder, { recursive: true, force: true });
process.exit(exitCode);
