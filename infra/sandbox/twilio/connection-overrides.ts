/**
 * Reads the fragment of a callback URL, which changes how Twilio connects. It is neither sent nor signed.
 * Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */

export interface ConnectionOverrides {
  /** The address that is called and signed. */
  readonly url: string;
  /** `rc`: how often a failed call is repeated; 0 to 5, by default 1. */
  readonly retries: number;
  /** `rp`: the failures after which a call is repeated; by default only a connection that fails. */
  readonly policy: ReadonlySet<string>;
}

const defaultRetries = 1;
const mostRetries = 5;

/** A call without an answer is always repeated: connection and read timeouts (`ct`, `rt`) are not told apart here. */
export const connectionOverrides = (callback: string): ConnectionOverrides => {
  const [url = '', fragment = ''] = callback.split('#', 2);
  const given = new URLSearchParams(fragment);
  const retries = Number(given.get('rc') ?? defaultRetries);
  return {
    url,
    retries: Number.isInteger(retries) ? Math.min(Math.max(retries, 0), mostRetries) : defaultRetries,
    policy: new Set((given.get('rp') ?? 'ct').split(',')),
  };
};

/** Returns whether this status ends the attempts. */
export const endsAttempts = ({ policy }: ConnectionOverrides, status: number): boolean =>
  !(
    policy.has('all') ||
    (status >= 500 && policy.has('5xx')) ||
    (status >= 400 && status < 500 && policy.has('4xx'))
  );
