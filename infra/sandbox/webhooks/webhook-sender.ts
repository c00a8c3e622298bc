/**
 * The calls that a vendor makes to us. A fault that is switched on for the operation happens to them: an outage loses
 * one for good, latency makes it late.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { CallCounter } from '../calls/counter.ts';
import type { Switchboard } from '../faults/switchboard.ts';
import type { Vendor } from '../vendors.ts';

interface Webhook {
  readonly url: string;
  /** Made anew for each attempt: a signature has its time. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface WebhookSender {
  /** Resolves with the last status, `lost` for one that a fault took, or `failed` when nobody answered. */
  send(webhook: Webhook): Promise<string>;
  /** Nothing is sent or tried again from here on. */
  close(): void;
}

const answersWithinMs = 5_000;

export const createWebhookSender = (
  { switchboard, calls }: { readonly switchboard: Switchboard; readonly calls: CallCounter },
  { vendor, operation }: { readonly vendor: Vendor; readonly operation: string },
  /** Pauses before another attempt, where the answer is 500 or more or there is none. */
  retryMs: readonly number[],
): WebhookSender => {
  const ending = new AbortController();
  const { signal } = ending;

  const attempt = async ({ url, headers, body }: Webhook): Promise<number | undefined> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: headers(),
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(answersWithinMs)]),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return undefined;
    }
  };

  const sendUntilTaken = async (webhook: Webhook): Promise<string> => {
    let outcome = 'failed';
    for (const pause of [0, ...retryMs]) {
      if (pause > 0) await wait(pause, undefined, { ref: false });
      if (signal.aborted) return outcome;
      const status = await attempt(webhook);
      outcome = status === undefined ? 'failed' : String(status);
      if (status !== undefined && status < 500) return outcome;
    }
    return outcome;
  };

  return {
    async send(webhook) {
      const fault = switchboard.takeBefore(vendor, operation);
      if (fault && fault.kind !== 'latency') {
        calls.record(vendor, operation, 'lost');
        return 'lost';
      }
      if (fault) await wait(fault.latencyMs, undefined, { ref: false });
      const outcome = await sendUntilTaken(webhook);
      calls.record(vendor, operation, outcome);
      return outcome;
    },
    close: () => ending.abort(),
  };
};
