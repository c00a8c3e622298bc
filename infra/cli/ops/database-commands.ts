/**
 * `ops read-model rebuild`, `ops audit verify`, `ops maintenance`: use the database directly. The service
 * need not run.
 */
import { Command } from 'commander';
import { rebuildReadModel } from '../../../db/auditions/rebuild.ts';
import type { Database } from '../../../db/client.ts';
import { deleteOldSignInAttempts } from '../../../db/connections/sign-in-attempts.ts';
import { createProviderHealth } from '../../../db/providers/health.ts';
import {
  deleteOldCredentialReads,
  deleteOldDeliveries,
  deleteOldHolds,
  deleteOldHostClaims,
  deleteOldIdempotentRequests,
  deleteOldLinks,
  deleteOldMessageCharges,
  deleteOldOperations,
  deleteOldWaitingEntries,
  deleteOldWebhooks,
  eraseOldAuditionResponses,
} from '../../../db/retention.ts';
import { auditionIdsWithTrail, selectTrail } from '../../../db/trail/stored-events.ts';
import { verifyTrail } from '../../../db/trail/verify.ts';
import { type AuditionId, auditionIdSchema } from '../../../domain/ids.ts';
import { UsageError } from '../../../foundation/configuration/cli-configuration.ts';
import { renderTable } from '../output.ts';
import { wholeNumber } from '../whole-number.ts';
import { withDatabase } from '../with-database.ts';
import { CommandFailed } from './http-client.ts';

const auditionId = (text: string): AuditionId => {
  const parsed = auditionIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`"${text}" is not an audition id. Audition ids begin with aud_.`);
};

interface Broken {
  readonly auditionId: AuditionId;
  readonly sequence: number;
}

const verify = async (db: Database, ids: AsyncIterable<AuditionId> | readonly AuditionId[]) => {
  const broken: Broken[] = [];
  let auditions = 0;
  for await (const id of ids) {
    auditions += 1;
    const result = await verifyTrail(db, id);
    if (!result.ok) broken.push({ auditionId: id, sequence: result.sequence });
  }
  return { auditions, broken };
};

/** Creates the command `ops read-model`. */
export const readModelCommand = (): Command => {
  const readModel = new Command('read-model').description(
    'the read model behind the lists and views of the API',
  );
  readModel
    .command('rebuild')
    .description('rebuild every audition from its audit trail; the service can keep running')
    .action((_options: object, command: Command) =>
      withDatabase(command, async (db, output) => {
        const done = await rebuildReadModel(db);
        output.show(done, () => `Rebuilt ${done.auditions} auditions from ${done.events} events.`);
      }),
    );
  return readModel;
};

/** Creates the command `ops audit`. */
export const auditCommand = (): Command => {
  const audit = new Command('audit').description('the audit trail');
  audit
    .command('verify')
    .description('verify the hash chain; exit code 1 when it is broken')
    .argument('[id]', 'one audition; without it, all of them')
    .action((id: string | undefined, _options: object, command: Command) =>
      withDatabase(command, async (db, output) => {
        const only = id === undefined ? undefined : auditionId(id);
        const result = await verify(db, only ? [only] : auditionIdsWithTrail(db));
        if (result.broken.length > 0) process.exitCode = 1;
        else if (only && (await selectTrail(db, only).limit(1)).length === 0)
          throw new CommandFailed(`There is no audition ${only}.`);
        output.show(result, () =>
          result.broken.length === 0
            ? `${only ? 'The audit trail is' : `All ${result.auditions} audit trails are`} intact.`
            : renderTable(
                ['audition', 'broken at event'],
                result.broken.map(({ auditionId: id, sequence }) => [id, String(sequence)]),
              ),
        );
      }),
    );
  return audit;
};

const days = wholeNumber('use a whole number of days, 1 or more');

interface MaintenanceOptions {
  readonly olderThan: number;
  readonly ledgerOlderThan: number;
  readonly deliveriesOlderThan: number;
}

/** Creates the command `ops maintenance`. */
export const maintenanceCommand = (): Command =>
  new Command('maintenance')
    .description(
      'delete expired data: stored responses to commands, delivered webhooks, provider call counts, holds of past slots, claims on meeting hosts, delivery ids, counts of messages, links of people and the ledger of closed auditions, and credential reads of more than a year ago; run it once a day',
    )
    .option('--older-than <days>', 'minimum age in days', days, 30)
    .option(
      '--ledger-older-than <days>',
      'days since an audition was closed, for its ledger; and the age of responses to audition requests',
      days,
      400,
    )
    .option(
      '--deliveries-older-than <days>',
      'days since an audition was closed, for the delivery statuses of its notices',
      days,
      400,
    )
    .action((options: MaintenanceOptions, command: Command) =>
      withDatabase(command, async (db, output, keys) => {
        const answers = await deleteOldIdempotentRequests(db, options.olderThan);
        const auditionAnswers = await eraseOldAuditionResponses(db, options.ledgerOlderThan);
        const webhooks = await deleteOldWebhooks(db, keys, options.olderThan);
        const counts = await createProviderHealth(db).deleteOld(options.olderThan);
        const holds = await deleteOldHolds(db, options.olderThan);
        const hostClaims = await deleteOldHostClaims(db);
        const deliveries = await deleteOldDeliveries(db, options.deliveriesOlderThan);
        const links = await deleteOldLinks(db, options.deliveriesOlderThan);
        const waitingEntries = await deleteOldWaitingEntries(db, options.deliveriesOlderThan);
        const messageCharges = await deleteOldMessageCharges(db, options.deliveriesOlderThan);
        const operations = await deleteOldOperations(db, keys, options.ledgerOlderThan);
        await deleteOldSignInAttempts(db);
        const credentialReads = await deleteOldCredentialReads(db);
        output.show(
          {
            answers,
            auditionAnswers,
            webhooks,
            counts,
            holds,
            hostClaims,
            deliveries,
            links,
            waitingEntries,
            messageCharges,
            operations,
            credentialReads,
          },
          () =>
            `Deleted ${answers} stored responses to commands, ${auditionAnswers} to audition requests, ${webhooks} webhooks, ${counts} provider call counts, ${holds} slot holds, ${hostClaims} claims on meeting hosts, ${deliveries} delivery ids, ${links} links of people, ${waitingEntries} entries of waiting lists, ${messageCharges} counted messages, ${operations} ledger rows, and ${credentialReads} credential reads of more than a year ago.`,
        );
      }),
    );
