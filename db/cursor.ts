/** Encodes and decodes opaque cursors for keyset pagination. A cursor holds the sort key of the last row of a page. */
import { z } from 'zod';
import { Refusal } from '../domain/errors.ts';
import { instantSchema } from '../domain/time/instant.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string | undefined;
}

const cursorSchema = z.object({
  at: instantSchema,
  id: z.string().max(100),
  /** The order of the list, for lists with more than one: the sort keys of another order are other times. */
  order: z.string().max(100).optional(),
});
export type Cursor = z.infer<typeof cursorSchema>;

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('not JSON');
    return z.NEVER;
  }
});

/** JavaScript reads `2026-02-31` as the 3rd of March. PostgreSQL rejects that date, and the year 0. */
const isExistingDate = (at: string): boolean => {
  const epochMs = Date.parse(at);
  return Number.isFinite(epochMs) && at > '0001' && new Date(epochMs).toISOString() === at;
};

/** Returns the cursor for a sort key. */
export const encodeCursor = ({ at, id, order }: Cursor): string =>
  Buffer.from(JSON.stringify({ at, id, order })).toString('base64url');

/** Returns the refusal `invalid_query` for a cursor that this service did not issue. */
export const invalidCursor = (): Refusal =>
  new Refusal(
    'invalid_query',
    'the cursor was not issued for this list',
    'send `nextCursor` of the previous page unchanged, or omit the cursor to start at the beginning',
    ['/cursor'],
  );

/**
 * Returns the sort key of a cursor.
 * @param formerOrder the order of cursors that name none: an earlier version has issued them
 * @throws {Refusal} `invalid_query` for a cursor that this service did not issue, or issued for another order.
 */
export const decodeCursor = (cursor: string, order?: string, formerOrder?: string): Cursor => {
  const parsed = jsonText.pipe(cursorSchema).safeParse(Buffer.from(cursor, 'base64url').toString());
  if (!parsed.success || !isExistingDate(parsed.data.at) || parsed.data.id.includes('\0'))
    throw invalidCursor();
  if ((parsed.data.order ?? formerOrder) !== order) throw invalidCursor();
  return parsed.data;
};

/**
 * Returns a page of at most `limit` items. It has a cursor when there is another page.
 * @param rows the result of a query for `limit + 1` rows.
 */
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
