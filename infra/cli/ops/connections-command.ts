/** `ops connections …`: which accounts are connected, and the link that support sends to somebody. Through the API. */
import { Command } from 'commander';
import { z } from 'zod';
import { renderTable } from '../output.ts';
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
    }),
  ),
});
const linkSchema = z.object({ url: z.string(), expiresAt: z.string() });

const queryOf = (given: Readonly<Record<string, string | undefined>>): string => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.append(name, value);
  return query.toString();
};

const head = ['connection', 'provider', 'account', 'whose', 'status'];

export const connectionsCommand = (): Command => {
  const connections = new Command('connections').description('accounts that are connected');
  connections
    .command('list')
    .description('list them, the longest connected first')
    .option('--owner <id>', 'those of one person, by the platform’s id')
    .option('--status <status>', 'connected, needs_reauthorization or disconnected')
    .action(async ({ owner, status }: { owner?: string; status?: string }, command: Command) => {
      const { client, output } = apiContext(command);
      const list = await client.call(listSchema, 'GET', `/v1/connections?${queryOf({ owner, status })}`);
      const rows = list.items.map((one) => [
        one.id,
        one.provider,
        one.account ?? '',
        one.owner ?? 'the organization',
        one.statusReason === undefined ? one.status : `${one.status}: ${one.statusReason}`,
      ]);
      output.show(list, () => (rows.length === 0 ? 'No account is connected.' : renderTable(head, rows)));
    });
  connections
    .command('page')
    .description('a link to the page on which somebody connects accounts, sees and disconnects them')
    .option('--owner <id>', 'whose, by the platform’s id; without it those of the organization itself')
    .action(async ({ owner }: { owner?: string }, command: Command) => {
      const { client, output } = apiContext(command);
      const link = await client.call(linkSchema, 'GET', `/v1/connections/page?${queryOf({ owner })}`);
      output.show(link, () => `${link.url}\nGood until ${link.expiresAt}, for whoever opens it.`);
    });
  return connections;
};
