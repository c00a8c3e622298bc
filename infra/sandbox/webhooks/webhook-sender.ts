/**
 * Sends the webhook calls of a vendor and applies faults to them. An outage drops a call permanently. Latency
 * delays a call.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { CallCounter } from '../calls/counter.ts';
import type { FaultRegistry } from '../faults/fault-registry.ts';
import type { Vendor } from '../vendors.ts';
import { postWithRetries, type WebhookRequest } from './post-with-retries.ts';

export interface WebhookSender {
  /** Resolves with the last status, `lost` when a fault dropped the call, or `failed` after no answer. */
  send(webhook: WebhookRequest): Promise<string>;
  /** Sends without faults and without counting. Resolves with the last status, or `failed` without an answer. */
  post(webhook: WebhookRequest): Promise<string>;
  /** Aborts all attempts and retries. */
  close(): void;
}

interface Attempts {
  /** Milliseconds before each retry, also after no answer. */
  readonly retryMs: readonly number[];
  /** Milliseconds for one attempt. */
  readonly answersWithinMs?: number;
  /** Which statuses end the attempts. Default: those below 500. */
  readonly repeatsUnless?: (status: number) => boolean;
}

/** Creates the sender of one operation. */
export const createWebhookSender = (
  { faultRegistry, calls }: { readonly faultRegistry: FaultRegistry; readonly calls: CallCounter },
  { vendor, operation }: { readonly vendor: Vendor; readonly operation: string },
  { retryMs, answersWithinMs: timeoutMs = 5_000, repeatsUnless }: Attempts,
): WebhookSender => {
  const ending = new AbortController();
  const post = (webhook: WebhookRequest) =>
    postWithRetries(webhook, { timeoutMs, retryMs, signal: ending.signal, repeatsUnless });

  return {
    post,
    async send(webhook) {
      const fault = faultRegistry.consumeRequestFault(vendor, operation);
      if (fault && fault.kind !== 'latency') {
        calls.record(vendor, operation, 'lost');
        return 'lost';
      }
      if (fault) await wait(fault.latencyMs, undefined, { ref: false });
      const outcome = await post(webhook);
      calls.record(vendor, operation, outcome);
      return outcome;
    },
    close: () => ending.abort(),
  };
};
