/** `ops read-model rebuild`, `ops audit verify`, `ops maintenance`: on the database itself, whether the service runs or not. */
import { Command } from 'commander';
import { createAuditionReadModel } from '../../../db/auditions/read-model.ts';
import type { Database } from '../../../db/client.ts';
import { createProviderHealth } from '../../../db/providers/health.ts';
import {
  deleteOldCredentialReads,
  deleteOldIdempotentRequests,
  deleteOldWebhooks,
} from '../../../db/retention.ts';
import { createEventStore } from '../../../db/trail/event-store.ts';
import { auditionIdsWithTrail } from '../../../db/trail/stored-events.ts';
import { type AuditionId, auditionIdSchema } from '../../../domain/ids.ts';
import { UsageError } from '../../../foundation/configuration/cli-configuration.ts';
import { renderTable } from '../output.ts';
import { wholeNumber } from '../whole-number.ts';
import { withDatabase } from '../with-database.ts';

const auditionId = (text: string): AuditionId => {
  const parsed = auditionIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`"${text}" is not an audition's id: it begins with aud_.`);
};

interface Broken {
  readonly auditionId: AuditionId;
  readonly sequence: number;
}

const verify = async (db: Database, ids: AsyncIterable<AuditionId> | readonly AuditionId[]) => {
  const store = createEventStore(db);
  const broken: Broken[] = [];
  let auditions = 0;
  for await (const id of ids) {
    auditions += 1;
    const result = await store.verify(id);
    if (!result.ok) broken.push({ auditionId: id, sequence: result.sequence });
  }
  return { auditions, broken };
};

export const readModelCommand = (): Command => {
  const readModel = new Command('read-model').description('the lists and views the API shows');
  readModel
    .command('rebuild')
    .description('fold every audition anew from its trail; the service may go on running')
    .action((_options: object, command: Command) =>
      withDatabase(command, async (db, output) => {
        const done = await createAuditionReadModel(db).rebuild();
        output.show(done, () => `Folded ${done.auditions} auditions from ${done.events} events.`);
      }),
    );
  return readModel;
};

export const auditCommand = (): Command => {
  const audit = new Command('audit').description('the audit trail');
  audit
    .command('verify')
    .description('recompute the chain of hashes; the exit code is 1 when a link is broken')
    .argument('[id]', 'one audition; without it, all of them')
    .action((id: string | undefined, _options: object, command: Command) =>
      withDatabase(command, async (db, output) => {
        const result = await verify(db, id === undefined ? auditionIdsWithTrail(db) : [auditionId(id)]);
        if (result.broken.length > 0) process.exitCode = 1;
        output.show(result, () =>
          result.broken.length === 0
            ? `The trails of ${result.auditions} auditions are whole.`
            : renderTable(
                ['audition', 'broken at event'],
                result.broken.map((one) => [one.auditionId, String(one.sequence)]),
              ),
        );
      }),
    );
  return audit;
};

const days = wholeNumber('give a whole number of days from 1 up');

export const maintenanceCommand = (): Command =>
  new Command('maintenance')
    .description(
      'delete what nobody asks for any more: the kept answers to commands, the webhooks that were told on, what was counted of providers, and after a year who has read a credential; run it once a day',
    )
    .option('--older-than <days>', 'how old they are at least', days, 30)
    .action((options: { olderThan: number }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const answers = await deleteOldIdempotentRequests(db, options.olderThan);
        const webhooks = await deleteOldWebhooks(db, options.olderThan);
        const counts = await createProviderHealth(db).deleteOld(options.olderThan);
        const credentialReads = await deleteOldCredentialReads(db);
        output.show(
          { answers, webhooks, counts, credentialReads },
          () =>
            `Deleted the answers to ${answers} commands, ${webhooks} webhooks, and ${counts} counts of what providers allow and how they did. Forgot ${credentialReads} readings of credentials, more than a year old.`,
        );
      }),
    );
