/** Reads the resources of a page of changes. */
import { type CalendarFault, textsOf } from '../icalendar/faults.ts';
import { commonTzid } from '../icalendar/zones/common-zone.ts';
import { zoneOfTzid } from '../icalendar/zones/iana-zone.ts';
import type { LeftOutOfPage, ListedChange, UnreadEvents } from '../ports.ts';
import { differentFaults } from '../unreadable-events.ts';
import { findResources, type RequestedResources } from './event-resources.ts';
import { type CaldavScope, reportFaults } from './exchange.ts';
import { createResourceReader, seriesOfHref, unreadOf } from './listed-events.ts';
import type { Page } from './listing-position.ts';
import { createOwnersZone } from './owners-zone.ts';
import { isTooLarge, type NamedResource } from './resource-names.ts';
import { occurrencesPerPage } from './settings.ts';
import { createTurns } from './turns.ts';
import { findOmitted, seriesOfUrl } from './unlisted-resources.ts';

interface ReadPage {
  readonly changes: readonly ListedChange[];
  readonly series: readonly string[];
  /** The series without an occurrence, such as a cancelled event. */
  readonly empty: readonly string[];
  readonly leftOut: LeftOutOfPage | undefined;
  /** The resources that left no event which ends after `from`. Until they change, they need not be read again. */
  readonly settled: readonly NamedResource[];
  /** The series of the resources that the server does not have. */
  readonly gone: readonly string[];
  /** Whether the account may not read any of the resources. */
  readonly areAllDenied: boolean;
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
  named: readonly NamedResource[],
  { from, pageSize }: { readonly from: number; readonly pageSize: number },
): Promise<ReadPage> => {
  const {
    resources,
    withoutText,
    denied,
    gone,
    unclear,
    requested,
    isTooLarge: isLeftOut,
  } = await getSome(scope, url, named, wanted);
  const common = zone ?? commonTzid(resources.map(({ text }) => text));
  const turns = createTurns(scope.call.signal);
  const readResource = createResourceReader(
    scope,
    url,
    { start: from, end: horizon },
    createOwnersZone(scope, url, turns, () => (common === undefined ? undefined : zoneOfTzid(common))),
  );
  const byName = new Map(resources.map((resource) => [seriesOfUrl(resource.url), resource]));
  const unread: UnreadEvents[] = [];
  const changes: ListedChange[] = [];
  const series: string[] = [];
  const empty: string[] = [];
  const settled: NamedResource[] = [];
  const faults: Pick<CalendarFault, 'code' | 'about'>[] = [];
  const notRead = new Map<string, Pick<CalendarFault, 'code' | 'about'>>();
  const isUnclear = new Set(unclear);
  for (const resource of withoutText) {
    if (!isUnclear.has(resource)) notRead.set(seriesOfUrl(resource), noText);
  }
  for (const resource of denied) notRead.set(seriesOfUrl(resource), notPermitted);
  const names = requested.map(({ href }) => seriesOfHref(href));
  if (isLeftOut) for (const name of names) notRead.set(name, tooLarge);
  const goneNames = new Set(gone.map(seriesOfUrl));
  const isAnswered = (name: string) => byName.has(name) || notRead.has(name) || goneNames.has(name);
  const omitted = await findOmitted(
    scope,
    url,
    names.filter((name) => !isAnswered(name)),
  );
  for (const { href } of omitted.present) notRead.set(seriesOfHref(href), noText);
  const missing: string[] = [];
  let read = 0;
  for (const asked of requested) {
    read += 1;
    const name = seriesOfHref(asked.href);
    const resource = byName.get(name);
    const fault = notRead.get(name);
    if (!resource && fault) {
      faults.push(fault);
      unread.push(...unreadOf(name));
      if (fault === tooLarge) settled.push(asked);
      continue;
    }
    if (!resource) {
      missing.push(name);
      continue;
    }
    const found = await readResource(resource);
    // Not spread as arguments: there can be too many for the stack.
    for (const change of found.changes) changes.push(change);
    for (const fault of found.faults) faults.push(fault);
    const isLater = ({ event }: ListedChange) => event !== undefined && Date.parse(event.end) > from;
    if (found.isIncomplete || !found.changes.some(isLater)) settled.push(asked);
    if (found.isIncomplete) unread.push(...unreadOf(name, found.faults));
    else {
      series.push(name);
      if (found.changes.length === 0) empty.push(name);
    }
    if (changes.length >= occurrencesPerPage) break;
    await turns.next();
  }
  reportFaults(scope, url, faults);
  return {
    changes,
    series,
    empty,
    settled,
    leftOut: faults.length === 0 ? undefined : { events: unread, faults: differentFaults(textsOf(faults)) },
    gone: missing,
    areAllDenied: denied.length > 0 && denied.length === requested.length,
    last: read < named.length ? requested[read - 1]?.href : undefined,
    // It grows again after large events.
    size: Math.min(requested.length * 2, pageSize) || pageSize,
    zone: common,
  };
};

const tooLarge = { code: 'event_too_large', about: 'VCALENDAR' } as const;
/** The account may not read the resource. */
export const notPermitted = { code: 'not_permitted', about: 'VCALENDAR' } as const;
const noText = { code: 'no_component', about: 'VCALENDAR' } as const;

interface Got extends RequestedResources {
  readonly requested: readonly NamedResource[];
  /** The only requested resource is too large to read. */
  readonly isTooLarge: boolean;
}

const nothing: RequestedResources = { resources: [], withoutText: [], denied: [], gone: [], unclear: [] };

/** Requests the first resources: half as many after each answer that is too large. One that is too large is left out. */
const getSome = async (
  scope: CaldavScope,
  url: string,
  named: readonly NamedResource[],
  size: number,
): Promise<Got> => {
  const requested = named.slice(0, size);
  if (requested.length === 0) return { ...nothing, requested, isTooLarge: false };
  try {
    const urls = requested.map(({ href }) => new URL(href, url).href);
    return { ...(await findResources(scope, url, urls)), requested, isTooLarge: false };
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    if (requested.length > 1) return getSome(scope, url, named, Math.floor(requested.length / 2));
    return { ...nothing, requested, isTooLarge: true };
  }
};
