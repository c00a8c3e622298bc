/** `ops person …`: erases a person (docs/runbooks/erasure.md). */
import { Command } from 'commander';
import { z } from 'zod';
import { apiContext } from './http-client.ts';

const erasureSchema = z.object({
  participant: z.string(),
  isErased: z.boolean(),
  auditions: z.array(z.string()),
  connections: z.array(z.string()),
  recordings: z.array(z.string()),
  obstacles: z.array(z.object({ id: z.string(), obstacle: z.string() })),
});
type Erasure = z.infer<typeof erasureSchema>;

const listed = (what: string, ids: readonly string[]): string =>
  `${what}: ${ids.length === 0 ? 'none' : ids.join(', ')}`;

const describeErasure = ({
  participant,
  isErased,
  auditions,
  connections,
  recordings,
  obstacles,
}: Erasure): string =>
  [
    isErased ? `${participant} is erased.` : `What would be erased of ${participant}:`,
    listed('auditions', auditions),
    listed('accounts', connections),
    listed('recordings', recordings),
    ...(obstacles.length === 0
      ? []
      : [
          listed(
            'must end first',
            obstacles.map(({ id, obstacle }) => `${id} (${obstacle})`),
          ),
        ]),
    ...(isErased ? [] : ['', 'Nothing was changed. Erase with: --yes']),
  ].join('\n');

/** Creates the command. It calls the API. */
export const personCommand = (): Command => {
  const person = new Command('person').description('what is stored of a person');
  person
    .command('erase')
    .description('list what would be erased of a person; with --yes, erase it, in backups too')
    .argument('<participant>', "the platform's id of the person")
    .option('--yes', 'erase; it cannot be undone')
    .action(async (participant: string, options: { yes?: boolean }, command: Command) => {
      const { client, output } = apiContext(command);
      const erasure = await client.call(
        erasureSchema,
        'POST',
        `/v1/participants/${encodeURIComponent(participant)}/erase`,
        { dryRun: options.yes !== true },
      );
      output.show(erasure, () => describeErasure(erasure));
    });
  return person;
};
