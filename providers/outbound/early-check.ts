/**
 * Says at once, in words for the person who typed it, that an address may not be called. It guards nothing: what a name
 * leads to may change, and is looked at again with every connection. Any port is taken: CalDAV servers live on many,
 * and whoever does not speak TLS there is told nothing.
 */
import { addressNotAllowed, isAddressNotAllowed } from './address-rules.ts';
import { createAddressResolver, type OutboundPolicy } from './dispatcher.ts';

const useHttpsAdvice = 'Give an address that begins with https://.';

/** What is wrong with it as it is written. Throws `Refusal` `address_not_allowed`. */
export const parseWebAddress = (text: string): URL => {
  if (!URL.canParse(text)) throw addressNotAllowed('This is no web address.', useHttpsAdvice);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw addressNotAllowed('This is no web address.', useHttpsAdvice);
  }
  if (url.username !== '' || url.password !== '') {
    throw addressNotAllowed(
      'The address contains a user name or a password.',
      'Leave out everything before the "@".',
    );
  }
  return url;
};

type AssertPublicAddress = (url: string) => Promise<void>;

/** Longer than this nobody waits for a form; the connection will find out. */
const checkTimeoutMs = 2_000;

/** A name that does not resolve now is let pass: it may be there when it is called. */
export const createEarlyCheck = (policy: OutboundPolicy): AssertPublicAddress => {
  const addressesOf = createAddressResolver(policy);
  return async (text) => {
    const url = parseWebAddress(text);
    const known = addressesOf(url.protocol, url.hostname).then(
      () => undefined,
      (error: unknown) => (isAddressNotAllowed(error) ? error : undefined),
    );
    const { promise: late, resolve: giveUp } = Promise.withResolvers<undefined>();
    const timer = setTimeout(giveUp, checkTimeoutMs, undefined);
    const refusal = await Promise.race([known, late]);
    clearTimeout(timer);
    if (refusal !== undefined) throw refusal;
  };
};
