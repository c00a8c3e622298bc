/**
 * Schemas for free text from people. The text is written to databases, emails, calendars and hashes. Some of these
 * reject NUL and lone surrogates. Control characters could also change headers or the display.
 */
import { z } from 'zod';

/** No control characters (Cc), no lone surrogates (Cs). With the flag `u`, paired surrogates do not match Cs. */
const oneLine = /^[^\p{Cc}\p{Cs}]*$/u;
/** The same, but allows line feeds and tabs. */
const manyLines = /^(?:[^\p{Cc}\p{Cs}]|[\n\t])*$/u;

/**
 * Returns the schema of one non-empty line. Trims surrounding whitespace.
 * @param longest in UTF-16 code units
 */
export const singleLineText = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(oneLine, 'remove control characters, line breaks and lone surrogates');

/**
 * Returns the schema of text with several lines. Converts CRLF (Windows, web forms) to LF.
 * @param longest in UTF-16 code units
 */
export const multiLineText = (longest: number) =>
  z
    .string()
    .overwrite((text) => text.replaceAll('\r\n', '\n'))
    .max(longest)
    .regex(manyLines, 'remove lone surrogates, and control characters other than line breaks and tabs');
