/** A sender as people write it: an address, or a name with the address in angle brackets (RFC 5322, section 3.4). */

/** Returns both parts as they are written. The name is empty when the sender has none. */
export const mailboxOf = (sender: string): { readonly name: string; readonly address: string } => {
  const [, name = '', address = sender] = /^(.*)<([^<>]+)>\s*$/.exec(sender) ?? [];
  return { name: name.trim(), address: address.trim() };
};
