/**
 * Where a listing of an Outlook calendar continues, as an opaque text: the query of the next link, and the changes that
 * must be read with requests of their own. They are stored with the page, so the listing advances with each of them,
 * however slow Graph is.
 *
 * A change query lists the occurrences of a series on any of its pages. So a series is read when the last page is known:
 * once in a listing, and later than each page that mentions it.
 */
import { z } from 'zod';
import { parseJsonOrUndefined } from '../http/json.ts';
import { maxUnreadSeries } from './settings.ts';

const failures = z.int().optional().describe('How often its read has failed. Missing: never');

const unreadSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('removed').describe('Deleted, or outside the window'),
    id: z.string(),
    failures,
  }),
  z.object({ kind: z.literal('event').describe('Can be ours'), id: z.string(), failures }),
  z.object({
    kind: z.literal('series'),
    id: z.string(),
    isOurs: z.boolean().describe('Whether it can be an event of ours that a person has repeated'),
    failures,
  }),
]);
export type UnreadChange = z.infer<typeof unreadSchema>;

const placeSchema = z.object({
  query: z.string().optional().describe('Of the next link, or of the last one. Missing: Graph gave none'),
  isLast: z.boolean().describe('Whether the query is that of the next listing'),
  unread: z.array(unreadSchema),
});
export type ListingPlace = Readonly<Omit<z.infer<typeof placeSchema>, 'unread'>> & {
  readonly unread: readonly UnreadChange[];
};

/** A text of an earlier version is a query. */
export const readPlace = (text: string): ListingPlace =>
  placeSchema.safeParse(parseJsonOrUndefined(text)).data ?? { query: text, isLast: false, unread: [] };

export const writePlace = (place: ListingPlace): string => JSON.stringify(place);

/** Returns what must be read before the next link is followed, or the listing ends. */
export const dueOf = ({ unread, isLast }: ListingPlace): readonly UnreadChange[] => {
  const single = unread.filter(({ kind }) => kind !== 'series');
  return isLast || unread.length - single.length > maxUnreadSeries ? unread : single;
};

/** Returns each change once. A series is ours when one of the pages says so. */
export const addUnread = (
  former: readonly UnreadChange[],
  added: readonly UnreadChange[],
): readonly UnreadChange[] => {
  const all = new Map<string, UnreadChange>();
  for (const change of [...former, ...added]) {
    const key = `${change.kind} ${change.id}`;
    const known = all.get(key);
    if (!(known?.kind === 'series' && known.isOurs)) all.set(key, change);
  }
  return [...all.values()];
};
