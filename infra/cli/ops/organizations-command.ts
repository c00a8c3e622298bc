/**
 * `ops organizations …`: creates organizations, and changes their meeting providers, the calendar of their Google Meet
 * meetings and their budgets. Uses the database directly, because the first API key belongs to an organization that exists.
 */
import { randomUUID } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import {
  createOrganizations,
  type Organization,
  type OrganizationChange,
} from '../../../db/access/organizations.ts';
import type { Database } from '../../../db/client.ts';
import { createHoldReasons } from '../../../db/recordings/hold-reasons.ts';
import { createRecordingHolds } from '../../../db/recordings/recording-holds.ts';
import { commandPrincipal } from '../../../domain/audition/principal.ts';
import { connectionIdSchema, type OrganizationId } from '../../../domain/ids.ts';
import { type MeetingProviderName, meetingProviders } from '../../../domain/providers/vendors.ts';
import { readMessageLimits } from '../../../foundation/configuration/message-limits.ts';
import { noteAct } from '../administrative-acts.ts';
import { renderTable } from '../table.ts';
import { withDatabase } from '../with-database.ts';
import { CommandFailed } from './http-client.ts';
import {
  type GrantedCountries,
  type LimitOption,
  parseBudget,
  parseCountries,
  readBudgets,
} from './message-limits.ts';
import { parseOrganizationId, unknownOrganization } from './organization-id.ts';

/** @throws {InvalidArgumentError} */
const parseName = (text: string): string => {
  const name = text.trim();
  if (name.length > 0 && name.length <= 100) return name;
  throw new InvalidArgumentError('use 1 to 100 characters');
};

const providersSchema = z.array(z.enum(meetingProviders)).min(1);

/** @throws {InvalidArgumentError} */
const parseProviders = (text: string): readonly MeetingProviderName[] => {
  const names = text.split(',').map((name) => name.trim());
  const parsed = providersSchema.safeParse(names);
  if (parsed.success && new Set(names).size === names.length) return parsed.data;
  throw new InvalidArgumentError(
    `list each of these at most once, in the order in which they are tried: ${meetingProviders.join(',')}`,
  );
};

interface MeetCalendarOption {
  /** Null removes the calendar. Commander would replace an option that is null itself. */
  readonly calendar: Organization['meetCalendar'] | null;
}

/** @throws {InvalidArgumentError} */
const parseMeetCalendar = (text: string): MeetCalendarOption => {
  if (text === 'none') return { calendar: null };
  const [connection = '', ...calendar] = text.split(':');
  const parsed = connectionIdSchema.safeParse(connection);
  const calendarId = calendar.join(':').trim();
  if (parsed.success && calendarId !== '') return { calendar: { connection: parsed.data, calendarId } };
  throw new InvalidArgumentError('write it as conn_…:primary, or none');
};

interface ChangeOptions extends Omit<OrganizationChange, 'meetCalendar'> {
  readonly organization: OrganizationId;
  readonly meetCalendar?: MeetCalendarOption;
  readonly smsBudget?: LimitOption<number>;
  readonly emailBudget?: LimitOption<number>;
  readonly smsCountries?: LimitOption<GrantedCountries>;
  /** The reason, or `none`. */
  readonly legalHold?: string;
}

const maxReasonLength = 500;

/** @throws {InvalidArgumentError} */
const parseLegalHold = (text: string): string => {
  const reason = text.trim();
  if (reason.length > 0 && reason.length <= maxReasonLength) return reason;
  throw new InvalidArgumentError(`write the reason with 1 to ${maxReasonLength} characters, or none`);
};

/** The reason of a hold on an organization is not sealed, so the command needs no keys. */
const withoutKeys = () => Promise.reject(new Error('the reason of a hold on an organization needs no key'));

/** Places the hold on all recordings of the organization, or releases it. Records the act. */
const holdRecordings = async (db: Database, organization: OrganizationId, reason: string): Promise<void> => {
  const holds = createRecordingHolds(db, createHoldReasons(db, { seal: withoutKeys, open: withoutKeys }));
  const subject = { organization, subject: organization };
  const by = 'npm run ops';
  const principal = commandPrincipal(by);
  const actor = { by, principal, role: 'command_line', correlationId: randomUUID() } as const;
  if (reason === 'none') await holds.release(subject, actor);
  else await holds.place(subject, reason, actor);
};

const calendarText = ({ meetCalendar }: Organization): string =>
  meetCalendar ? `${meetCalendar.connection}:${meetCalendar.calendarId}` : 'none';

