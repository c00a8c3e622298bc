/**
 * Sends the webhook calls of a vendor and applies faults to them. An outage drops a call permanently. Latency delays a call.
 * Calls can be sent more than once, and in another order.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { CallCounter } from '../calls/counter.ts';
import type { FaultRegistry } from '../faults/fault-registry.ts';
import type { Vendor } from '../vendors.ts';
import { createHeldWebhooks } from './held-webhooks.ts';
import { postWithRetries, type WebhookRequest } from './post-with-retries.ts';

export interface WebhookSender {
  /** Resolves with the last status, `lost` when a fault dropped the call, `failed` after no answer, or `ended`. */
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

  const postAndRecord = async (webhook: WebhookRequest): Promise<string> => {
    const outcome = await post(webhook);
    calls.record(vendor, operation, outcome);
    return outcome;
  };

  const held = createHeldWebhooks(postAndRecord, ending.signal);

  return {
    post,
    async send(webhook) {
      const fault = faultRegistry.consumeWebhookFault(vendor, operation);
      if (!fault) return postAndRecord(webhook);
      switch (fault.kind) {
        case 'latency':
          await wait(fault.latencyMs, undefined, { ref: false });
          return postAndRecord(webhook);
        case 'duplicate': {
          const copies = Array.from({ length: fault.copies }, () => postAndRecord(webhook));
          return (await Promise.all(copies)).at(-1) ?? 'failed';
        }
        case 'reorder':
          return held.hold(webhook, fault);
        case 'outage':
        case 'rate_limit':
        case 'unauthorized':
        case 'refusal':
          calls.record(vendor, operation, 'lost');
          return 'lost';
      }
    },
    close: () => ending.abort(),
  };
};
