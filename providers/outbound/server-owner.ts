/** Names the owner of a server: two addresses with one owner can lead to one server, and to one account. */
import ipaddr from 'ipaddr.js';
import { getDomain } from 'tldts';

/** Returns the registrable domain of a host (Public Suffix List), or its IP address in the usual notation. */
export const serverOwnerOf = ({ hostname }: URL): string => {
  const name = hostname.replace(/^\[|\]$|\.$/g, '');
  // An IPv4 address can be written as an IPv6 address.
  if (ipaddr.isValid(name)) return ipaddr.process(name).toString();
  return getDomain(name, { allowPrivateDomains: true }) ?? name;
};
