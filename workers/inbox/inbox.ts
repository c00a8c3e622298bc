/** The relay of the inbox in a worker process: tells running workflows what was told to us. */

import { inboxChannel } from '../../db/inbox/batch-insert.ts';
import type { Repositories } from '../../db/index.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';
import type { RunningWorkers } from '../worker.ts';
import { deliver } from './deliver.ts';
import { createInboxRound } from './inbox-round.ts';
import { createMessenger } from './messenger.ts';

export const startInboxRelay = (
  { databaseUrl }: Pick<Configuration, 'databaseUrl'>,
  repositories: Repositories,
  { client }: Pick<RunningWorkers, 'client'>,
  logger: Logger,
): Loop => {
  const messenger = createMessenger(client);
  return startRelay({
    name: 'inbox',
    notified: { databaseUrl, channel: inboxChannel },
    round: createInboxRound({
      inbox: repositories.inbox,
      deliver: (told, of) => deliver({ repositories, messenger }, told, of),
      logger,
    }),
    logger,
  });
};
