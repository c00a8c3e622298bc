/** Twilio's calls to us: a signed form, tried again a few times. */
import { createHmac } from 'node:crypto';
import type { TwilioSettings } from '../settings.ts';
import { postUntilTaken } from '../webhooks/post-until-taken.ts';

export type WebhookParameters = Readonly<Record<string, string>>;

/** X-Twilio-Signature: HMAC-SHA1 over the URL as it was given, then the parameters sorted by name (Twilio, "Security"). */
const signature = (authToken: string, url: string, parameters: WebhookParameters): string => {
  const signed = Object.keys(parameters)
    .sort()
    .reduce((text, name) => `${text}${name}${parameters[name] ?? ''}`, url);
  return createHmac('sha1', authToken).update(signed).digest('base64');
};

/** Posts the form until it is answered with less than 500, or the retries are spent. Never throws. */
export const callWebhook = (
  { authToken, callbackTimeoutMs, callbackRetryMs }: TwilioSettings,
  url: string,
  parameters: WebhookParameters,
  signal: AbortSignal,
): Promise<string> =>
  postUntilTaken(
    {
      url,
      headers: () => ({
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'user-agent': 'TwilioProxy/1.1',
        'x-twilio-signature': signature(authToken, url, parameters),
      }),
      body: new URLSearchParams(parameters).toString(),
    },
    { answersWithinMs: callbackTimeoutMs, retryMs: callbackRetryMs, signal },
  );
