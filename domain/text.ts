/**
 * Free text, as people write it. It ends up in databases, mails, calendars and hashes, some of which take neither NUL
 * nor half a surrogate pair, and none of which should have its display or its headers steered by control characters.
 */
import { z } from 'zod';

/** Neither controls (Cc) nor lone surrogates (Cs). With the flag `u`, a surrogate that is part of a pair is none. */
const oneLine = /^[^\p{Cc}\p{Cs}]*$/u;
/** The same, with line feeds and tabs. */
const manyLines = /^(?:[^\p{Cc}\p{Cs}]|[\n\t])*$/u;

/** One line that is not empty, without the space around it. */
export const singleLineText = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(oneLine, 'use no control characters, no line breaks and only whole characters');

/** Several lines. Those of Windows and of web forms end like all others. */
export const multiLineText = (longest: number) =>
  z
    .string()
    .overwrite((text) => text.replaceAll('\r\n', '\n'))
    .max(longest)
    .regex(manyLines, 'use no control characters but line breaks and tabs, and only whole characters');
