/**
 * `ops keys …`: manages API keys. Uses the database directly, because the first key cannot be created through
 * the API.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { type ApiKeyHolder, type ApiRole, apiRoles, createApiKeys } from '../../../db/access/api-keys.ts';
import { createOrganizations } from '../../../db/access/organizations.ts';
import type { Database } from '../../../db/client.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { noteAct } from '../administrative-acts.ts';
import { instantToMinute } from '../output.ts';
import { renderTable } from '../table.ts';
import { withDatabase } from '../with-database.ts';
import { CommandFailed } from './http-client.ts';
import { parseOrganizationId, unknownOrganization } from './organization-id.ts';

const label = (text: string): string => {
  if (/^[\x20-\x7e]{1,100}$/.test(text)) return text;
  throw new InvalidArgumentError('use 1 to 100 printable ASCII characters');
};

const note = async (
  db: Database,
  act: 'key.created' | 'key.revoked',
  { id, organization, role, label: called }: ApiKeyHolder & { readonly id: string },
): Promise<void> =>
  noteAct(db, 'npm run ops', { organization, act, target: id, detail: { role, label: called } });

/** Creates the command `ops keys`. */
export const keysCommand = (): Command => {
  const keys = new Command('keys').description('API keys');
  keys
    .command('create')
    .description('create a key; its secret is shown once and never stored')
    .requiredOption(
      '--organization <id>',
      'the organization whose auditions the key can access',
      parseOrganizationId,
    )
    .addOption(
      new Option('--role <role>', 'the permissions of the key').choices(apiRoles).makeOptionMandatory(),
    )
    .requiredOption('--label <text>', 'the name of the key in the audit trail', label)
    .action((options: { organization: OrganizationId; role: ApiRole; label: string }, command: Command) =>
      withDatabase(command, async (db, output) => {
        if (!(await createOrganizations(db).get(options.organization)))
          throw unknownOrganization(options.organization);
        const { id, secret } = await createApiKeys(db).create(options);
        await note(db, 'key.created', { id, ...options });
        output.show(
          { id, secret, ...options },
          () => `${id}, ${options.role} of ${options.organization}:\n${secret}`,
        );
      }),
    );
  keys
    .command('list')
    .description('list the keys, newest first')
    .option('--organization <id>', 'keys of one organization', parseOrganizationId)
    .action((options: { organization?: OrganizationId }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const all = await createApiKeys(db).list(options.organization);
        output.show(all, () =>
          renderTable(
            ['key', 'organization, label', 'role', 'created, last used', 'revoked'],
            all.map(({ id, organization, role, label: called, createdAt, lastUsedAt, revokedAt }) => [
              id,
              `${organization}\n${called}`,
              role,
              `${instantToMinute(createdAt)}\n${lastUsedAt === undefined ? 'never' : instantToMinute(lastUsedAt)}`,
              revokedAt === undefined ? 'no' : instantToMinute(revokedAt),
            ]),
          ),
        );
      }),
    );
  keys
    .command('revoke')
    .description('revoke a key permanently; its next request is refused')
    .argument('<id>', 'the id of the key, as in the list')
    .action((id: string, _options: object, command: Command) =>
      withDatabase(command, async (db, output) => {
        const revoked = await createApiKeys(db).revoke(id);
        if (!revoked)
          throw new CommandFailed(`There is no key ${id}. List the keys with: npm run ops -- keys list`);
        await note(db, 'key.revoked', revoked);
        output.show(revoked, () => `${id}, "${revoked.label}" of ${revoked.organization}, is revoked.`);
      }),
    );
  return keys;
};
