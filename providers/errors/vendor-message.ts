/**
 * Redacts a vendor's error message for logs, histories and screens. Vendors quote request data in their messages ("The
 * 'To' number +33… is not valid"), so every message is redacted.
 */
import { cutText } from '../../domain/text-length.ts';

const secrets: readonly (readonly [RegExp, string])[] = [
  [/[^\s<>"'(),;:]+@[^\s<>"'(),;]+/g, '[address]'],
  [/\bhttps?:\/\/\S+/gi, '[link]'],
  [/\b(bearer|basic)\s+\S+/gi, '[credential]'],
  [/\+?\d(?:[\s().-]?\d){6,}/g, '[number]'],
  [/[A-Za-z0-9_~+/.-]{24,}={0,2}/g, '[opaque]'],
];
const maxLength = 240;

/** Returns the message without tokens, addresses, links and numbers, on one line of at most 240 characters. */
export const redactVendorMessage = (message: string): string =>
  cutText(
    secrets
      .reduce((text, [pattern, name]) => text.replace(pattern, name), message)
      .replace(/\s+/g, ' ')
      .trim(),
    maxLength,
  );
