/** A webhook about an audition that is open and has no workflow, because it was terminated. */
import { day, minute } from '../../domain/time/units.ts';
import type { WebhookOutcome } from './webhook-outcome.ts';

/** The audition is signaled again each time the webhook is twice as old. In milliseconds. */
const shortestRecheckMs = 1_000;
const longestRecheckMs = 10 * minute;
/** By then an operator has decided about the audition. */
const stoppedForMs = 7 * day;

/** Returns the outcome of the webhook: the audition will be taken over. @param ageMs the age of the webhook */
export const stoppedOutcome = (ageMs: number): WebhookOutcome => {
  const reason = 'audition_stopped';
  if (ageMs > stoppedForMs) return { kind: 'parked', reason };
  return {
    kind: 'recheck',
    reason,
    afterMs: Math.min(Math.max(ageMs, shortestRecheckMs), longestRecheckMs),
  };
};
