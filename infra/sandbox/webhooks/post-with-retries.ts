/** A vendor's call to us, tried again until it is taken. */
import { setTimeout as wait } from 'node:timers/promises';

export interface WebhookRequest {
  readonly url: string;
  /** Made anew for each attempt: a signature has its time. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface RetryOptions {
  /** For one attempt. */
  readonly timeoutMs: number;
  /** Pauses before another attempt, where the answer is 500 or more or there is none. */
  readonly retryMs: readonly number[];
  /** Nothing is sent or tried again once it aborts. */
  readonly signal: AbortSignal;
}

/** Never throws: resolves with the last status, or `failed` when nobody answered. */
export const postWithRetries = async (
  { url, headers, body }: WebhookRequest,
  { timeoutMs, retryMs, signal }: RetryOptions,
): Promise<string> => {
  const attempt = async (): Promise<number> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: headers(),
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    // Reading to the end gives the connection back for the next call.
    await response.arrayBuffer();
    return response.status;
  };

  let outcome = 'failed';
  for (const pause of [0, ...retryMs]) {
    try {
      if (pause > 0) await wait(pause, undefined, { signal, ref: false });
      const status = await attempt();
      outcome = String(status);
      if (status < 500) return outcome;
    } catch {
      if (signal.aborted) return outcome;
      outcome = 'failed';
    }
  }
  return outcome;
};
