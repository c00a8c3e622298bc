/** An instant: ISO 8601 in UTC with milliseconds (`2026-12-01T09:00:00.000Z`). Sorts as text and is valid JSON. */
import { z } from 'zod';

export type Instant = `${string}Z`;

export const instantSchema = z
  .templateLiteral([z.string(), 'Z'])
  .check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'write an instant as 2026-12-01T09:00:00.000Z'));
