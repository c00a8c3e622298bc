/** Builds and signs Twilio's webhook calls. */
import { createHmac } from 'node:crypto';
import type { WebhookRequest } from '../webhooks/post-with-retries.ts';

export type WebhookParameters = Readonly<Record<string, string>>;

/**
 * Returns X-Twilio-Signature: HMAC-SHA1 over the URL as configured, then the parameters sorted by name
 * (Twilio, "Security").
 */
const signature = (authToken: string, url: string, parameters: WebhookParameters): string => {
  const signed = Object.keys(parameters)
    .sort()
    .reduce((text, name) => `${text}${name}${parameters[name] ?? ''}`, url);
  return createHmac('sha1', authToken).update(signed).digest('base64');
};

/** Returns a webhook call with the form and the signature that Twilio sends. */
export const signedForm = (
  authToken: string,
  url: string,
  parameters: WebhookParameters,
): WebhookRequest => ({
  url,
  headers: () => ({
    'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
    'user-agent': 'TwilioProxy/1.1',
    'x-twilio-signature': signature(authToken, url, parameters),
  }),
  body: new URLSearchParams(parameters).toString(),
});
