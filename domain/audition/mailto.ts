/**
 * The addresses of calendars: `mailto` URIs (RFC 5545, section 3.3.3; RFC 6068). A URI is ASCII, so an address with other characters is
 * written with percent signs.
 */

/**
 * Returns the address as it follows `mailto:`. Quotes, separators, and characters outside ASCII are written with percent signs. `+`, `$`
 * and the `@` before the domain are not (RFC 6068, section 2).
 */
export const mailtoPathOf = (email: string): string => {
  const at = email.lastIndexOf('@');
  const local = encodeURIComponent(email.slice(0, at)).replaceAll('%2B', '+').replaceAll('%24', '$');
  return `${local}${email.slice(at)}`;
};

/**
 * Returns the address of a `mailto` URI, in NFC and lower case, for comparison. Some programs write the address without percent signs:
 * what cannot be decoded is returned as it is.
 */
export const emailOfMailto = (uri: string): string => {
  const path = uri.trim().replace(/^mailto:/i, '');
  // The headers of the URI begin after the domain. A question mark can be part of the address.
  const address = path.replace(/(@[^@?]*)\?[^@]*$/, '$1');
  // Some write it in angle brackets, as in a header.
  return comparableEmail(
    decoded(address)
      .trim()
      .replace(/^<(.*)>$/, '$1'),
  );
};

/** Returns the address in the form in which addresses are compared: in NFC and lower case. */
export const comparableEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase();

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
