/**
 * The relay of the inbox as a process of its own, which can be killed. In place of Temporal it tells a table, which
 * does what a workflow does: it counts every telling, and lets each inbox id take effect once.
 */
import { z } from 'zod';
import { createDatabaseClient } from '../../db/client.ts';
import { inboxChannel } from '../../db/inbox/batch-insert.ts';
import { createRepositories } from '../../db/index.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { deliver } from '../../workers/inbox/deliver.ts';
import { createInboxRound } from '../../workers/inbox/inbox-round.ts';
import { startRelay } from '../../workers/relay.ts';

const {
  DATABASE_URL: databaseUrl,
  TEST_MASTER_KEY: key,
  RELAY: relayName,
} = z.object({ DATABASE_URL: z.string(), TEST_MASTER_KEY: z.string(), RELAY: z.string() }).parse(process.env);

const database = createDatabaseClient(databaseUrl, { poolSize: 10 });
const repositories = createRepositories(
  database.db,
  createKeyRing([{ id: 'test', key: Buffer.from(key, 'base64') }]),
);
const logger = createLogger({ level: 'warn', process: 'relay' });

const relay = startRelay({
  name: 'inbox',
  notifications: { databaseUrl, channel: inboxChannel },
  round: createInboxRound({
    inbox: repositories.inbox,
    deliver: (told, of) =>
      deliver({ repositories, workflowSignals: { signalAudition, signalCalendarSync } }, told, of),
    logger,
  }),
  logger,
  pollIntervalMs: 500,
});

async function signalAudition(audition: string, { report }: { readonly report: object }): Promise<'told'> {
  const { inboxId } = z.object({ inboxId: z.string() }).parse(report);
  await database.pool.query(
    `WITH telling AS (INSERT INTO tellings (relay, inbox_id) VALUES ($4, $1))
     INSERT INTO effects (inbox_id, audition, report) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [inboxId, audition, JSON.stringify(report), relayName],
  );
  return 'told';
}

async function signalCalendarSync(): Promise<'gone'> {
  return 'gone';
}

process.once('SIGTERM', () => {
  void relay.stop().then(() => database.close());
});
