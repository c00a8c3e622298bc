/** Pages of a list: an opaque cursor leads from one to the next. */
import { z } from 'zod';
import type { Page } from '../../db/cursor.ts';

export const pageQuery = z.object({
  cursor: z.string().min(1).max(500).optional().describe('nextCursor of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});

export const pageOf = <Item>(item: z.ZodType<Item>): z.ZodType<Page<Item>> =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().optional().describe('Absent on the last page'),
  });
