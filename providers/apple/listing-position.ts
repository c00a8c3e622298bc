/** The cursors and pages of a CalDAV listing, as opaque texts. */
import { z } from 'zod';

const cursorSchema = z.object({
  /** Until when the listed series were expanded, in epoch milliseconds. */
  horizon: z.number(),
  /** The sync-token of a server that lists changes. */
  token: z.string().optional(),
  /** The CTag, unless changes were listed since it was read. */
  ctag: z.string().optional(),
  /** Whether the server names a sync-token and refuses to list the changes since. */
  refusesReport: z.boolean().optional(),
  /** The TZID that most events of the calendar name. */
  zone: z.string().optional(),
  /** The resources that were read and need not be read again until they change (`remembered-resources.ts`). */
  remembered: z.string().optional(),
});
export type Cursor = z.infer<typeof cursorSchema>;

const pageSchema = z.object({
  /** The listing that the page belongs to. */
  listing: z.string(),
  /** The resources up to this href were listed. Undefined at the beginning of a listing. */
  after: z.string().optional(),
  /** How many resources are requested together: fewer while they are large. */
  size: z.int().positive(),
  /** The sync-token since which changes are listed; '' lists all. Undefined: resources are listed by a query. */
  since: z.string().optional(),
  /** Whether the server has more changes after those that are being listed. */
  isTruncated: z.boolean().default(false),
  /** What the listing returns at its end. What it remembers is not in each of its pages. */
  next: cursorSchema.omit({ remembered: true }),
});
export type Page = z.infer<typeof pageSchema>;

const read = <Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> | undefined => {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** Returns undefined for a text that this version cannot read: all events are then listed again. */
export const readCursor = (text: string): Cursor | undefined => read(cursorSchema, text);
export const readPage = (text: string): Page | undefined => read(pageSchema, text);
export const writeCursor = (cursor: Cursor): string => JSON.stringify(cursor);
export const writePage = (page: Page): string => JSON.stringify(page);
