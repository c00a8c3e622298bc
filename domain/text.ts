/**
 * Schemas for free text from people. The text is written to databases, emails, calendars and hashes. Some of these
 * reject NUL and lone surrogates. Control characters could also change headers or the display.
 */
import { z } from 'zod';

/**
 * Characters that are refused in any text: controls (Cc), lone surrogates, the line and paragraph separators, and the
 * controls of the writing direction (Bidi_Control), which reorder the text around them. Also the deprecated format characters
 * (U+206A to U+206F), those of annotations (U+FFF9 to U+FFFB), and U+FFFE and U+FFFF, which XML cannot contain: no answer of
 * a CalDAV server would be readable (https://www.w3.org/TR/xml/#charsets). As ranges, not as properties: the
 * patterns are part of the OpenAPI document, and many generators know no properties.
 */
const refused = String.raw`\u0080-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ufffe\uffff`;
const loneSurrogates = String.raw`\ud800-\udfff`;
const lineControls = String.raw`\u0000-\u001f\u007f`;
/** Without line feeds and tabs. */
const textControls = String.raw`\u0000-\u0008\u000b-\u001f\u007f`;

const oneLine = new RegExp(`^[^${lineControls}${refused}${loneSurrogates}]*$`, 'u');
const manyLines = new RegExp(`^[^${textControls}${refused}${loneSurrogates}]*$`, 'u');

/**
 * The patterns of the OpenAPI document. They omit the lone surrogates: no UTF-8 document contains one, and the engines of
 * Python, Go and Rust refuse to compile a pattern with surrogates.
 */
const oneLineInJson = `^[^${lineControls}${refused}]*$`;
const manyLinesInJson = `^[^${textControls}${refused}]*$`;

/** A character that can be seen. A text of others only, such as zero-width spaces, looks empty. */
const visible = /[^\p{Default_Ignorable_Code_Point}\p{White_Space}\u2800]/u;

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
    .regex(
      oneLine,
      'remove control characters, line breaks, controls of the writing direction and lone surrogates',
    )
    .refine((text) => text === '' || visible.test(text), 'write a text that can be seen')
    .meta({ pattern: oneLineInJson });

/**
 * Returns the schema of text with several lines. Converts CRLF (Windows, web forms) to LF.
 * @param longest in UTF-16 code units
 */
export const multiLineText = (longest: number) =>
  z
    .string()
    .overwrite((text) => text.replaceAll('\r\n', '\n'))
    .max(longest)
    .regex(
      manyLines,
      'remove control characters other than line breaks and tabs, controls of the writing direction and lone surrogates',
    )
    .refine((text) => text.trim() === '' || visible.test(text), 'write a text that can be seen')
    .meta({ pattern: manyLinesInJson });
