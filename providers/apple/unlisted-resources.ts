/**
 * Asks for stored resources that a query by time has not found. Servers leave out what they cannot place in time, and events
 * that were moved into the past. Only a resource that does not exist was deleted.
 */
import { type EventResource, findEtags } from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';
import { hrefOfSeries, seriesOfHref } from './listed-events.ts';
import { listNames, type NamedResource } from './resource-names.ts';

interface UnlistedResources {
  readonly present: readonly NamedResource[];
  /** The series of those that do not exist. */
  readonly gone: readonly string[];
  /** The series of those that the account may not read. */
  readonly denied: readonly string[];
}

/** Returns what became of the resources of these series. @throws {ProviderError} */
export const findUnlisted = async (
  scope: CaldavScope,
  url: string,
  series: readonly string[],
): Promise<UnlistedResources> => {
  if (series.length === 0) return { present: [], gone: [], denied: [] };
  const urls = series.map((name) => new URL(hrefOfSeries(url, name), url).href);
  const found = await findEtags(scope, url, urls);
  const present = found.present.map(namedResourceOf);
  const gone = found.gone.map(seriesOfUrl);
  const denied = found.denied.map(seriesOfUrl);
  const answered = new Set([...present.map(({ href }) => seriesOfHref(href)), ...gone, ...denied]);
  const omitted = await findOmitted(
    scope,
    url,
    series.filter((name) => !answered.has(name)),
  );
  return {
    present: [...present, ...omitted.present],
    gone: [...gone, ...omitted.gone],
    denied,
  };
};

/** Returns which resources exist for which the server has sent no answer: it must list all of its resources. */
export const findOmitted = async (
  scope: CaldavScope,
  url: string,
  series: readonly string[],
): Promise<Pick<UnlistedResources, 'present' | 'gone'>> => {
  if (series.length === 0) return { present: [], gone: [] };
  const listed = new Map(
    (await listNames(scope, url)).map((resource) => [seriesOfHref(resource.href), resource]),
  );
  return {
    present: series.flatMap((name) => listed.get(name) ?? []),
    gone: series.filter((name) => !listed.has(name)),
  };
};

/** Returns the series of a resource with this URL. Servers escape the names of resources in different ways. */
export const seriesOfUrl = (url: string): string => seriesOfHref(new URL(url).pathname);

const namedResourceOf = ({ url, etag }: Pick<EventResource, 'url' | 'etag'>): NamedResource => ({
  href: new URL(url).pathname,
  etag,
});
