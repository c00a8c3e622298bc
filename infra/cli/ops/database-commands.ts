/** `ops read-model rebuild` and `ops maintenance`: use the database directly. The service need not run. */
import { Command } from 'commander';
import { rebuildReadModel } from '../../../db/auditions/rebuild.ts';
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
import { wholeNumber } from '../whole-number.ts';
import { withDatabase } from '../with-database.ts';

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
