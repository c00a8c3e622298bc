/**
 * Decides which IP addresses are allowed when a person has named the server (a CalDAV account, a webhook endpoint). Only
 * public unicast addresses are: any other belongs to a private network, such as ours (server-side request forgery). The
 * ranges come from IANA's registries of special-purpose addresses, as `ipaddr.js` lists them.
 */
import ipaddr from 'ipaddr.js';
import { Refusal } from '../../domain/errors.ts';

type Address = ReturnType<typeof ipaddr.process>;

/** The range of all assigned public IPv6 addresses (RFC 4291, section 2.4; IANA's registry of IPv6 unicast). */
const globalUnicast = ipaddr.parseCIDR('2000::/3');

/** IPv6 forms of IPv4 addresses (NAT64, 6to4, Teredo) are special ranges and therefore not public. */
const isPublic = (address: Address): boolean =>
  address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(globalUnicast));

export type AddressKind = 'public' | 'allowed' | 'refused';

/**
 * Returns a function that classifies an address. An IPv4 address written as IPv6 (::ffff:10.0.0.1) is classified as IPv4.
 *
 * @param allowedPrivateNetworks in CIDR notation.
 */
export const createAddressRules = (
  allowedPrivateNetworks: readonly string[],
): ((address: string) => AddressKind) => {
  const allowed = allowedPrivateNetworks.map((network) => ipaddr.parseCIDR(network));
  return (text) => {
    if (!ipaddr.isValid(text)) return 'refused';
    const address = ipaddr.process(text);
    const isAllowed = allowed.some(
      ([network, bits]) => network.kind() === address.kind() && address.match([network, bits]),
    );
    if (isAllowed) return 'allowed';
    return isPublic(address) ? 'public' : 'refused';
  };
};

/** Returns the error for a forbidden address. `message` must not contain the resolved address: it would reveal our network. */
export const addressNotAllowed = (message: string, whatToDo: string): Refusal =>
  new Refusal('address_not_allowed', message, whatToDo);

/** Whether an error is `address_not_allowed`, or was caused by it. */
export const isAddressNotAllowed = (error: unknown): error is Error =>
  error instanceof Error &&
  ((error instanceof Refusal && error.code === 'address_not_allowed') || isAddressNotAllowed(error.cause));
