/** `ops auditions list`. */
import { Command, Option } from 'commander';
import { z } from 'zod';
import { auditionOrders } from '../../../db/auditions/audition-list.ts';
import { auditionStates } from '../../../domain/audition/states.ts';
import { shortInstant } from '../output.ts';
import { renderTable } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';
import { auditionSchema } from './audition.ts';
import { apiContext } from './http-client.ts';

const auditionsSchema = z.object({ items: z.array(auditionSchema), nextCursor: z.string().optional() });

interface ListOptions {
  readonly state?: readonly string[];
  readonly project?: string;
  readonly role?: string;
  readonly performer?: string;
  readonly from?: string;
  readonly until?: string;
  readonly needsAttention?: boolean;
  readonly sort?: string;
  readonly limit: number;
}

const listQuery = ({ state = [], needsAttention, from, until, limit, ...rest }: ListOptions): string => {
  const query = new URLSearchParams({ ...rest, limit: String(limit) });
  for (const one of state) query.append('state', one);
  if (from !== undefined) query.set('scheduledFrom', from);
  if (until !== undefined) query.set('scheduledUntil', until);
  if (needsAttention) query.set('needsAttention', 'true');
  return query.toString();
};

/** Creates the command. */
export const auditionListCommand = (): Command =>
  new Command('list')
    .description('list auditions, the newest request first')
    .addOption(
      new Option('--state <states...>', 'only auditions in one of these states').choices(auditionStates),
    )
    .option('--project <id>', 'only auditions of this project')
    .option('--role <id>', 'only auditions for this role')
    .option('--performer <id>', "only auditions of this performer, by the platform's id")
    .option('--from <time>', 'only slots that begin then or later, such as 2026-12-01T09:00:00Z')
    .option('--until <time>', 'only slots that begin earlier')
    .addOption(
      new Option('--sort <order>', 'by request or by slot; a minus sign means the latest first').choices(
        auditionOrders,
      ),
    )
    .option('--needs-attention', 'only auditions that wait for an operator')
    .option('--limit <number>', 'how many, at most 100', wholeNumber('use a whole number, 1 to 100', 100), 20)
    .action(async (options: ListOptions, command: Command) => {
      const { client, output } = apiContext(command);
      const page = await client.call(auditionsSchema, 'GET', `/v1/auditions?${listQuery(options)}`);
      const rows = page.items.map(({ id, project, role, state, outcome, slot, attention }) => [
        `${id}\n${slot ? shortInstant(slot.start) : 'no slot'}`,
        `${project}\n${role}`,
        outcome === undefined ? state : `${state}: ${outcome}`,
        attention.map(({ step }) => step).join(', '),
      ]);
      output.show(page.items, () =>
        [
          rows.length === 0
            ? 'There is no such audition.'
            : renderTable(['audition, slot', 'project, role', 'state', 'attention'], rows),
          ...(page.nextCursor === undefined ? [] : ['There are more auditions: use a filter, or --limit.']),
        ].join('\n'),
      );
    });
