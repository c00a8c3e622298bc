/** Pagination of lists with an opaque cursor. */
import { z } from 'zod';
import type { Page } from '../../db/cursor.ts';

export const pageQuery = z.strictObject({
  cursor: z.string().min(1).max(500).optional().describe('nextCursor of the previous page'),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});

/** Returns the schema of a page of items. */
export const pageSchemaOf = <Item>(item: z.ZodType<Item>): z.ZodType<Page<Item>> =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().optional().describe('Absent on the last page'),
  });
