/** The context of a call to a provider, for tests that look at the call and not at its context. */
import type { CallContext } from '../../providers/ports.ts';

/** Returns a context whose signal aborts after ten seconds, unless another signal is given. */
export const callContext = (signal = AbortSignal.timeout(10_000)): CallContext => ({
  signal,
  correlationId: 'corr-1',
});
