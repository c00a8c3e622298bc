/** Cuts a list of the Meet API into pages. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { invalidArgument } from './errors.ts';

/** Returns a page. `most` is the largest one, `unasked` the size without a wish. */
export const pageOf = <Item>(
  request: FastifyRequest,
  {
    items,
    most,
    unasked,
  }: { readonly items: readonly Item[]; readonly most: number; readonly unasked: number },
) => {
  const querySchema = z.object({
    pageSize: z.coerce.number().int().min(0).default(unasked),
    pageToken: z
      .string()
      .regex(/^p\d+$/)
      .optional(),
  });
  const query = querySchema.safeParse(request.query);
  if (!query.success) throw invalidArgument('Invalid page size or page token.');
  const from = Number(query.data.pageToken?.slice(1) ?? 0);
  const until = from + Math.min(query.data.pageSize || unasked, most);
  return {
    page: items.slice(from, until),
    next: until < items.length ? { nextPageToken: `p${until}` } : {},
  };
};