/** Creates the command `ops organizations`. */
export const organizationsCommand = (): Command => {
  const organizations = new Command('organizations').description(
    'the organizations whose auditions this service runs',
  );
  organizations
    .command('list')
    .description('list all organizations')
    .action((_options: object, command: Command) =>
      withDatabase(command, async (db, output) => {
        const all = await createOrganizations(db).list();
        output.show(all, () =>
          renderTable(
            ['organization', 'name', 'meeting providers', 'Meet calendar'],
            all.map((one) => [one.id, one.name, one.meetingProviders.join(', '), calendarText(one)]),
          ),
        );
      }),
    );
  organizations
    .command('budgets')
    .description('show what the organizations have sent today (UTC), and what they may send')
    .option('--organization <id>', 'only this organization', parseOrganizationId)
    .action((options: { organization?: OrganizationId }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const rows = await readBudgets(db, readMessageLimits(), options.organization);
        if (rows.length === 0 && options.organization) throw unknownOrganization(options.organization);
        output.show(rows, () =>
          renderTable(
            ['organization', 'SMS segments', 'emails', 'SMS countries'],
            rows.map(({ organization, sms, email, smsCountries }) => [
              organization,
              `${sms.used} of ${sms.budget}`,
              `${email.used} of ${email.budget}`,
              smsCountries === 'any' ? 'any' : smsCountries.join(', ') || 'none',
            ]),
          ),
        );
      }),
    );
  organizations
    .command('create')
    .description('create an organization')
    .requiredOption('--organization <id>', 'its id, for example org_north', parseOrganizationId)
    .requiredOption('--name <text>', 'its name', parseName)
    .option(
      '--meeting-providers <names>',
      'the providers of its meetings, in the order in which they are tried',
      parseProviders,
      ['zoom'],
    )
    .action(
      (
        options: {
          organization: OrganizationId;
          name: string;
          meetingProviders: readonly MeetingProviderName[];
        },
        command: Command,
      ) =>
        withDatabase(command, async (db, output) => {
          const { organization, name, meetingProviders: providers } = options;
          const created = await createOrganizations(db).create({
            id: organization,
            name,
            meetingProviders: providers,
          });
          if (!created)
            throw new CommandFailed(
              `There already is an organization ${organization}. Change it with: npm run ops -- organizations change`,
            );
          await noteAct(db, 'npm run ops', {
            organization,
            act: 'organization.created',
            target: organization,
            detail: { meetingProviders: [...providers] },
          });
          output.show(options, () => `${organization} is created. Next: npm run ops -- keys create`);
        }),
    );
  organizations
    .command('change')
    .description(
      'change the name, the meeting providers or the Meet calendar; auditions copy them when they start',
    )
    .requiredOption('--organization <id>', 'the organization', parseOrganizationId)
    .option('--name <text>', 'its name', parseName)
    .option(
      '--meeting-providers <names>',
      'the providers, in the order in which they are tried',
      parseProviders,
    )
    .option(
      '--meet-calendar <connection:calendar>',
      'the calendar in which Google Meet meetings are created, for example conn_1:primary; none removes it',
      parseMeetCalendar,
    )
    .option(
      '--legal-hold <reason>',
      'keeps all recordings of the organization, here and at the providers, whatever its policy says; none ends it. No personal data',
      parseLegalHold,
    )
    .option('--sms-budget <segments>', 'segments of text messages in a day (UTC), or default', parseBudget)
    .option('--email-budget <emails>', 'emails in a day (UTC), or default', parseBudget)
    .option(
      '--sms-countries <countries>',
      'the countries to which text messages are sent, such as FR,BE; any; or default',
      parseCountries,
    )
    .action((options: ChangeOptions, command: Command) =>
      withDatabase(command, async (db, output) => {
        const { organization, meetCalendar, legalHold, smsBudget, emailBudget, smsCountries, ...others } =
          options;
        const change = { ...others, ...(meetCalendar && { meetCalendar: meetCalendar.calendar }) };
        const changed = Object.keys(change);
        const limits = {
          ...(smsBudget && { sms: smsBudget.limit }),
          ...(emailBudget && { email: emailBudget.limit }),
          ...(smsCountries && { smsCountries: smsCountries.limit }),
        };
        const hasLimits = Object.keys(limits).length > 0;
        if (changed.length === 0 && legalHold === undefined && !hasLimits)
          throw new CommandFailed('Name at least one setting: see --help.');
        if (hasLimits) {
          if (!(await createOrganizations(db).grantLimits(organization, limits)))
            throw unknownOrganization(organization);
          await noteAct(db, 'npm run ops', {
            organization,
            act: 'organization.limits_granted',
            target: organization,
            detail: limits,
          });
        }
        if (legalHold !== undefined) {
          if (!(await createOrganizations(db).get(organization))) throw unknownOrganization(organization);
          await holdRecordings(db, organization, legalHold);
        }
        if (changed.length === 0)
          return output.show({ organization, legalHold, ...limits }, () => `${organization} is changed.`);
        const result = await createOrganizations(db).change(organization, change);
        if (result === 'unknown_organization') throw unknownOrganization(organization);
        if (result === 'unknown_connection')
          throw new CommandFailed(
            `${organization} has no connection ${change.meetCalendar?.connection}. List them with: npm run ops -- connections list`,
          );
        await noteAct(db, 'npm run ops', {
          organization,
          act: 'organization.changed',
          target: organization,
          detail: { changed },
        });
        output.show({ organization, ...change, ...limits }, () => `${organization} is changed.`);
      }),
    );
  return organizations;
};
