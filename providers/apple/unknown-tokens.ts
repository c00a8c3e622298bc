/**
 * Recognizes an answer to a sync-token that the server no longer knows. RFC 6578, section 3.2, demands the precondition
 * `valid-sync-token`. DAViCal, which forgets tokens after seven days and with their calendar, lists all resources instead, as if
 * no token had been sent. Servers that keep a part of the history list the changes that are left of it, or none. Nothing in such
 * an answer tells which resources were deleted since.
 */
import type { StoredEvents } from '../ports.ts';
import { findEtags } from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';
import { hrefOfSeries, seriesOfHref } from './listed-events.ts';
import type { NamedResource } from './resource-names.ts';
import { eventsPerRequest } from './settings.ts';

interface Answer {
  readonly changed: readonly NamedResource[];
  readonly removed: readonly string[];
  readonly denied: readonly string[];
  readonly isTruncated: boolean;
}

/**
 * What an answer is: the changes since the token, none, all resources instead of the changes, or not all of the changes.
 */
type Verdict = 'changes' | 'nothing' | 'all_resources' | 'incomplete';

/**
 * Returns what the answer is. A server that reports a deletion knows what has happened since the token. Most resources of a list of
 * all have the stored etags. Changes are incomplete when they omit that a stored resource does not exist any more: one request
 * asks for some of those that are stored, for all of them in a small calendar.
 *
 * @throws {ProviderError}
 */
export const verdictOn = async (
  scope: CaldavScope,
  url: string,
  { changed, removed, denied, isTruncated }: Answer,
  stored: StoredEvents,
): Promise<Verdict> => {
  if (removed.length > 0) return 'changes';
  if (changed.length === 0 && denied.length === 0) return isTruncated ? 'changes' : 'nothing';
  const known = await stored.etags(changed.map(({ href }) => seriesOfHref(href)));
  const unchanged = changed.filter(
    ({ href, etag }) => etag !== undefined && known.get(seriesOfHref(href)) === etag,
  );
  if (unchanged.length > 0 && unchanged.length * 2 >= known.size) return 'all_resources';
  // The rest of the answer can report deletions.
  if (isTruncated) return 'changes';
  const sample = await stored.sample(eventsPerRequest);
  const names = sample.filter((series) => !known.has(series));
  const urls = names.map((series) => new URL(hrefOfSeries(url, series), url).href);
  const { gone } = await findEtags(scope, url, urls);
  return gone.length > 0 ? 'incomplete' : 'changes';
};
