/** Reads the address of a calendar feed as a person pastes it. */
import { addressNotAllowed } from '../outbound/address-rules.ts';
import { parseWebAddress } from '../outbound/early-check.ts';
import { longestAddress } from './settings.ts';

/**
 * Returns the address to request. `webcal://` and `webcals://` are conventions for `https://`
 * (https://www.iana.org/assignments/uri-schemes/prov/webcal). An address without a scheme gets `https://`. The fragment is
 * removed, because it is not sent.
 *
 * @throws {Refusal} `address_not_allowed`
 */
export const parseFeedAddress = (text: string): URL => {
  const address = text.trim().replace(/^<(.*)>$/, '$1');
  if (address.length > longestAddress) {
    throw addressNotAllowed('This address is too long.', 'Copy the address of the calendar again.');
  }
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`;
  const url = parseWebAddress(withScheme.replace(/^webcals?:\/\//i, 'https://'));
  url.hash = '';
  return url;
};
