/** An attempt that lasts as long as it takes: until it is done, or the receiver has had its days. */
import { CancellationScope, condition, isCancellation, setCurrentDetails } from '@temporalio/workflow';
import type { ToEndpoint, Unwelcome } from '../../activities/contract.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { disable, givenUp, refusalIn, unwanted } from './attempts.ts';

/** How long a failure of ours, which days of attempts have not mended, is left alone. */
const oursPause = '10 minutes';

interface Insistence {
  /** What was achieved; undefined once nothing more may be sent. */
  on<Outcome extends { readonly kind: string }>(
    attempt: () => Promise<Outcome | Unwelcome>,
  ): Promise<Outcome | undefined>;
  /** Begins anew what has begun before that time, instead of waiting for its next attempt. */
  hurry(since: Instant): void;
}

export const insistFor = (to: ToEndpoint): Insistence => {
  let underWay: { readonly begun: number; readonly scope: CancellationScope } | undefined;

  /** `again`: it was hurried, or it failed for a reason of ours. */
  const once = async <Outcome>(attempt: () => Promise<Outcome>): Promise<Outcome | 'again' | 'over'> => {
    const scope = new CancellationScope();
    underWay = { begun: Date.now(), scope };
    try {
      return await scope.run(attempt);
    } catch (error) {
      if (isCancellation(error)) {
        if (CancellationScope.current().consideredCancelled) throw error;
        return 'again';
      }
      const refusal = refusalIn(error);
      if (!refusal) {
        setCurrentDetails('Our own fault keeps this from being sent. It is tried again every 10 minutes.');
        await condition(() => scope.consideredCancelled, oursPause);
        return 'again';
      }
      await disable(to, givenUp(refusal));
      return 'over';
    } finally {
      underWay = undefined;
    }
  };

  return {
    async on(attempt) {
      for (;;) {
        const outcome = await once(attempt);
        if (outcome === 'over') return undefined;
        if (outcome === 'again') continue;
        if (isUnwelcome(outcome)) {
          if (outcome.kind === 'gone') await disable(to, unwanted(outcome));
          return undefined;
        }
        return outcome;
      }
    },
    hurry(since) {
      if (underWay && underWay.begun < toEpochMs(since)) underWay.scope.cancel();
    },
  };
};

const isUnwelcome = (outcome: { readonly kind: string }): outcome is Unwelcome =>
  outcome.kind === 'disabled' || outcome.kind === 'gone';
