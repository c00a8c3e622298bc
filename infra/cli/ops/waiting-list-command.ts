/** `ops waiting-list …`: shows who waits for a session, and admits performers. */
import { Command } from 'commander';
import { z } from 'zod';
import type { AuditionId } from '../../../domain/ids.ts';
import { parseAuditionId } from './audition-id.ts';
import { apiContext } from './http-client.ts';

const listSchema = z.object({
  items: z.array(
    z.object({
      audition: z.string(),
      participant: z.string(),
      place: z.int().optional(),
      checkedInAt: z.string().optional(),
      admittedAt: z.string().optional(),
    }),
  ),
});
type WaitingList = z.infer<typeof listSchema>;

const describeList = ({ items }: WaitingList): string =>
  items.length === 0
    ? 'Nobody is waiting.'
    : items
        .map(({ audition, participant, place, checkedInAt, admittedAt }) =>
          place === undefined
            ? `admitted ${admittedAt}: ${participant} (${audition})`
            : `${place}. ${participant} (${audition}), checked in ${checkedInAt}`,
        )
        .join('\n');

/** Creates the command. It calls the API. */
export const waitingListCommand = (): Command => {
  const waitingList = new Command('waiting-list').description('performers who wait for their session');
  waitingList
    .command('show')
    .description('show the waiting list of the session of an audition')
    .argument('<audition>', 'the id of an audition of the session', parseAuditionId)
    .action(async (id: AuditionId, _options: object, command: Command) => {
      const { client, output } = apiContext(command);
      const list = await client.call(listSchema, 'GET', `/v1/auditions/${id}/waiting-list`);
      output.show(list, () => describeList(list));
    });
  waitingList
    .command('admit')
    .description('admit a performer: the page of the join link then leads to the meeting')
    .argument('<audition>', 'the id of the audition', parseAuditionId)
    .argument('[participant]', 'may be left out when the audition has one performer')
    .action(async (id: AuditionId, participant: string | undefined, _options: object, command: Command) => {
      const { client, output } = apiContext(command);
      const body = participant === undefined ? {} : { participant };
      const list = await client.call(listSchema, 'POST', `/v1/auditions/${id}/admissions`, body);
      output.show(list, () => describeList(list));
    });
  return waitingList;
};
