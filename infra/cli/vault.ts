/**
 * `npm run vault -- …`: shows and rotates the master keys of stored credentials. `--help` lists the commands.
 */
import { Command } from 'commander';
import type { Database } from '../../db/client.ts';
import { createMasterKeyRotation, MasterKeysMissing } from '../../db/vault/rotation.ts';
import { ConfigurationError, loadVaultConfiguration } from '../../foundation/configuration/configuration.ts';
import { KmsFailure } from '../../foundation/encryption/aws-kms.ts';
import { createKeyWrapping } from '../../foundation/encryption/configured-wrapping.ts';
import { noteAct } from './administrative-acts.ts';
import { type Output } from './output.ts';
import { runProgram } from './run-program.ts';
import { renderTable } from './table.ts';
import { DatabaseUnreachable, withDatabase } from './with-database.ts';

interface Work {
  readonly db: Database;
  readonly rotation: ReturnType<typeof createMasterKeyRotation>;
  readonly newest: string;
  readonly output: Output;
}

const withVault = async (command: Command, work: (parts: Work) => Promise<void>): Promise<void> => {
  const access = loadVaultConfiguration();
  const wrapping = createKeyWrapping(access);
  await withDatabase(
    command,
    (db, output, keys) =>
      work({ db, rotation: createMasterKeyRotation(keys, wrapping), newest: wrapping.newestKeyId, output }),
    { ...access, poolSize: 10, applicationName: 'castmatch-vault' },
  );
};

/** SIGINT and SIGTERM stop the rotation after the current batch. */
const stopSignal = (): AbortSignal => {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
  return stopping.signal;
};

const statusCommand = (): Command =>
  new Command('status')
    .description('count the data keys under each master key')
    .action((_options: object, command: Command) =>
      withVault(command, async ({ rotation, newest, output }) => {
        const masterKeys = await rotation.status();
        output.show({ newest, masterKeys }, () =>
          [
            renderTable(
              ['master key', 'data keys', ''],
              masterKeys.map(({ masterKeyId, keys, isKnown }) => [
                masterKeyId,
                String(keys),
                masterKeyId === newest ? 'the newest' : isKnown ? 'to be rotated' : 'NOT CONFIGURED',
              ]),
            ),
            `The newest master key is "${newest}".`,
          ].join('\n'),
        );
      }),
    );

const rotateCommand = (): Command =>
  new Command('rotate')
    .description(
      'rewrap every data key under the newest master key; the service can keep running, and the rotation can be stopped and started again',
    )
    .action((_options: object, command: Command) =>
      withVault(command, async ({ db, rotation, newest, output }) => {
        const signal = stopSignal();
        const rotated = await rotation.rotate({
          signal,
          progress: (done) => process.stderr.write(`${done.rewrapped} of ${done.of}\n`),
        });
        const { rewrapped, remaining, unreadable } = rotated;
        await noteAct(db, 'npm run vault', {
          organization: undefined,
          act: 'vault.rotated',
          target: newest,
          detail: { rewrapped, remaining, unreadable: unreadable.length },
        });
        if (unreadable.length > 0) process.exitCode = 1;
        output.show({ newest, ...rotated }, () =>
          [
            `Wrapped ${rewrapped} data keys under "${newest}".`,
            ...unreadable.map((id) => `Not readable, left unchanged: ${id}`),
            remaining === 0
              ? 'No data key is left under another master key.'
              : `${remaining} data keys are left: run the command again.`,
          ].join('\n'),
        );
      }),
    );

const program = new Command('vault')
  .description('Shows and rotates the master keys that stored credentials are encrypted under.')
  .option('--json', 'print JSON instead of tables')
  .addCommand(statusCommand())
  .addCommand(rotateCommand())
  .showHelpAfterError();

const isExpected = (error: unknown): error is Error =>
  error instanceof MasterKeysMissing ||
  error instanceof ConfigurationError ||
  error instanceof KmsFailure ||
  error instanceof DatabaseUnreachable;

await runProgram(program, isExpected);
