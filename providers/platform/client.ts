/**
 * Sends one webhook to an endpoint of the platform. The result is a value, not an error, because any answer is possible.
 * The body of the answer is not kept.
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

/** The result of a delivery. `answer` is safe to show: a status, or why there was none. */
export type DeliveryResult =
  | { readonly kind: 'accepted'; readonly answer: string }
  /** The receiver answered 410: the endpoint must be disabled. */
  | { readonly kind: 'gone'; readonly answer: string }
  | { readonly kind: 'failed'; readonly answer: string; readonly retryAfterMs?: number | undefined };

export interface PlatformClient {
  /** Sends one signed message. Throws only the abort reason of the caller's signal. */
  deliver(receiver: Receiver, message: WebhookMessage, call: CallContext): Promise<DeliveryResult>;
}

/** Standard Webhooks recommends 15 to 30 seconds. */
const responseTimeoutMs = 15_000;

/** Bytes read of an answer's body, so that its connection can be reused. After a longer answer the connection is closed. */
const readAtMost = 4_096;
const readWithinMs = 2_000;

/** Creates the client. `dispatcher` must be guarded, because the platform names the URLs. */
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
      // The status decides the result; errors while reading the body are ignored.
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

/** Returns our own text: a library's message can quote the receiver's answer. */
const transportFailureText = (error: unknown): string => {
  if (isAddressNotAllowed(error)) return 'not sent: the address is not public, or is not https';
  const code = codeOf(error);
  return code === 'TimeoutError' ? 'no answer in time' : `no answer: ${code}`;
};

/** Returns a code of the system, TLS or undici, never a message. */
const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const inner = error.cause instanceof Error ? codeOf(error.cause) : undefined;
  return inner ?? code ?? error.name;
};
