/**
 * Where a listing of a Google calendar continues while events of its last page are unread, as an opaque text. It is stored with
 * each page, so the listing advances with each of them, however slow Google is. When nothing is unread, the position is the
 * page token of Google.
 */
import { z } from 'zod';
import { parseJsonOrUndefined } from '../http/json.ts';

const unreadSchema = z.object({
  id: z.string(),
  kind: z
    .enum(['event', 'room', 'series'])
    .describe(
      'An event of ours; one that books a room, whose guests are read; one that a person has repeated',
    ),
  failures: z.int().optional().describe('How often its read has failed. Missing: never'),
});
export type UnreadEvent = Readonly<z.infer<typeof unreadSchema>>;

const placeSchema = z.object({
  zone: z.string().describe('The zone of the calendar'),
  nextPage: z.string().optional().describe('The page token. Missing: the page was the last one'),
  nextCursor: z.string().optional().describe('The sync token, of the last page only'),
  unread: z.array(unreadSchema),
});
export type ListingPlace = Readonly<Omit<z.infer<typeof placeSchema>, 'unread'>> & {
  readonly unread: readonly UnreadEvent[];
};

/** Returns undefined for a page token of Google. */
export const readPlace = (text: string | undefined): ListingPlace | undefined =>
  text === undefined ? undefined : placeSchema.safeParse(parseJsonOrUndefined(text)).data;

export const writePlace = (place: ListingPlace): string => JSON.stringify(place);
