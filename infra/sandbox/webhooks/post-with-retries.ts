/** Sends a webhook call of a vendor, with retries. */
import { setTimeout as wait } from 'node:timers/promises';

export interface WebhookRequest {
  readonly url: string;
  /** Called for each attempt, because a signature contains its time. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly body?: string | undefined;
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

/** Posts a webhook. Never throws. Resolves with the last status, or `failed` after no answer. */
export const postWithRetries = async (
  { url, headers, body }: WebhookRequest,
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
