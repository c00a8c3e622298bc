/** `ops meeting-backup …`: how auditions take place when no provider can make their meetings (docs/runbooks/providers.md). */
import { Command } from 'commander';
import { createOrganizations } from '../../../db/access/organizations.ts';
import { type MeetingBackup, meetingBackupSchema } from '../../../domain/audition/meeting-backup.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { noteAct } from '../administrative-acts.ts';
import { withDatabase } from '../with-database.ts';
import { jsonOption } from './json-option.ts';
import { parseOrganizationId, unknownOrganization } from './organization-id.ts';

const parseBackup = jsonOption({ schema: meetingBackupSchema, what: 'the plan' });

/** Stores or removes the plan, with an administrative act. */
const store = (
  organization: OrganizationId,
  backup: MeetingBackup | undefined,
  command: Command,
): Promise<void> =>
  withDatabase(command, async (db, output) => {
    if (!(await createOrganizations(db).setMeetingBackup(organization, backup)))
      throw unknownOrganization(organization);
    await noteAct(db, 'npm run ops', {
      organization,
      act: backup ? 'meeting_backup.changed' : 'meeting_backup.removed',
      target: organization,
    });
    output.show({ organization, backup: backup ?? null }, () =>
      backup ? 'The plan is stored.' : 'The plan is removed.',
    );
  });

/** Creates the command `ops meeting-backup`. */
export const meetingBackupCommand = (): Command => {
  const group = new Command('meeting-backup').description(
    'how auditions take place when no provider can make their meetings',
  );
  group
    .command('show')
    .description('show the plan of an organization')
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .action((options: { organization: OrganizationId }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const organization = await createOrganizations(db).get(options.organization);
        if (!organization) throw unknownOrganization(options.organization);
        const { meetingBackup } = organization;
        output.show(meetingBackup ?? null, () =>
          meetingBackup ? JSON.stringify(meetingBackup, undefined, 2) : 'The organization has no plan.',
        );
      }),
    );
  group
    .command('set')
    .description('replace the plan; it holds for auditions that are requested from now on')
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .requiredOption(
      '--plan <json>',
      'phone, place and text, for example {"phone":"+33 1 23 45 67 89, code 4711"}',
      parseBackup,
    )
    .action((options: { organization: OrganizationId; plan: MeetingBackup }, command: Command) =>
      store(options.organization, options.plan, command),
    );
  group
    .command('remove')
    .description('remove the plan')
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .action((options: { organization: OrganizationId }, command: Command) =>
      store(options.organization, undefined, command),
    );
  return group;
};
