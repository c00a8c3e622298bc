/**
 * `ops attention …` and `ops auditions …`: commands that call the API, with its permissions and its audit
 * trail.
 */
import { Argument, Command, Option } from 'commander';
import { z } from 'zod';
import { attentionActions, attentionItemSchema, attentionSteps } from '../../../domain/audition/attention.ts';
import { vendorNames } from '../../../domain/providers/vendors.ts';
import { UsageError } from '../../../foundation/configuration/cli-configuration.ts';
import { instantToMinute } from '../output.ts';
import { renderTable } from '../table.ts';
import { auditionSchema, describeAudition } from './audition.ts';
import { auditionListCommand } from './audition-list.ts';
import { auditionShowCommand } from './audition-show.ts';
import { auditionUndoCommand } from './audition-undo.ts';
import { apiContext, type OpsClient } from './http-client.ts';

const itemSchema = attentionItemSchema.extend({
  auditionId: z.string(),
  project: z.string(),
  role: z.string(),
});
type ListedItem = z.infer<typeof itemSchema>;
const itemsSchema = z.object({ items: z.array(itemSchema), nextCursor: z.string().optional() });

const listItems = async (client: OpsClient, all: boolean) => {
  const pageAfter = (cursor?: string) => {
    const query = new URLSearchParams({ limit: '100', ...(cursor === undefined ? {} : { cursor }) });
    return client.call(itemsSchema, 'GET', `/v1/attention?${query.toString()}`);
  };
  const first = await pageAfter();
  if (!all) return { items: first.items, more: first.nextCursor !== undefined };
  const items = [...first.items];
  for (let cursor = first.nextCursor; cursor !== undefined; ) {
    const page = await pageAfter(cursor);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return { items, more: false };
};

/** Returns a table. What happened, and what can be done, is too long for it. */
const tableOf = (items: readonly ListedItem[]): string =>
  renderTable(
    ['item, actions', 'project, role', 'step, cause, due'],
    items.map(({ id, project, role, step, provider, code, dueAt, overdue, actions }) => [
      `${id}\n${actions.join(', ')}`,
      `${project}\n${role}`,
      [
        step,
        [provider, code].filter((part) => part !== undefined).join(' '),
        overdue ? 'OVERDUE' : '',
        instantToMinute(dueAt),
      ]
        .filter((line) => line !== '')
        .join('\n'),
    ]),
  );

const matchingResultSchema = z.object({
  resolved: z.array(z.string()),
  refused: z.array(z.object({ id: z.string(), detail: z.string() })),
  hasMore: z.boolean(),
});

const resolution = (action: string, joinUrl: string | undefined): object => {
  if (action !== 'override') return { action };
  if (joinUrl === undefined) {
    throw new UsageError('The action override needs the link of the meeting: --join-url https://…');
  }
  return { action, value: { joinUrl } };
};

interface ResolveOptions {
  readonly joinUrl?: string;
  readonly note?: string;
}

/** Creates the command `ops attention`. */
export const attentionCommand = (): Command => {
  const attention = new Command('attention').description('items that need a decision by an operator');
  attention
    .command('list')
    .description('list the items, oldest first')
    .option('--all', 'all items, not only the first hundred')
    .action(async (options: { all?: boolean }, command: Command) => {
      const { client, output } = apiContext(command);
      const { items, more } = await listItems(client, options.all === true);
      output.show(items, () =>
        [
          ...(items.length === 0
            ? ['No item needs attention.']
            : [
                tableOf(items),
                'What happened, and what you can do: npm run ops -- auditions show <id of an item>',
              ]),
          ...(more ? ['', 'There are more items: --all lists them.'] : []),
        ].join('\n'),
      );
    });
  attention
    .command('resolve')
    .description('decide what happens with an item')
    .argument('<id>', 'the id of the item, as in the list')
    .addArgument(new Argument('<action>').choices(attentionActions))
    .option('--join-url <url>', 'with override: the link of a meeting created manually')
    .option('--note <text>', 'why, for the trail; no names and no addresses')
    .action(async (id: string, action: string, options: ResolveOptions, command: Command) => {
      const { client, output } = apiContext(command);
      const body = { ...resolution(action, options.joinUrl), note: options.note };
      const path = `/v1/attention/${encodeURIComponent(id)}/resolve`;
      const audition = await client.call(auditionSchema, 'POST', path, body);
      output.show(audition, () => describeAudition(audition));
    });
  attention
    .command('resolve-all')
    .description('decide the same for all items with one cause, such as an outage that is over')
    .addArgument(new Argument('<action>').choices(attentionActions.filter((action) => action !== 'override')))
    .addOption(new Option('--step <step>', 'items of this step').choices(attentionSteps))
    .addOption(
      new Option('--provider <name>', 'items whose call to this provider failed').choices(vendorNames),
    )
    .option('--code <code>', 'items with this error code')
    .option('--note <text>', 'why, for the trail; no names and no addresses')
    .action(async (action: string, options: Readonly<Record<string, string>>, command: Command) => {
      const { client, output } = apiContext(command);
      const resolved: string[] = [];
      const refusals = new Map<string, string>();
      for (let hasMore = true; hasMore; ) {
        const page = await client.call(matchingResultSchema, 'POST', '/v1/attention/resolve', {
          ...options,
          action,
        });
        resolved.push(...page.resolved);
        for (const { id, detail } of page.refused) refusals.set(id, detail);
        // Refused items stay first in the list: without a resolved one, the next page would be the same.
        hasMore = page.hasMore && page.resolved.length > 0;
      }
      const refused = [...refusals].map(([id, detail]) => `${id} is still open: ${detail}`);
      output.show({ resolved, refused: Object.fromEntries(refusals) }, () =>
        [`Resolved ${resolved.length} items.`, ...refused].join('\n'),
      );
    });
  return attention;
};

/** Creates the command `ops auditions`. */
export const auditionsCommand = (): Command =>
  new Command('auditions')
    .description('auditions')
    .addCommand(auditionListCommand())
    .addCommand(auditionShowCommand())
    .addCommand(auditionUndoCommand());
