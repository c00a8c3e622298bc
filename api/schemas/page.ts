/** Pagination of lists with an opaque cursor. */
import { z } from 'zod';
import type { Page } from '../../db/cursor.ts';

/**
 * Returns the schema of a whole number in a query, in decimal digits. The conversion of JavaScript would also read an empty
 * text as 0, and `0x10` and `1e1` as numbers.
 */
export const wholeNumberQuery = (least: number, most: number, byDefault: number) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : text),
    z.int({ error: 'write a whole number in digits' }).min(least).max(most).default(byDefault),
  );

export const pageQuery = z.strictObject({
  cursor: z.string().min(1).max(500).optional().describe('nextCursor of the previous page'),
  limit: wholeNumberQuery(1, 100, 25).describe('Maximum number of items. Default: 25'),
});

/**
 * Returns the schema of a page of items.
 * @param id its name in the OpenAPI document
 */
export const pageSchemaOf = <Item>(id: string, item: z.ZodType<Item>): z.ZodType<Page<Item>> =>
  z
    .object({
      items: z.array(item).describe('The items of the page'),
      nextCursor: z
        .string()
        .optional()
        .describe('Send it as `cursor` to get the next page. Absent on the last page'),
    })
    .meta({ id, description: 'A page of the list' });
