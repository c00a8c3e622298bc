/** Opaque cursors for keyset pagination: the sort key of the last row that was shown. */
import { z } from 'zod';
import { Refusal } from '../domain/errors.ts';
import { instantSchema } from '../domain/time/instant.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string | undefined;
}

const cursorSchema = z.object({ at: instantSchema, id: z.string().max(100) });
export type Cursor = z.infer<typeof cursorSchema>;

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('not JSON');
    return z.NEVER;
  }
});

/** `2026-02-31` is well-formed, and JavaScript takes it for the 3rd of March; PostgreSQL does not, nor a year 0. */
const isExistingDate = (at: string): boolean => {
  const epochMs = Date.parse(at);
  return Number.isFinite(epochMs) && at > '0001' && new Date(epochMs).toISOString() === at;
};

export const encodeCursor = ({ at, id }: Cursor): string =>
  Buffer.from(JSON.stringify({ at, id })).toString('base64url');

export const invalidCursor = (): Refusal =>
  new Refusal(
    'invalid_body',
    'the cursor is not one that a page of this list ended with',
    'take `nextCursor` from the page before as it is, or leave the cursor out to start at the beginning',
    ['/cursor'],
  );

/** @throws {Refusal} `invalid_body`, for a cursor that is not one of ours. */
export const decodeCursor = (cursor: string): Cursor => {
  const parsed = jsonText.pipe(cursorSchema).safeParse(Buffer.from(cursor, 'base64url').toString());
  if (!parsed.success || !isExistingDate(parsed.data.at) || parsed.data.id.includes('\0'))
    throw invalidCursor();
  return parsed.data;
};

/** `rows` holds one row more than was asked for, where there is another page. */
export const pageOf = <Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => Cursor,
  itemOf: (row: Row) => Item,
): Page<Item> => {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const items = shown.map(itemOf);
  return last && rows.length > limit ? { items, nextCursor: encodeCursor(keyOf(last)) } : { items };
};
