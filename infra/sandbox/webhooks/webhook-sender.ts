/**
 * The calls that a vendor makes to us. A fault that is switched on for the operation happens to them: an outage loses
 * one for good, latency makes it late.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { CallCounter } from '../calls/counter.ts';
import type { FaultRegistry } from '../faults/fault-registry.ts';
import type { Vendor } from '../vendors.ts';
import { postWithRetries, type WebhookRequest } from './post-with-retries.ts';

export interface WebhookSender {
  /** Resolves with the last status, `lost` for one that a fault took, or `failed` when nobody answered. */
  send(webhook: WebhookRequest): Promise<string>;
  /** Sends without faults and without counting. Resolves with the last status, or `failed` without an answer. */
  post(webhook: WebhookRequest): Promise<string>;
  /** Nothing is sent or tried again from here on. */
  close(): void;
}

interface Attempts {
  /** Pauses before another attempt, where the answer is 500 or more or there is none. */
  readonly retryMs: readonly number[];
  /** For one attempt. */
  readonly answersWithinMs?: number;
}

export const createWebhookSender = (
  { faultRegistry, calls }: { readonly faultRegistry: FaultRegistry; readonly calls: CallCounter },
  { vendor, operation }: { readonly vendor: Vendor; readonly operation: string },
  { retryMs, answersWithinMs: timeoutMs = 5_000 }: Attempts,
): WebhookSender => {
  const ending = new AbortController();
  const post = (webhook: WebhookRequest) =>
    postWithRetries(webhook, { timeoutMs, retryMs, signal: ending.signal });

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
