/** An instant: ISO 8601 in UTC with milliseconds (`2026-12-01T09:00:00.000Z`). Sorts as text and is valid JSON. */
import { z } from 'zod';
import { clockPattern, dayPattern } from './patterns.ts';

export type Instant = `${string}Z`;

const form = new RegExp(String.raw`^${dayPattern}T${clockPattern}:[0-5]\d\.\d{3}Z$`);

export const instantSchema = z
  .templateLiteral([z.string(), 'Z'])
  .check(z.regex(form, 'write an instant as 2026-12-01T09:00:00.000Z'))
  .meta({
    pattern: form.source,
    description: 'A time in UTC, with milliseconds',
    examples: ['2026-12-01T09:00:00.000Z'],
  });
