/**
 * Signs what we send after the Standard Webhooks specification, 1.0.0:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { Webhook } from 'standardwebhooks';

export interface WebhookMessage {
  /** The same in every attempt, and without a full stop. */
  readonly id: string;
  /** The very bytes that are sent. */
  readonly body: string;
}

/**
 * One signature for each secret, newest first: while secrets are exchanged, a receiver may know either. The time is
 * that of the attempt, in whole seconds.
 */
export const signedHeaders = (
  { id, body }: WebhookMessage,
  secrets: readonly string[],
  at: Date,
): Readonly<Record<string, string>> => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
  'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
});
