/**
 * Remembers which resources of a calendar were read and left no event that later listings compare: those of the past, and
 * damaged ones. A server that cannot find events by time lists them each time. Without this memory, the contents of all
 * past events would be requested again and again.
 *
 * It is kept in the cursor of the calendar, as digests. A forgotten resource is only read once more.
 */
import { createHash } from 'node:crypto';
import { seriesOfHref } from './listed-events.ts';
import type { NamedResource } from './resource-names.ts';
import { maxRememberedResources } from './settings.ts';

export interface RememberedResources {
  /** Whether the resource was read with this etag. A resource without an etag is never remembered. */
  has(resource: NamedResource): boolean;
  add(resource: NamedResource): void;
  /** Returns the memory as a text; undefined when it is empty. */
  text(): string | undefined;
}

/** With 48 bits, a changed resource among 50,000 is taken for another one once in 10^9 changes. */
const digestBytes = 6;
const digestLength = (digestBytes / 3) * 4;

const digestOf = ({ href }: NamedResource, etag: string): string =>
  createHash('sha256')
    .update(`${seriesOfHref(href)}\n${etag}`)
    .digest('base64url')
    .slice(0, digestLength);

/** Creates the memory from an earlier text, with those of its resources that the calendar still has. */
export const createRememberedResources = (
  text = '',
  present: readonly NamedResource[] = [],
): RememberedResources => {
  const earlier = new Set(text.match(new RegExp(`.{${digestLength}}`, 'g')));
  const digests = new Set<string>();
  const has = ({ href, etag }: NamedResource) =>
    etag !== undefined && digests.has(digestOf({ href, etag }, etag));
  const add = ({ href, etag }: NamedResource) => {
    if (etag !== undefined && digests.size < maxRememberedResources)
      digests.add(digestOf({ href, etag }, etag));
  };
  for (const resource of present) {
    const { etag } = resource;
    if (etag !== undefined && earlier.has(digestOf(resource, etag))) add(resource);
  }
  return { has, add, text: () => (digests.size === 0 ? undefined : [...digests].join('')) };
};
