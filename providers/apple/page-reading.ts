/** Reads the resources of a page of changes. */
import { ProviderError } from '../../domain/errors.ts';
import type { CalendarFault } from '../icalendar/faults.ts';
import { commonTzid } from '../icalendar/zones/common-zone.ts';
import { zoneOfTzid } from '../icalendar/zones/iana-zone.ts';
import type { ListedChange } from '../ports.ts';
import { type EventResource, getEvents } from './event-resources.ts';
import { type CaldavScope, reportFaults } from './exchange.ts';
import { createResourceReader, seriesOfHref } from './listed-events.ts';
import type { Page } from './listing-position.ts';
import { createOwnersZone } from './owners-zone.ts';
import { occurrencesPerPage } from './settings.ts';
import { createTurns } from './turns.ts';

/** Whether the server or we refuse an answer because of its size. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof ProviderError &&
  (error.vendor.code === 'too_many_events' || error.vendor.code === 'answer_too_large');

interface ReadPage {
  readonly changes: readonly ListedChange[];
  readonly series: readonly string[];
  /** The series without an occurrence, such as a cancelled event. */
  readonly empty: readonly string[];
  /** The last resource of the page, unless it is the last one of the listing. */
  readonly last: string | undefined;
  readonly size: number;
  readonly zone: string | undefined;
}

/** Reads the first of the resources: as many as a page may have. */
export const readPageOf = async (
  scope: CaldavScope,
  url: string,
  { size: wanted, next: { horizon, zone } }: Page,
  hrefs: readonly string[],
  { from, pageSize }: { readonly from: number; readonly pageSize: number },
): Promise<ReadPage> => {
  const { resources, requested, unreadable } = await getSome(scope, url, hrefs, wanted);
  const common = zone ?? commonTzid(resources.map(({ text }) => text));
  const turns = createTurns(scope.call.signal);
  const readResource = createResourceReader(
    scope,
    { start: from, end: horizon },
    createOwnersZone(scope, url, turns, () => (common === undefined ? undefined : zoneOfTzid(common))),
  );
  const byHref = new Map(resources.map((resource) => [new URL(resource.url).pathname, resource]));
  const changes: ListedChange[] = [];
  const series: string[] = [];
  const empty: string[] = [];
  const faults: Pick<CalendarFault, 'code' | 'about'>[] = [...unreadable];
  let read = 0;
  for (const href of requested) {
    read += 1;
    const resource = byHref.get(href);
    // It was deleted in between: the next listing says so.
    if (!resource) continue;
    const found = await readResource(resource);
    // Not spread as arguments: there can be too many for the stack.
    for (const change of found.changes) changes.push(change);
    for (const fault of found.faults) faults.push(fault);
    if (found.isIncomplete) continue;
    series.push(seriesOfHref(href));
    if (found.changes.length === 0) empty.push(seriesOfHref(href));
    if (changes.length >= occurrencesPerPage) break;
    await turns.next();
  }
  reportFaults(scope, faults);
  return {
    changes,
    series,
    empty,
    last: read < hrefs.length ? requested[read - 1] : undefined,
    // It grows again after large events.
    size: Math.min(requested.length * 2, pageSize) || pageSize,
    zone: common,
  };
};

interface Got {
  readonly resources: readonly EventResource[];
  readonly requested: readonly string[];
  readonly unreadable: readonly Pick<CalendarFault, 'code' | 'about'>[];
}

/** Requests the first resources: half as many after each answer that is too large. One that is too large is left out. */
const getSome = async (
  scope: CaldavScope,
  url: string,
  hrefs: readonly string[],
  size: number,
): Promise<Got> => {
  const requested = hrefs.slice(0, size);
  if (requested.length === 0) return { resources: [], requested, unreadable: [] };
  try {
    const urls = requested.map((href) => new URL(href, url).href);
    return { resources: await getEvents(scope, url, urls), requested, unreadable: [] };
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    if (requested.length > 1) return getSome(scope, url, hrefs, Math.floor(requested.length / 2));
    return { resources: [], requested, unreadable: [{ code: 'event_too_large', about: 'VCALENDAR' }] };
  }
};
