/**
 * `ops suppressions …`: shows to which participants no email is sent, and lifts a suppression. Uses the database directly:
 * it contains keyed hashes of the addresses, so the operator must name the address, and lifting needs the master keys.
 */
import { Command, InvalidArgumentError } from 'commander';
import { createAddressHashes } from '../../../db/auditions/address-hashes.ts';
import { createSuppressions } from '../../../db/auditions/suppressions.ts';
import type { Database } from '../../../db/client.ts';
import { createVault } from '../../../db/vault/envelope-encryption.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { loadVaultConfiguration } from '../../../foundation/configuration/configuration.ts';
import { createKeyWrapping } from '../../../foundation/encryption/configured-wrapping.ts';
import { noteAct } from '../administrative-acts.ts';
import { renderTable } from '../table.ts';
import { withDatabase } from '../with-database.ts';
import { CommandFailed } from './http-client.ts';
import { parseOrganizationId } from './organization-id.ts';

const emailAddress = (text: string): string => {
  if (/^\S+@\S+$/.test(text)) return text;
  throw new InvalidArgumentError('write the address as name@example.com');
};

/** The list needs no key. */
const withoutKeys = (): Promise<never> => Promise.reject(new Error('addresses are not looked up in a list'));

const openSuppressions = (db: Database, keys: Database) =>
  createSuppressions(db, createAddressHashes(createVault(keys, createKeyWrapping(loadVaultConfiguration()))));

/** Creates the command `ops suppressions`. */
export const suppressionsCommand = (): Command => {
  const suppressions = new Command('suppressions').description(
    'email addresses to which nothing is sent, because a message bounced for good or was reported as spam',
  );
  suppressions
    .command('list')
    .description(
      'list the suppressions of an organization, newest first, with the participant of the message',
    )
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .action((options: { organization: OrganizationId }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const all = await createSuppressions(db, createAddressHashes({ code: withoutKeys })).list(
          options.organization,
        );
        output.show(all, () =>
          all.length === 0
            ? 'No address is suppressed.'
            : renderTable(
                ['audition', 'participant', 'reason', 'since'],
                all.map(({ auditionId, participant, reason, since }) => [
                  auditionId ?? 'no longer stored',
                  participant ?? '',
                  reason,
                  since,
                ]),
              ),
        );
      }),
    );
  suppressions
    .command('lift')
    .description('send to an address again; retry the attention items that wait for it afterwards')
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .requiredOption('--address <email>', 'the email address', emailAddress)
    .action((options: { organization: OrganizationId; address: string }, command: Command) =>
      withDatabase(command, async (db, output, keys) => {
        const { organization, address } = options;
        if (!(await openSuppressions(db, keys).lift(organization, address)))
          throw new CommandFailed(`The address is not suppressed in ${organization}. Check its spelling.`);
        await noteAct(db, 'npm run ops', {
          organization,
          act: 'suppression.lifted',
          target: 'email address',
        });
        output.show({ organization, lifted: true }, () => 'The suppression is lifted.');
      }),
    );
  return suppressions;
};
