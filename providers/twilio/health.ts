/** Checks that Twilio answers and accepts our credentials. */

import { operationOf } from '../operations.ts';
import type { TwilioClient } from './client.ts';

/**
 * Returns the health check. It lists one message, which needs no permission beyond those in use.
 *
 * @throws {ProviderError}
 */
export const createTwilioCheck = (client: TwilioClient) => async (): Promise<void> => {
  const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
  await client.exchange(operationOf('twilio', 'health'), call, (library) =>
    library.messages.list({ limit: 1, pageSize: 1 }),
  );
};
