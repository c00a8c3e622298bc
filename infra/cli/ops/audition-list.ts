/** `ops auditions list`. */
import { Command, Option } from 'commander';
import { z } from 'zod';
import { auditionStates } from '../../../domain/audition/states.ts';
import { renderTable } from '../output.ts';
import { wholeNumber } from '../whole-number.ts';
import { auditionSchema } from './audition.ts';
import { apiContext } from './http-client.ts';

const auditionsSchema = z.object({ items: z.array(auditionSchema), nextCursor: z.string().optional() });

interface ListOptions {
  readonly state?: string;
  readonly project?: string;
  readonly role?: string;
  readonly needsAttention?: boolean;
  readonly limit: number;
}

const listQuery = ({ needsAttention, limit, ...filter }: ListOptions): string =>
  new URLSearchParams({
    ...filter,
    ...(needsAttention ? { needsAttention: 'true' } : {}),
    limit: String(limit),
  }).toString();

/** Creates the command. */
export const auditionListCommand = (): Command =>
  new Command('list')
    .description('list auditions, the newest request first')
    .addOption(new Option('--state <state>', 'only auditions in this state').choices(auditionStates))
    .option('--project <id>', 'only auditions of this project')
    .option('--role <id>', 'only auditions for this role')
    .option('--needs-attention', 'only auditions that wait for an operator')
    .option('--limit <number>', 'how many, at most 100', wholeNumber('use a whole number, 1 to 100', 100), 20)
    .action(async (options: ListOptions, command: Command) => {
      const { client, output } = apiContext(command);
      const page = await client.call(auditionsSchema, 'GET', `/v1/auditions?${listQuery(options)}`);
      const rows = page.items.map(({ id, project, role, state, outcome, slot, attention }) => [
        id,
        `${project} / ${role}`,
        outcome === undefined ? state : `${state}: ${outcome}`,
        slot?.start ?? 'none',
        attention.map(({ step }) => step).join(', '),
      ]);
      output.show(page.items, () =>
        [
          rows.length === 0
            ? 'There is no such audition.'
            : renderTable(['audition', 'project / role', 'state', 'slot', 'attention'], rows),
          ...(page.nextCursor === undefined ? [] : ['There are more auditions: use a filter, or --limit.']),
        ].join('\n'),
      );
    });
