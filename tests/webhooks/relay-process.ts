/**
 * Runs the relay of the inbox as a process that a test can kill. It writes to two tables in place of Temporal:
 * `relay_deliveries` counts every delivery, and `effects` applies each inbox ID once, as a workflow does.
 */
import { z } from 'zod';
import { createDatabaseClient } from '../../db/client.ts';
import { inboxChannel } from '../../db/inbox/batch-insert.ts';
import { createRepositories } from '../../db/index.ts';
import { keyDatabaseUrlOf } from '../../foundation/configuration/key-database-url.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { deliver } from '../../workers/inbox/deliver.ts';
import { createInboxRound } from '../../workers/inbox/inbox-round.ts';
import { deliverPresenceTogether } from '../../workers/inbox/presence.ts';
import { startRelay } from '../../workers/relay.ts';

const {
  DATABASE_URL: databaseUrl,
  TEST_MASTER_KEY: key,
  RELAY: relayName,
} = z.object({ DATABASE_URL: z.string(), TEST_MASTER_KEY: z.string(), RELAY: z.string() }).parse(process.env);

const database = createDatabaseClient(databaseUrl, { poolSize: 10 });
const keys = createDatabaseClient(keyDatabaseUrlOf(databaseUrl), { poolSize: 2 });
const repositories = createRepositories(
  database.db,
  createKeyRing([{ id: 'test', key: Buffer.from(key, 'base64') }]),
  keys.db,
);
const logger = createLogger({ level: 'warn', process: 'relay' });

const relay = startRelay({
  name: 'inbox',
  notifications: { databaseUrl, channel: inboxChannel },
  round: createInboxRound({
    inbox: repositories.inbox,
    deliver: (event, entry) =>
      deliver(
        {
          repositories,
          replyAddresses: undefined,
          workflowSignals: { signalAudition, signalCalendarSync, reportRecording: async () => {} },
          metrics: { deliveryReported: () => {} },
        },
        event,
        entry,
      ),
    deliverPresence: (received) =>
      deliverPresenceTogether(
        {
          repositories,
          workflowSignals: { signalAudition: async () => 'signaled' },
          runs: { presentPlan: async () => undefined },
        },
        received,
      ),
    correlationIdsOf: (auditions) => repositories.inboxRouting.correlationIdsOf(auditions),
    logger,
  }),
  logger,
  pollIntervalMs: 500,
});

async function signalAudition(audition: string, signal: object): Promise<'signaled'> {
  const { report } = z.object({ report: z.looseObject({ inboxId: z.string() }) }).parse(signal);
  const { inboxId } = report;
  await database.pool.query(
    `WITH delivery AS (INSERT INTO relay_deliveries (relay, inbox_id) VALUES ($4, $1))
     INSERT INTO effects (inbox_id, audition, report) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [inboxId, audition, JSON.stringify(report), relayName],
  );
  return 'signaled';
}

async function signalCalendarSync(): Promise<'not_running'> {
  return 'not_running';
}

process.once('SIGTERM', () => {
  void relay.stop().then(() => Promise.all([database.close(), keys.close()]));
});
