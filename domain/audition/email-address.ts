/**
 * Email addresses as people write them, and the one form that this service uses: the local part in NFC (RFC 6532, section 3.1), and
 * the domain in ASCII (RFC 5890).
 */
import { z } from 'zod';

/**
 * What no local part contains: controls, spaces outside ASCII, and characters without a form, among them the controls of the writing
 * direction. An address with one of them reads like another address. U+FFFD is the trace of a wrong decoding. As ranges, not as
 * properties: the pattern is part of the OpenAPI document, and many generators know no properties.
 */
const refused = String.raw`\u0080-\u00a0\u00ad\u034f\u037e\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufeff\uffa0\ufff0-\uffff`;
/** An atom: all but the controls and specials of RFC 5322, section 3.2.3. RFC 6531, section 3.3, adds the other scripts. */
const atom = String.raw`[^\u0000-\u0020"(),.:;<>@\[\\\]\u007f${refused}]+`;
const quoted = String.raw`"(?:[^\u0000-\u001f"\\\u007f${refused}]|\\[ -~])+"`;
/** RFC 5321, section 4.1.2: a dot-string, or a quoted string. */
const localPart = String.raw`(?:${atom}(?:\.${atom})*|${quoted})`;
const wholeLocalPart = new RegExp(`^${localPart}$`, 'u');
/** What the OpenAPI document cannot say: lone surrogates, tags, and joiners where they join nothing. */
const joiners = String.raw`\u200c\u200d\ufe00-\ufe0f`;
const otherScripts = String.raw`[\u0080-\u{10ffff}]`;
const misleading = new RegExp(String.raw`\p{Cs}|[\u{e0000}-\u{e0fff}]|(?<!${otherScripts})[${joiners}]`, 'u');

/** RFC 5321, section 4.5.3.1, in octets. */
const longestLocalPart = 64;
const longestAddress = 254;
const octets = new TextEncoder();

/** A domain in ASCII with at least one dot: no address literal, and no host of the local network. */
const domainName = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9-]{2,63}$/;

/** `URL` converts as browsers do (UTS #46). A domain with other parts of an address is not one. */
const asciiDomain = (domain: string): string | undefined => {
  if (/[\s/?#@:[\]%\\]/.test(domain) || !URL.canParse(`http://${domain}`)) return undefined;
  const { hostname } = new URL(`http://${domain}`);
  return domainName.test(hostname) ? hostname : undefined;
};

/** The normal form of some characters is a separator of ASCII, so the rule holds for both forms. */
const isLocalPart = (text: string): boolean =>
  [text, text.normalize('NFC')].every((form) => wholeLocalPart.test(form)) && !misleading.test(text);

/** Returns the address with its local part in NFC and its domain in ASCII; undefined when mail cannot be sent to it. */
export const canonicalEmail = (text: string): string | undefined => {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = asciiDomain(text.slice(at + 1));
  if (at < 1 || domain === undefined || !isLocalPart(local)) return undefined;
  const canonical = local.normalize('NFC');
  const address = `${canonical}@${domain}`;
  return lengthOf(canonical) <= longestLocalPart && lengthOf(address) <= longestAddress ? address : undefined;
};

const lengthOf = (text: string): number => octets.encode(text).length;

/**
 * For the OpenAPI document: what of the rule a pattern can say. The domain has at least two labels of letters and digits, of any
 * script; the last one is not a number. `canonicalEmail` decides which characters of other scripts exist in domains.
 */
const edge = '[^\\x00-/:-@[-`{-\\x7f]';
const inner = '[^\\x00-,./:-@[-`{-\\x7f]';
const label = `${edge}(?:${inner}{0,61}${edge})?`;
const lastLabel = `[^\\x00-@[-\`{-\\x7f]${inner}{0,61}${edge}|[^\\x00-\\x7f]`;
const roughForm = `^${localPart}@(?:${label}[.\u3002\uff0e\uff61])+(?:${lastLabel})$`;

export const emailSchema = z
  .string()
  .max(longestAddress)
  .refine((text) => canonicalEmail(text) !== undefined, 'write an email address as ada@example.com')
  .meta({ pattern: roughForm })
  .describe(
    'An email address. The part before the @ can have letters of any script (RFC 6531), if the mail server offers SMTPUTF8. The domain can be in Unicode or in Punycode',
  );
