/**
 * `ops connections …`: lists connected accounts and creates the link to the connection page. Calls the API.
 */
import { Command, Option } from 'commander';
import { z } from 'zod';
import { connectionStatuses } from '../../../domain/connections/connection.ts';
import { renderTable } from '../table.ts';
import { apiContext } from './http-client.ts';

const listSchema = z.object({
  items: z.array(
    z.looseObject({
      id: z.string(),
      provider: z.string(),
      owner: z.string().optional(),
      account: z.string().optional(),
      status: z.string(),
      statusReason: z.string().optional(),
      calendars: z
        .array(
          z.looseObject({
            state: z.string(),
            error: z.string().optional(),
            unreadableFields: z.string().optional(),
            pushError: z.string().optional(),
          }),
        )
        .default([]),
      problems: z.array(z.looseObject({ kind: z.string(), since: z.string() })).default([]),
    }),
  ),
});
const linkSchema = z.object({ url: z.string(), expiresAt: z.string() });

const queryOf = (parameters: Readonly<Record<string, string | undefined>>): string => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.append(name, value);
  return query.toString();
};

/** Few columns: the ids and the addresses are long, and stay whole. */
const head = ['connection, account', 'provider, owner', 'status', 'calendars, problems'];

type Calendars = z.infer<typeof listSchema>['items'][number]['calendars'];

/** Names each calendar that is not read as it should be. */
const describeCalendars = (calendars: Calendars): string =>
  calendars
    .map(({ state, error, unreadableFields: fields, pushError }) =>
      [
        state,
        ...(error === undefined ? [] : [`(${fields === undefined ? error : `${error}: ${fields}`})`]),
        ...(pushError === undefined ? [] : [`without notifications (${pushError})`]),
      ].join(' '),
    )
    .join('\n');

type Problems = z.infer<typeof listSchema>['items'][number]['problems'];

/** Names each problem with the minute (UTC) since which it exists. */
const describeProblems = (problems: Problems): string =>
  problems.map(({ kind, since }) => `${kind} since ${since.slice(0, 16).replace('T', ' ')}`).join('\n');

/** Creates the command `ops connections`. */
export const connectionsCommand = (): Command => {
  const connections = new Command('connections').description('connected accounts');
  connections
    .command('list')
    .description('list the accounts, oldest connection first')
    .option('--owner <id>', 'accounts of one person, by the platform’s id')
    .addOption(new Option('--status <status>', 'accounts with this status').choices(connectionStatuses))
    .action(async ({ owner, status }: { owner?: string; status?: string }, command: Command) => {
      const { client, output } = apiContext(command);
      const list = await client.call(listSchema, 'GET', `/v1/connections?${queryOf({ owner, status })}`);
      const rows = list.items.map((item) => [
        `${item.id}\n${item.account ?? ''}`,
        `${item.provider}\n${item.owner ?? 'the organization'}`,
        item.statusReason === undefined ? item.status : `${item.status}: ${item.statusReason}`,
        [describeCalendars(item.calendars), describeProblems(item.problems)]
          .filter((text) => text !== '')
          .join('\n'),
      ]);
      output.show(list, () => (rows.length === 0 ? 'No account is connected.' : renderTable(head, rows)));
    });
  connections
    .command('page')
    .description('print a link to the page for connecting, viewing and disconnecting accounts')
    .option('--owner <id>', 'the person, by the platform’s id; without it, the organization')
    .action(async ({ owner }: { owner?: string }, command: Command) => {
      const { client, output } = apiContext(command);
      const link = await client.call(linkSchema, 'GET', `/v1/connections/page?${queryOf({ owner })}`);
      output.show(
        link,
        () =>
          `${link.url}\nValid until ${link.expiresAt}. The link gives access without a password: send it to its owner only.`,
      );
    });
  return connections;
};
