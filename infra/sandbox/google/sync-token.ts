/** Reads and writes the sync tokens of events.list. To clients they are opaque. */
import { z } from 'zod';

const syncTokenSchema = z.object({
  /** Raised by the control API to invalidate all tokens. */
  epoch: z.int(),
  /** Later changes have a higher revision. */
  revision: z.int(),
  calendarId: z.string(),
  parameters: z.string(),
});
export type SyncToken = z.infer<typeof syncTokenSchema>;

/** Returns the token. */
export const writeSyncToken = (token: SyncToken): string =>
  Buffer.from(JSON.stringify(token)).toString('base64url');

/** Returns the parts of a token; undefined for a text that is none. */
export const readSyncToken = (text: string): SyncToken | undefined => {
  try {
    return syncTokenSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return undefined;
  }
};
