/** Counts a meeting that was created as an effect of the request that follows it. */
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';

/**
 * Throws the failure of a request as one that leaves an effect: the meeting exists. Otherwise nothing would remove it, and
 * another host would create a second one.
 */
export const afterCreation = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const { provider, operation, fault, vendor, connection } = error;
    throw new ProviderError(provider, operation, withEffect(fault), vendor, { connection });
  }
};

const withEffect = (fault: ProviderFault): ProviderFault => {
  if (fault.kind === 'outage' || fault.kind === 'retry') return { ...fault, effect: 'unknown' };
  return {
    kind: 'retry',
    effect: 'unknown',
    ...(fault.kind === 'retry_after' ? { delayMs: fault.delayMs } : {}),
  };
};
