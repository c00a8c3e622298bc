/** Validates phone numbers and defines the numbers that simulate failures. */
import { TwilioError } from './errors.ts';

const e164 = /^\+[1-9]\d{6,14}$/;

/** Returns whether the text is a phone number in E.164. */
export const isPhoneNumber = (text: string): boolean => e164.test(text);

/** Twilio's magic numbers for test credentials. Sending to them is refused. */
const refusedNumbers: Readonly<Record<string, { code: number; message: (to: string) => string }>> = {
  '+15005550001': { code: 21211, message: (to) => `Invalid 'To' Phone Number: ${to}` },
  '+15005550002': { code: 21612, message: () => "The 'To' phone number is not currently reachable via SMS" },
  '+15005550003': {
    code: 21408,
    message: () => 'Permission to send an SMS has not been enabled for the region',
  },
  '+15005550004': { code: 21610, message: () => 'Attempt to send to unsubscribed recipient' },
  '+15005550009': { code: 21614, message: (to) => `'To' number is not a valid mobile number: ${to}` },
};

/**
 * Checks the recipient of a message.
 *
 * @throws {TwilioError} when the number is invalid, refused or opted out.
 */
export const checkRecipient = (to: string, optedOut: ReadonlySet<string>) => {
  if (!isPhoneNumber(to)) throw new TwilioError(400, 21211, `Invalid 'To' Phone Number: ${to}`);
  const refusal = refusedNumbers[to];
  if (refusal) throw new TwilioError(400, refusal.code, refusal.message(to));
  if (optedOut.has(to)) throw new TwilioError(400, 21610, 'Attempt to send to unsubscribed recipient');
};

/**
 * The sandbox's own magic numbers: `+1500553` and a four-digit number from 0001 to 0999. A message to
 * `+15005530003` is accepted and then undelivered with error 30003.
 */
const failing = /^\+15005530(\d{3})$/;

/** "Queue overflow" and "Account suspended": the message is never sent. https://www.twilio.com/docs/api/errors/30001 */
const neverSent: readonly number[] = [30_001, 30_002];

/** Returns what becomes of a message to this number, and the error code; undefined when it is delivered. */
export const deliveryFailure = (
  to: string,
): { readonly status: 'undelivered' | 'failed'; readonly code: number } | undefined => {
  const suffix = failing.exec(to)?.[1];
  if (suffix === undefined) return undefined;
  const code = 30_000 + Number(suffix);
  return { status: neverSent.includes(code) ? 'failed' : 'undelivered', code };
};
