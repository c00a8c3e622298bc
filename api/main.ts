/** The API process: serves until it is told to stop. */
import closeWithGrace from 'close-with-grace';
import { ConfigurationError, loadConfiguration } from '../infra/configuration/configuration.ts';
import { createLogger } from '../infra/observability/logger.ts';
import { startApi } from './server.ts';

/** Longer than the longest wait for an update's result (28 s), so that nobody's answer is cut off. */
const stopWithinMs = 35_000;

const main = async (): Promise<void> => {
  const configuration = loadConfiguration();
  const logger = createLogger({ level: configuration.logLevel, process: 'api' });
  const deployed = configuration.environment !== 'local' && configuration.environment !== 'test';
  const api = await startApi({ configuration, logger, host: deployed ? '0.0.0.0' : '127.0.0.1' });
  logger.info({ url: api.url }, 'listening');
  closeWithGrace({ delay: stopWithinMs, logger }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'unexpected: shutting down');
    else logger.info({ signal }, 'shutting down: finishing what is under way');
    await api.close();
    logger.info('stopped');
  });
};

/** Before there is a configuration there is no logger either. */
const failToStart = (error: unknown): void => {
  const text = error instanceof ConfigurationError || !(error instanceof Error) ? String(error) : error.stack;
  process.stderr.write(`${text}\n`);
  process.exit(1);
};

main().catch(failToStart);
