/** Telephone numbers: which are well formed, and which fail on purpose. */
import { TwilioError } from './errors.ts';

const e164 = /^\+[1-9]\d{6,14}$/;

export const isPhoneNumber = (text: string): boolean => e164.test(text);

/** Twilio's own magic numbers for test credentials: sending to them is refused. */
const refusals: Readonly<Record<string, { code: number; message: (to: string) => string }>> = {
  '+15005550001': { code: 21211, message: (to) => `Invalid 'To' Phone Number: ${to}` },
  '+15005550002': { code: 21612, message: () => "The 'To' phone number is not currently reachable via SMS" },
  '+15005550003': {
    code: 21408,
    message: () => 'Permission to send an SMS has not been enabled for the region',
  },
  '+15005550004': { code: 21610, message: () => 'Attempt to send to unsubscribed recipient' },
  '+15005550009': { code: 21614, message: (to) => `'To' number is not a valid mobile number: ${to}` },
};

/** Throws when the number can or may not be written to. */
export const checkRecipient = (to: string, optedOut: ReadonlySet<string>) => {
  if (!isPhoneNumber(to)) throw new TwilioError(400, 21211, `Invalid 'To' Phone Number: ${to}`);
  const refusal = refusals[to];
  if (refusal) throw new TwilioError(400, refusal.code, refusal.message(to));
  if (optedOut.has(to)) throw new TwilioError(400, 21610, 'Attempt to send to unsubscribed recipient');
};

/**
 * The sandbox's own magic numbers: `+15005530003` takes a message that is then not delivered, with error 30003.
 * So do the others of that row, `+1500553` and a four-digit number in 0001..0999.
 */
const failing = /^\+15005530(\d{3})$/;

/** The error code with which a message to this number ends undelivered. */
export const deliveryError = (to: string): number | undefined => {
  const suffix = failing.exec(to)?.[1];
  return suffix === undefined ? undefined : 30_000 + Number(suffix);
};
