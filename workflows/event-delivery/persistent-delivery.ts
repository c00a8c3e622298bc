/** Repeats a delivery until it succeeds, the endpoint is disabled, or the receiver's 3 days are over. */
import { CancellationScope, condition, isCancellation, setCurrentDetails } from '@temporalio/workflow';
import type { EndpointTarget, EndpointUnavailable } from '../../activities/contract.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import {
  describeRejection,
  disableAndNotify,
  endpointGoneReason,
  rejectionIn,
} from './endpoint-activities.ts';

/** Pause after an internal failure that has used up its retries. */
const internalFaultPause = '10 minutes';

interface PersistentDelivery {
  /** Runs the attempt until it has an outcome. Returns undefined when the endpoint gets no more events. */
  run<Outcome extends { readonly kind: string }>(
    attempt: () => Promise<Outcome | EndpointUnavailable>,
  ): Promise<Outcome | undefined>;
  /** Restarts the current attempt immediately, if it began before `since`. */
  retryNow(since: Instant): void;
}

/** Creates the delivery to one endpoint. Disables the endpoint when its receiver rejects a message for good. */
export const createPersistentDelivery = (to: EndpointTarget): PersistentDelivery => {
  let currentAttempt: { readonly startedAtMs: number; readonly scope: CancellationScope } | undefined;

  /** Returns `again` when the attempt was restarted or failed internally, `over` when the endpoint was disabled. */
  const attemptOnce = async <Outcome>(
    attempt: () => Promise<Outcome>,
  ): Promise<Outcome | 'again' | 'over'> => {
    const scope = new CancellationScope();
    currentAttempt = { startedAtMs: Date.now(), scope };
    try {
      return await scope.run(attempt);
    } catch (error) {
      if (isCancellation(error)) {
        if (CancellationScope.current().consideredCancelled) throw error;
        return 'again';
      }
      const rejection = rejectionIn(error);
      if (!rejection) {
        setCurrentDetails('An internal failure prevents the delivery. It is retried every 10 minutes.');
        await condition(() => scope.consideredCancelled, internalFaultPause);
        return 'again';
      }
      await disableAndNotify(to, describeRejection(rejection));
      return 'over';
    } finally {
      currentAttempt = undefined;
    }
  };

  return {
    async run(attempt) {
      for (;;) {
        const outcome = await attemptOnce(attempt);
        if (outcome === 'over') return undefined;
        if (outcome === 'again') continue;
        if (isEndpointUnavailable(outcome)) {
          if (outcome.kind === 'gone') await disableAndNotify(to, endpointGoneReason(outcome));
          return undefined;
        }
        return outcome;
      }
    },
    retryNow(since) {
      if (currentAttempt && currentAttempt.startedAtMs < toEpochMs(since)) currentAttempt.scope.cancel();
    },
  };
};

const isEndpointUnavailable = (outcome: { readonly kind: string }): outcome is EndpointUnavailable =>
  outcome.kind === 'disabled' || outcome.kind === 'gone';
