/** Email addresses as people write them, and the one form that this service uses: the domain in ASCII (RFC 5890). */
import { z } from 'zod';

/** RFC 5321, section 4.1.2: a dot-string, or a quoted string of printable ASCII. */
const localPart = /^(?:[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*|"(?:[ !#-[\]-~]|\\[ -~])+")$/;
/** RFC 5321, section 4.5.3.1. */
const longestLocalPart = 64;
const longestAddress = 254;

/** A domain in ASCII with at least one dot: no address literal, and no host of the local network. */
const domainName = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9-]{2,63}$/;

/** `URL` converts as browsers do (UTS #46). A domain with other parts of an address is not one. */
const asciiDomain = (domain: string): string | undefined => {
  if (/[\s/?#@:[\]%\\]/.test(domain) || !URL.canParse(`http://${domain}`)) return undefined;
  const { hostname } = new URL(`http://${domain}`);
  return domainName.test(hostname) ? hostname : undefined;
};

/** Returns the address with its domain in ASCII; undefined when mail cannot be sent to it. */
export const canonicalEmail = (text: string): string | undefined => {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = asciiDomain(text.slice(at + 1));
  if (at < 1 || domain === undefined || local.length > longestLocalPart || !localPart.test(local))
    return undefined;
  const address = `${local}@${domain}`;
  return address.length <= longestAddress ? address : undefined;
};

/**
 * For the OpenAPI document: what of the rule a pattern can say. At least two labels of letters and digits, of any script;
 * the last one is not a number. `canonicalEmail` decides which characters of other scripts exist in domains.
 */
const edge = '[^\\x00-/:-@[-`{-\\x7f]';
const inner = '[^\\x00-,./:-@[-`{-\\x7f]';
const label = `${edge}(?:${inner}{0,61}${edge})?`;
const lastLabel = `[^\\x00-@[-\`{-\\x7f]${inner}{0,61}${edge}|[^\\x00-\\x7f]`;
const roughForm = `${localPart.source.replace(/\$$/, '')}@(?:${label}[.\u3002\uff0e\uff61])+(?:${lastLabel})$`;

export const emailSchema = z
  .string()
  .max(longestAddress)
  .refine((text) => canonicalEmail(text) !== undefined, 'write an email address as ada@example.com')
  .meta({ pattern: roughForm })
  .describe('An email address. The domain can be in Unicode or in Punycode');
