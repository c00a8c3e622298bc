/** Starts the loop of a worker process that asks about text messages of which nothing was reported. */
import type { Repositories } from '../../db/index.ts';
import { minute } from '../../domain/time/units.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Providers } from '../../providers/ports.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';
import { createSilentTextRound } from './silent-text-round.ts';

/** With the texts of a round, it limits the questions of a process to 20 a minute. */
const pollIntervalMs = minute;

/** Starts the loop. Every worker process runs one. */
export const startSilentTexts = (
  { silentTexts, inbox }: Pick<Repositories, 'silentTexts' | 'inbox'>,
  { textMessages }: Pick<Providers, 'textMessages'>,
  logger: Pick<Logger, 'info' | 'warn'>,
): Loop =>
  startRelay({
    name: 'silent text messages',
    pollIntervalMs,
    round: createSilentTextRound({ silentTexts, textMessages, inbox, logger }),
    logger,
  });
