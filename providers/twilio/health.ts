/** Whether Twilio answers and our credentials hold. */

import { operationOf } from '../operations.ts';
import type { TwilioClient } from './client.ts';

/** The shortest list of messages: it needs no permission beyond those in use. Throws `ProviderError`. */
export const createTwilioCheck = (client: TwilioClient) => async (): Promise<void> => {
  const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
  await client.exchange(operationOf('twilio', 'health'), call, (library) =>
    library.messages.list({ limit: 1, pageSize: 1 }),
  );
};
