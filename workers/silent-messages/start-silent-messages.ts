/** Starts the loops of a worker process that settle messages of which nothing final was reported. */
import type { Repositories } from '../../db/index.ts';
import { minute } from '../../domain/time/units.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Providers } from '../../providers/ports.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';
import { deferredEmailRule } from './deferred-email-rule.ts';
import { createSilentMessageRound } from './silent-message-round.ts';
import { createSilentTextRule } from './silent-text-rule.ts';

/** With the messages of a round, it limits the questions of a process to 20 a minute. */
const pollIntervalMs = minute;

/** Starts one loop for each channel. Every worker process runs them. */
export const startSilentMessages = (
  { silentMessages, inbox }: Pick<Repositories, 'silentMessages' | 'inbox'>,
  { textMessages }: Pick<Providers, 'textMessages'>,
  logger: Pick<Logger, 'info' | 'warn'>,
): readonly Loop[] =>
  [createSilentTextRule(textMessages), deferredEmailRule].map((rule) =>
    startRelay({
      name: `silent messages by ${rule.channel}`,
      pollIntervalMs,
      round: createSilentMessageRound(rule, { silentMessages, inbox, logger }),
      logger,
    }),
  );
