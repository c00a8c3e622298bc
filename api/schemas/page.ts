/** Pagination of lists with an opaque cursor. */
import { z } from 'zod';
import type { Page } from '../../db/cursor.ts';

export const pageQuery = z.strictObject({
  cursor: z.string().min(1).max(500).optional().describe('nextCursor of the previous page'),
  limit: z.coerce.number().int().min(1).max(100).default(25).describe('Maximum number of items. Default: 25'),
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
