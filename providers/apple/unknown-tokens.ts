/**
 * Recognizes an answer to a sync-token that the server no longer knows. RFC 6578, section 3.2, demands the precondition
 * `valid-sync-token`. DAViCal, which forgets tokens after seven days and with their calendar, lists all resources instead, as if
 * no token had been sent: nothing in the answer tells which resources were deleted since.
 */
import type { StoredEvents } from '../ports.ts';
import { seriesOfHref } from './listed-events.ts';
import type { NamedResource } from './resource-names.ts';

/** An answer with fewer resources, relative to the calendar, is taken for the changes: the stored events are not read for it. */
const smallestPart = 0.1;

interface Answer {
  readonly changed: readonly NamedResource[];
  readonly removed: readonly string[];
}

/**
 * Returns whether the changes look like a list of all resources: most of those that are stored have the stored etag, none is
 * deleted, and stored ones are missing.
 *
 * @param listed how many resources the last listing of all events has found; undefined when it is unknown
 */
export const listsAllInsteadOfChanges = async (
  { changed, removed }: Answer,
  listed: number | undefined,
  stored: StoredEvents,
): Promise<boolean> => {
  const isSmall = listed === undefined || changed.length < listed * smallestPart;
  if (changed.length === 0 || removed.length > 0 || isSmall) return false;
  const missing = new Map(await stored.etags());
  let known = 0;
  let unchanged = 0;
  for (const { href, etag } of changed) {
    const series = seriesOfHref(href);
    if (!missing.has(series)) continue;
    known += 1;
    if (etag !== undefined && missing.get(series) === etag) unchanged += 1;
    missing.delete(series);
  }
  return missing.size > 0 && unchanged > 0 && unchanged * 2 >= known;
};
