/**
 * Signs outgoing webhooks according to Standard Webhooks 1.0.0:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { Webhook } from 'standardwebhooks';

export interface WebhookMessage {
  /** Identical in every attempt. Must not contain a full stop. */
  readonly id: string;
  /** The exact text that is sent and signed. */
  readonly body: string;
}

/**
 * Returns the headers, with one signature per secret, newest first: during a rotation a receiver can know either secret.
 *
 * @param at the time of the attempt, sent in whole seconds.
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
