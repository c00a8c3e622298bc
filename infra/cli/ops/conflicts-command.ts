/** `ops conflicts …`: shows and replaces the rules of an organization about conflicts (docs/conflicts.md). */
import { Command } from 'commander';
import { createOrganizations } from '../../../db/access/organizations.ts';
import { resolveCalendarReminders } from '../../../domain/audition/calendar-reminders.ts';
import {
  type OrganizationConflicts,
  organizationConflictsSchema,
  resolveConflictRules,
} from '../../../domain/audition/conflict-settings.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { checkZone } from '../../../domain/time/local-time.ts';
import { noteAct } from '../administrative-acts.ts';
import { withDatabase } from '../with-database.ts';
import { jsonOption } from './json-option.ts';
import { parseOrganizationId, unknownOrganization } from './organization-id.ts';

const parseSettings = jsonOption({
  schema: organizationConflictsSchema,
  what: 'the settings',
  // Refuses what a request with these settings would be refused for.
  check: (settings) => {
    resolveConflictRules({}, settings);
    resolveCalendarReminders(settings.calendarReminders ?? [], '/calendarReminders');
    for (const { zone } of settings.blackouts ?? []) checkZone(zone);
  },
});

/** Creates the command `ops conflicts`. */
export const conflictsCommand = (): Command => {
  const conflicts = new Command('conflicts').description(
    'what happens when a slot is not free, and what blocks a slot',
  );
  conflicts
    .command('show')
    .description('show the settings of an organization; what they omit has its default')
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .action((options: { organization: OrganizationId }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const organization = await createOrganizations(db).get(options.organization);
        if (!organization) throw unknownOrganization(options.organization);
        const settings = organization.conflicts ?? {};
        output.show(settings, () => JSON.stringify(settings, undefined, 2));
      }),
    );
  conflicts
    .command('set')
    .description('replace the settings; they hold for auditions that are requested from now on')
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .requiredOption('--settings <json>', 'the settings, for example {"policy":"propose"}', parseSettings)
    .action((options: { organization: OrganizationId; settings: OrganizationConflicts }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const { organization, settings } = options;
        if (!(await createOrganizations(db).setConflicts(organization, settings)))
          throw unknownOrganization(organization);
        await noteAct(db, 'npm run ops', {
          organization,
          act: 'conflicts.changed',
          target: organization,
          detail: settings,
        });
        output.show({ organization, settings }, () => 'The settings are stored.');
      }),
    );
  return conflicts;
};
