/**
 * What a vendor said, made fit for logs, histories and screens: without tokens, addresses and numbers. Vendors quote
 * what they were sent ("The 'To' number +33… is not valid"), so nothing of theirs is kept unread.
 */

const secrets: readonly (readonly [RegExp, string])[] = [
  [/[^\s<>"'(),;:]+@[^\s<>"'(),;]+/g, '[address]'],
  [/\bhttps?:\/\/\S+/gi, '[link]'],
  [/\b(bearer|basic)\s+\S+/gi, '[credential]'],
  [/\+?\d(?:[\s().-]?\d){6,}/g, '[number]'],
  [/[A-Za-z0-9_~+/.-]{24,}={0,2}/g, '[opaque]'],
];
const longest = 240;

export const redactVendorMessage = (message: string): string =>
  secrets
    .reduce((text, [pattern, name]) => text.replace(pattern, name), message)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, longest);
