/** Sends a webhook call of a vendor, with retries. */
import { setTimeout as wait } from 'node:timers/promises';

export interface WebhookRequest {
  readonly url: string;
  /** Called for each attempt, because a signature contains its time. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Asked before each attempt: whether the vendor still has a reason to send it. Default: yes. */
  readonly isCurrent?: (() => boolean) | undefined;
}

export interface RetryOptions {
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  /** Milliseconds before each retry, also after no answer. */
  readonly retryMs: readonly number[];
  /** Which statuses end the attempts. Default: those below 500. */
  readonly repeatsUnless?: ((status: number) => boolean) | undefined;
  /** Aborts the attempts and the retries. */
  readonly signal: AbortSignal;
}

/** Posts a webhook. Never throws. Resolves with the last status, `failed` after no answer, or `ended` when it is not current any more. */
export const postWithRetries = async (
  { url, headers, body, isCurrent = () => true }: WebhookRequest,
  { timeoutMs, retryMs, signal, repeatsUnless = (status) => status < 500 }: RetryOptions,
): Promise<string> => {
  const attempt = async (): Promise<number> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: headers(),
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    // Reading the whole body releases the connection for the next call.
    await response.arrayBuffer();
    return response.status;
  };

  let outcome = 'failed';
  for (const pause of [0, ...retryMs]) {
    try {
      if (pause > 0) await wait(pause, undefined, { signal, ref: false });
      if (!isCurrent()) return 'ended';
      const status = await attempt();
      outcome = String(status);
      if (repeatsUnless(status)) return outcome;
    } catch {
      if (signal.aborted) return outcome;
      outcome = 'failed';
    }
  }
  return outcome;
};
