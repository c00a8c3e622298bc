/** `ops meetings …`: shows and replaces the hosts and the settings of an organization's meetings (docs/meetings.md). */
import { Command } from 'commander';
import { createOrganizations } from '../../../db/access/organizations.ts';
import type { Database } from '../../../db/client.ts';
import {
  createMeetingPreferences,
  type MeetingPreferences,
} from '../../../db/meetings/meeting-preferences.ts';
import { createVault } from '../../../db/vault/envelope-encryption.ts';
import {
  checkOrganizationMeetings,
  type OrganizationMeetings,
  organizationMeetingsSchema,
} from '../../../domain/audition/organization-meetings.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { loadVaultConfiguration } from '../../../foundation/configuration/configuration.ts';
import { createKeyWrapping } from '../../../foundation/encryption/configured-wrapping.ts';
import { noteAct } from '../administrative-acts.ts';
import type { Output } from '../output.ts';
import { withDatabase } from '../with-database.ts';
import { jsonOption } from './json-option.ts';
import { parseOrganizationId, unknownOrganization } from './organization-id.ts';

const parseSettings = jsonOption({
  schema: organizationMeetingsSchema,
  what: 'the settings',
  check: checkOrganizationMeetings,
});

interface Work {
  readonly db: Database;
  readonly preferences: MeetingPreferences;
  readonly output: Output;
}

/** The settings are sealed, so the command needs the master keys. */
const withPreferences = async (command: Command, work: (parts: Work) => Promise<void>): Promise<void> => {
  const access = loadVaultConfiguration();
  const wrapping = createKeyWrapping(access);
  await withDatabase(
    command,
    (db, output, keys) =>
      work({ db, preferences: createMeetingPreferences(db, createVault(keys, wrapping)), output }),
    { ...access, poolSize: 2, applicationName: 'castmatch-ops' },
  );
};

/** Creates the command `ops meetings`. */
export const meetingsCommand = (): Command => {
  const meetings = new Command('meetings').description(
    'who hosts the meetings of an organization, and the settings of its meetings',
  );
  meetings
    .command('show')
    .description('show the settings of an organization')
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .action((options: { organization: OrganizationId }, command: Command) =>
      withPreferences(command, async ({ db, preferences, output }) => {
        if (!(await createOrganizations(db).get(options.organization)))
          throw unknownOrganization(options.organization);
        const settings = (await preferences.get(options.organization)) ?? {};
        output.show(settings, () => JSON.stringify(settings, undefined, 2));
      }),
    );
  meetings
    .command('set')
    .description(
      'replace the settings; the hosts hold for every meeting that is created from now on, the templates for auditions that are requested from now on',
    )
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .requiredOption(
      '--settings <json>',
      'the settings, for example {"hosts":{"zoom":[{"kind":"connection","connection":"conn_1"}]}}',
      parseSettings,
    )
    .action((options: { organization: OrganizationId; settings: OrganizationMeetings }, command: Command) =>
      withPreferences(command, async ({ db, preferences, output }) => {
        const { organization, settings } = options;
        if (!(await preferences.set(organization, settings))) throw unknownOrganization(organization);
        await noteAct(db, 'npm run ops', {
          organization,
          act: 'meetings.changed',
          target: organization,
          detail: actDetailOf(settings),
        });
        output.show({ organization, settings }, () => 'The settings are stored.');
      }),
    );
  return meetings;
};

/** Acts are kept forever, so they contain no addresses: only how many hosts there are, and which settings are set. */
const actDetailOf = ({ hosts = {}, templates = {} }: OrganizationMeetings) => ({
  hosts: Object.fromEntries(
    Object.entries(hosts).map(([provider, ofProvider]) => [provider, ofProvider.length]),
  ),
  templates: Object.fromEntries(
    Object.entries(templates).map(([round, settings]) => [round, Object.keys(settings ?? {})]),
  ),
});
