/** Twilio's calls to us: a signed form, tried again a few times. */
import { createHmac } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { TwilioSettings } from '../settings.ts';

export type WebhookParameters = Readonly<Record<string, string>>;

/** X-Twilio-Signature: HMAC-SHA1 over the URL as it was given, then the parameters sorted by name (Twilio, "Security"). */
const signature = (authToken: string, url: string, parameters: WebhookParameters): string => {
  const signed = Object.keys(parameters)
    .sort()
    .reduce((text, name) => `${text}${name}${parameters[name] ?? ''}`, url);
  return createHmac('sha1', authToken).update(signed).digest('base64');
};

/**
 * Posts the form until it is answered with less than 500, or the retries are spent. Never throws: resolves with the
 * last status, or `failed` when there was no answer.
 */
export const callWebhook = async (
  settings: TwilioSettings,
  url: string,
  parameters: WebhookParameters,
  signal: AbortSignal,
): Promise<string> => {
  const send = async () => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'user-agent': 'TwilioProxy/1.1',
        'x-twilio-signature': signature(settings.authToken, url, parameters),
      },
      body: new URLSearchParams(parameters).toString(),
      signal: AbortSignal.any([signal, AbortSignal.timeout(settings.callbackTimeoutMs)]),
    });
    // Reading to the end gives the connection back for the next call.
    await response.arrayBuffer();
    return response.status;
  };

  let outcome = 'failed';
  for (const pause of [0, ...settings.callbackRetryMs]) {
    try {
      if (pause > 0) await wait(pause, undefined, { signal, ref: false });
      const status = await send();
      outcome = String(status);
      if (status < 500) return outcome;
    } catch {
      if (signal.aborted) return outcome;
      outcome = 'failed';
    }
  }
  return outcome;
};
