/**
 * Which addresses may be called when a person has named the server (a CalDAV account, a webhook endpoint). Only public
 * unicast ones: everything else leads into somebody's own network, ours first of all (server-side request forgery).
 * The ranges are those of IANA's registries of special-purpose addresses, as the library keeps them.
 */
import ipaddr from 'ipaddr.js';
import { Refusal } from '../../domain/errors.ts';

type Address = ReturnType<typeof ipaddr.process>;

/** All that is handed out to anybody lies in here (RFC 4291, section 2.4; IANA's registry of IPv6 unicast). */
const globalUnicast = ipaddr.parseCIDR('2000::/3');

/** What carries an IPv4 address in another form (NAT64, 6to4, Teredo) is among the special ranges. */
const isPublic = (address: Address): boolean =>
  address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(globalUnicast));

export type AddressKind = 'public' | 'allowed' | 'refused';

/** An IPv4 address written as IPv6 (::ffff:10.0.0.1) is judged as the IPv4 address it is. */
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

/** Says nothing of what the name resolved to: that would tell a stranger how our network is made. */
export const addressNotAllowed = (message: string, whatToDo: string): Refusal =>
  new Refusal('address_not_allowed', message, whatToDo);

/** Also where a library has wrapped it. */
export const isAddressNotAllowed = (error: unknown): boolean =>
  error instanceof Error &&
  ((error instanceof Refusal && error.code === 'address_not_allowed') || isAddressNotAllowed(error.cause));
