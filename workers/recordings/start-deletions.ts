/** Starts the loop of a worker process that deletes recordings. */
import type { Repositories } from '../../db/index.ts';
import { recordingDeletionChannel } from '../../db/recordings/recording-deletions.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import type { Providers } from '../../providers/ports.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';
import { createDeletionRound } from './deletion-round.ts';

/** A deletion that a caller asks for is notified. The end of a retention may be noticed this late. */
const pollIntervalMs = 60_000;

/** Starts the loop. Every worker process runs one: simultaneous deletions of a file are harmless. */
export const startRecordingDeletions = (
  { databaseUrl }: Pick<Configuration, 'databaseUrl'>,
  {
    repositories,
    providers: { storage },
  }: {
    readonly repositories: Pick<Repositories, 'recordingDeletions' | 'events'>;
    readonly providers: Pick<Providers, 'storage'>;
  },
  logger: Pick<Logger, 'info' | 'warn'>,
): Loop =>
  startRelay({
    name: 'recording deletions',
    notifications: { databaseUrl, channel: recordingDeletionChannel },
    pollIntervalMs,
    round: createDeletionRound({
      deletions: repositories.recordingDeletions,
      storage,
      events: repositories.events,
      logger,
    }),
    logger,
  });
