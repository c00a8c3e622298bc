/**
 * Checks an address when a person enters it, for an immediate and readable error. It is no protection: a name can
 * resolve differently later, so `dispatcher.ts` checks every connection again. Any port is allowed: CalDAV servers use
 * many, and a service that does not speak TLS receives no data.
 */
import { addressNotAllowed, isAddressNotAllowed } from './address-rules.ts';
import { createAddressResolver, type OutboundPolicy } from './dispatcher.ts';

const useHttpsAdvice = 'Give an address that begins with https://.';

/**
 * Parses an http(s) URL without credentials.
 *
 * @throws {Refusal} `address_not_allowed` for any other text.
 */
export const parseWebAddress = (text: string): URL => {
  if (!URL.canParse(text)) throw addressNotAllowed('This is not a web address.', useHttpsAdvice);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw addressNotAllowed('This is not a web address.', useHttpsAdvice);
  }
  if (url.username !== '' || url.password !== '') {
    throw addressNotAllowed(
      'The address contains a user name or a password.',
      'Remove the user name and the password, up to and including the "@".',
    );
  }
  return url;
};

type AssertPublicAddress = (url: string) => Promise<void>;

/** The form does not wait longer; the connection checks the address later. */
const checkTimeoutMs = 2_000;

/**
 * Returns a function that checks a URL. It accepts a name that does not resolve, or not within 2 s: the name can exist
 * by the time of the call.
 *
 * @throws {Refusal} `address_not_allowed` when the URL or a resolved address is not allowed.
 */
export const createEarlyCheck = (policy: OutboundPolicy): AssertPublicAddress => {
  const addressesOf = createAddressResolver(policy);
  return async (text) => {
    const url = parseWebAddress(text);
    const check = addressesOf(url.protocol, url.hostname).then(
      () => undefined,
      (error: unknown) => (isAddressNotAllowed(error) ? error : undefined),
    );
    const { promise: timeout, resolve: timeOut } = Promise.withResolvers<undefined>();
    const timer = setTimeout(timeOut, checkTimeoutMs, undefined);
    const refusal = await Promise.race([check, timeout]);
    clearTimeout(timer);
    if (refusal !== undefined) throw refusal;
  };
};
