/** Reads and writes the sync tokens and the page tokens of events.list. To clients they are opaque. */
import { z } from 'zod';

const syncTokenSchema = z.object({
  /** Raised by the control API to invalidate all tokens. */
  epoch: z.int(),
  /** Later changes have a higher revision. */
  revision: z.int(),
  calendarId: z.string(),
  parameters: z.string(),
  /** Epoch milliseconds. Old tokens expire. */
  issuedAt: z.number(),
});
export type SyncToken = z.infer<typeof syncTokenSchema>;

const pageTokenSchema = z.object({
  calendarId: z.string(),
  /** The parameters of the listing, and its sync token. Another listing cannot use the token. */
  parameters: z.string(),
  /** Where the page begins. */
  from: z.int().min(0),
  /** The revision of the calendars when the listing began: its sync token begins there. */
  listedAt: z.int().min(0),
  issuedAt: z.number(),
});
export type PageToken = z.infer<typeof pageTokenSchema>;

/** Returns the token. */
export const writeToken = (token: SyncToken | PageToken): string =>
  Buffer.from(JSON.stringify(token)).toString('base64url');

/** Returns the parts of a token; undefined for a text that is none. */
const readToken = <Shape extends z.ZodType>(shape: Shape, text: string): z.output<Shape> | undefined => {
  try {
    return shape.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return undefined;
  }
};

export const readSyncToken = (text: string): SyncToken | undefined => readToken(syncTokenSchema, text);
export const readPageToken = (text: string): PageToken | undefined => readToken(pageTokenSchema, text);
