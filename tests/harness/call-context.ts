/** Provides the context of a provider call to tests for which the context does not matter. */
import type { CallContext } from '../../providers/ports.ts';

/** Returns a context whose signal aborts after ten seconds, unless another signal is given. */
export const callContext = (signal = AbortSignal.timeout(10_000)): CallContext => ({
  signal,
  correlationId: 'corr-1',
});
