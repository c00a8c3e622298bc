/** Maps the resources of a CalDAV calendar to listed changes: a series is listed with each of its occurrences. */

import { componentsNamed, readComponents, unfold } from '../icalendar/content-lines.ts';
import { addressesOf } from '../icalendar/event.ts';
import { type CalendarFault, losesOccurrences } from '../icalendar/faults.ts';
import { eachOccurrences, type ListedOccurrence } from '../icalendar/occurrences.ts';
import type { Span } from '../icalendar/series.ts';
import type { EventMark, ListedChange, ListedEvent, UnreadEvents } from '../ports.ts';
import { editedTexts } from '../text-digest.ts';
import { eventIdOfUid } from './calendar-uid.ts';
import { referenceProperty, revisionProperty, textProperty } from './event.ts';
import type { EventResource } from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';
import type { createOwnersZone } from './owners-zone.ts';

/**
 * Returns the id under which all events of a resource are stored as a series. Deletions name resources, not events. The
 * slash keeps it apart from the ids of events. The escaping of the name does not matter.
 */
export const seriesOfHref = (href: string): string => {
  const name = href.slice(href.lastIndexOf('/') + 1);
  try {
    return `/${decodeURIComponent(name)}`;
  } catch {
    return `/${name}`;
  }
};

/**
 * Returns the changes that a deleted resource means: its events are gone. An event that we have written is stored without
 * its resource until it is listed for the first time; its resource has the name of its UID.
 */
export const deletionOf = (series: string): readonly ListedChange[] => {
  const uid = uidIn(series);
  return [{ id: series }, ...(uid === undefined ? [] : [{ id: uid, series }])];
};

const uidIn = (series: string): string | undefined => /^\/(.+)\.ics$/i.exec(series)?.[1];

/** Names the events of a resource that was not read, or not completely. */
export const unreadOf = (series: string, faults: readonly CalendarFault[] = []): readonly UnreadEvents[] => {
  const uids = new Set([uidIn(series), ...faults.map(({ uid }) => uid)]);
  return [
    { by: 'series', series },
    ...[...uids].flatMap((id) => (id === undefined || id === '' ? [] : [{ by: 'id', id } as const])),
  ];
};

/** Returns the path of a resource whose name was stored. */
export const hrefOfSeries = (calendarUrl: string, series: string): string =>
  new URL(encodeURIComponent(series.slice(1)), calendarUrl).pathname;

interface ReadResource {
  readonly changes: readonly ListedChange[];
  readonly faults: readonly CalendarFault[];
  /** The resource was not read completely: what is stored of it stays. */
  readonly isIncomplete: boolean;
}

/** Creates the function that reads the events of a resource of the calendar. @param window in which series are listed */
export const createResourceReader = (
  scope: CaldavScope,
  calendarUrl: string,
  window: Span,
  inOwnersZone: ReturnType<typeof createOwnersZone>,
): ((resource: EventResource) => Promise<ReadResource>) => {
  const addresses = addressesOf(scope.connection.account);
  return async ({ url, etag, text }) => {
    const series = seriesOfHref(new URL(url).pathname);
    const { items, isIncomplete, ...read } = await inOwnersZone((owner, report) =>
      eachOccurrences(text, { window, owner, addresses }, report),
    );
    const changes = items.flatMap((occurrence) => {
      const mark = markOf(occurrence, calendarUrl);
      // An event of ours that a person moves into the past was moved. Other events of the past block nothing.
      if (!mark && Date.parse(occurrence.end) < window.start) return [];
      const { start, end, zone, isAllDay, busy } = occurrence;
      const event = { start, end, zone, isAllDay, busy, etag, answer: answerOf(occurrence) };
      return [{ id: idOf(occurrence, series), series, event, mark }];
    });
    const faults = items.length === 0 && !hasComponent(text) ? [...read.faults, noComponent] : read.faults;
    return { changes, faults, isIncomplete: isIncomplete || faults.some(losesOccurrences) };
  };
};

const noComponent: CalendarFault = { code: 'no_component', uid: undefined, about: 'VCALENDAR' };

/** RFC 4791, section 4.1: a resource has at least one component besides its zones. It can be a task. */
const hasComponent = (text: string): boolean => {
  const components = readComponents(unfold(text));
  return ['VEVENT', 'VTODO', 'VJOURNAL', 'VFREEBUSY', 'VAVAILABILITY'].some(
    (name) => componentsNamed(components, name).length > 0,
  );
};

/** Each revision that we write resets the answer (`event.ts`). Not every program updates LAST-MODIFIED. */
const answerOf = ({ answer }: ListedOccurrence): ListedEvent['answer'] =>
  answer && { given: answer, endsWithRevision: true };

/** An event of ours is stored under its UID. */
const idOf = ({ uid = '', at, isSecondOfBoth }: ListedOccurrence, series: string): string => {
  const event = uid === '' ? series : uid;
  if (at === undefined) return event;
  return `${event}/${new Date(at).toISOString().slice(0, 19)}${isSecondOfBoth ? '/2' : ''}`;
};

const markOf = ({ uid, property }: ListedOccurrence, calendarUrl: string): EventMark | undefined => {
  const reference = property(referenceProperty);
  if (reference === undefined || uid === undefined) return undefined;
  const revision = property(revisionProperty) ?? '';
  const texts = {
    title: property('SUMMARY') ?? '',
    place: property('LOCATION') ?? '',
    description: property('DESCRIPTION') ?? '',
  };
  return {
    eventId: eventIdOfUid(calendarUrl, uid),
    reference,
    revision: /^\d{1,9}$/.test(revision) ? Number(revision) : undefined,
    edited: editedTexts(property(textProperty), texts, uid),
  };
};
