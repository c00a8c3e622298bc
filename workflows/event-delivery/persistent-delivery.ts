/** An attempt that lasts as long as it takes: until it is done, or the receiver has had its days. */
import { CancellationScope, condition, isCancellation, setCurrentDetails } from '@temporalio/workflow';
import type { EndpointTarget, EndpointUnavailable } from '../../activities/contract.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import {
  deliveryFailedReason,
  disableAndNotify,
  endpointGoneReason,
  rejectionIn,
} from './endpoint-activities.ts';

/** How long a failure of ours, which days of attempts have not mended, is left alone. */
const internalFaultPause = '10 minutes';

interface PersistentDelivery {
  /** What was achieved; undefined once nothing more may be sent. */
  run<Outcome extends { readonly kind: string }>(
    attempt: () => Promise<Outcome | EndpointUnavailable>,
  ): Promise<Outcome | undefined>;
  /** Begins anew what has begun before that time, instead of waiting for its next attempt. */
  retryNow(since: Instant): void;
}

export const createPersistentDelivery = (to: EndpointTarget): PersistentDelivery => {
  let currentAttempt: { readonly begun: number; readonly scope: CancellationScope } | undefined;

  /** `again`: it was hurried, or it failed for a reason of ours. */
  const attemptOnce = async <Outcome>(
    attempt: () => Promise<Outcome>,
  ): Promise<Outcome | 'again' | 'over'> => {
    const scope = new CancellationScope();
    currentAttempt = { begun: Date.now(), scope };
    try {
      return await scope.run(attempt);
    } catch (error) {
      if (isCancellation(error)) {
        if (CancellationScope.current().consideredCancelled) throw error;
        return 'again';
      }
      const refusal = rejectionIn(error);
      if (!refusal) {
        setCurrentDetails('Our own fault keeps this from being sent. It is tried again every 10 minutes.');
        await condition(() => scope.consideredCancelled, internalFaultPause);
        return 'again';
      }
      await disableAndNotify(to, deliveryFailedReason(refusal));
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
      if (currentAttempt && currentAttempt.begun < toEpochMs(since)) currentAttempt.scope.cancel();
    },
  };
};

const isEndpointUnavailable = (outcome: { readonly kind: string }): outcome is EndpointUnavailable =>
  outcome.kind === 'disabled' || outcome.kind === 'gone';
