/**
 * Sends one message to an endpoint of the platform's. How it ended is a value, not an error: what a receiver answers is
 * its own affair. Nothing of an answer's body is kept.
 */
import { type Dispatcher, request } from 'undici';
import { withDeadline } from '../errors/transport-errors.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import { isAddressNotAllowed } from '../outbound/address-rules.ts';
import type { CallContext } from '../ports.ts';
import { signedHeaders, type WebhookMessage } from './signature.ts';

interface Receiver {
  readonly url: string;
  readonly secrets: readonly string[];
}

/** `answer` is what may be shown: a status, or why there was none. */
export type DeliveryResult =
  | { readonly kind: 'accepted'; readonly answer: string }
  /** The receiver wants nothing more from us: the endpoint is to be disabled. */
  | { readonly kind: 'gone'; readonly answer: string }
  | { readonly kind: 'failed'; readonly answer: string; readonly retryAfterMs?: number | undefined };

export interface PlatformClient {
  /** Throws what the caller's own signal was aborted with; for everything else there is a receipt. */
  deliver(receiver: Receiver, message: WebhookMessage, call: CallContext): Promise<DeliveryResult>;
}

/** The specification recommends between 15 and 30 seconds. */
const responseTimeoutMs = 15_000;

/** So that the connection can be used again after an ordinary answer; after a longer one it is closed. */
const readAtMost = 4_096;
const readWithinMs = 2_000;

export const createPlatformClient = (
  dispatcher: Dispatcher,
  {
    withinMs = responseTimeoutMs,
    now = () => new Date(),
  }: { readonly withinMs?: number; readonly now?: () => Date } = {},
): PlatformClient => ({
  async deliver({ url, secrets }, message, call) {
    try {
      const { statusCode, headers, body } = await request(url, {
        dispatcher,
        method: 'POST',
        headers: {
          ...signedHeaders(message, secrets, now()),
          'content-type': 'application/json',
          'user-agent': 'CastMatch-Webhooks/1',
          'x-correlation-id': call.correlationId,
        },
        body: message.body,
        signal: withDeadline(call, withinMs),
      });
      // The status has said it: whatever becomes of the rest is no news.
      await body.dump({ limit: readAtMost, signal: AbortSignal.timeout(readWithinMs) }).catch(() => {});
      return deliveryResultOf(statusCode, headers['retry-after']);
    } catch (error) {
      call.signal.throwIfAborted();
      return { kind: 'failed', answer: transportFailureText(error) };
    }
  },
});

const deliveryResultOf = (status: number, retryAfter: string | string[] | undefined): DeliveryResult => {
  if (status >= 200 && status < 300) return { kind: 'accepted', answer: String(status) };
  if (status === 410) return { kind: 'gone', answer: String(status) };
  if (status >= 300 && status < 400)
    return { kind: 'failed', answer: `${status}, redirects are not followed` };
  return {
    kind: 'failed',
    answer: String(status),
    retryAfterMs: retryAfterMs(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, Date.now()),
  };
};

/** In our words: a library's own may quote what the receiver sent. */
const transportFailureText = (error: unknown): string => {
  if (isAddressNotAllowed(error)) return 'no answer: the address is not a public one, or is not https';
  const code = codeOf(error);
  return code === 'TimeoutError' ? 'no answer in time' : `no answer: ${code}`;
};

/** A code of the system, of TLS or of undici; never a message. */
const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const inner = error.cause instanceof Error ? codeOf(error.cause) : undefined;
  return inner ?? code ?? error.name;
};
