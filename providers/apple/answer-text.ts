/** Prepares the XML of a server for `tsdav`, which reads some texts as something else. */
import { markedCharset, namedCharset } from '../http/charset.ts';

/**
 * Returns the same XML, so written that `tsdav` reads each text as the server has sent it. It reads sections of CDATA as objects, or as
 * lists of them, and `1.50`, `2e5` and `true` as a number or a truth value: an etag or a token would come back changed.
 */
export const plainAnswer = (xml: string): string =>
  withoutSections(xml)
    .replaceAll(converted, '$1<![CDATA[$2]]>')
    .replaceAll(relativeHref, (_href, tag: string, slashes: string) => tag + (slashes === '' ? './' : '/'));

/**
 * Returns whether the document ends with the end of its first element. A server that fails while it sends an answer cuts it off,
 * and `tsdav` takes the rest for the whole. What follows the end, such as a comment, is no element.
 */
export const isCompleteAnswer = (xml: string): boolean => {
  const root = firstElement.exec(xml)?.[1];
  if (root === undefined) return false;
  const end = xml.lastIndexOf(`</${root}`);
  return end < 0 ? emptyElement.test(xml) : afterEnd.test(xml.slice(end + root.length + 2));
};

const firstElement = /<([A-Za-z_][\w.:-]*)/;
const emptyElement = /\/>\s*$/;
const afterEnd = /^\s*>(?!.*<[^!?])/s;

/**
 * An href that is neither a URL nor an absolute path, although RFC 4918, section 8.3, permits no other: `event:1.ics` would be taken for a
 * scheme, and the first name of `//calendars/ann/` for a host.
 */
const relativeHref = /(<(?:[\w.-]+:)?href(?:\s[^<>]*)?>\s*)(?!https?:|\/[^/]|\/<)(\/*)(?=[^\s<])/gi;

/** Returns the XML of an answer: in the charset that its header names, its byte order mark, or its declaration (RFC 7303, section 3). */
export const decodeAnswer = (bytes: Uint8Array, contentType: string | null): string => {
  const charset = markedCharset(bytes) ?? namedCharset(contentType) ?? declaredCharset(bytes) ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
};

const declaredCharset = (bytes: Uint8Array): string | undefined =>
  /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(
    Buffer.from(bytes.subarray(0, 200)).toString('latin1'),
  )?.[1];

/** The texts that `tsdav` converts, with the tag before them. One section of CDATA is the form in which they stay as they are. */
const converted = /(<[\w:.-]+(?:\s[^<>]*)?>)\s*(-?\d[\d.e+-]*|true|false)\s*(?=<\/)/gi;

const opening = '<![CDATA[';
const closing = ']]>';

/** Searches forward only: a text can open thousands of sections and close none. */
const withoutSections = (xml: string): string => {
  const parts: string[] = [];
  let from = 0;
  for (let at = xml.indexOf(opening); at >= 0; at = xml.indexOf(opening, from)) {
    const end = xml.indexOf(closing, at);
    if (end < 0) break;
    parts.push(xml.slice(from, at), escaped(xml.slice(at + opening.length, end)));
    from = end + closing.length;
  }
  return from === 0 ? xml : [...parts, xml.slice(from)].join('');
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
