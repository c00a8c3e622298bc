/** Starts the command relay of a worker process: it finishes the commands that an API process has left open. */
import type { Repositories } from '../../db/index.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';
import type { RunningWorkers } from '../worker.ts';
import { createCommandRound, createUpdateAnswers } from './record-commands.ts';

/** Without notifications: a command is due a minute after it was sent. */
const pollIntervalMs = 15_000;

/** Starts the relay. `client` must stay usable until the relay has stopped. */
export const startCommandRelay = (
  repositories: Repositories,
  { client }: Pick<RunningWorkers, 'client'>,
  logger: Logger,
): Loop =>
  startRelay({
    name: 'commands',
    pollIntervalMs,
    round: createCommandRound({ repositories, answerOf: createUpdateAnswers(client) }),
    logger,
  });
