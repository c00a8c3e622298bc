/** Checks that the mail server answers and accepts our credentials. */

import { operationOf } from '../operations.ts';
import type { SmtpClient } from './client.ts';
import { fromSmtp } from './errors.ts';

/**
 * Returns the health check.
 *
 * @throws {ProviderError}
 */
export const createSmtpCheck = (client: SmtpClient) => async (): Promise<void> => {
  const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
  try {
    await client.verify();
  } catch (error) {
    throw fromSmtp(operationOf('smtp', 'health'), error, call);
  }
};
