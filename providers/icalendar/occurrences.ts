/** Lists the occurrences of the events of a calendar one by one, those included that leave the time free. */
import type { Answer } from '../../domain/audition/events.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { BusyTimesQuery } from './busy-times.ts';
import { componentsNamed, readComponents, unfold } from './content-lines.ts';
import { type EventComponent, readEvent } from './event.ts';
import type { ReportFault } from './faults.ts';
import { instantRange, toInstantWithin } from './instant-range.ts';
import { textOf } from './properties.ts';
import { createExpansion, type Series, seriesOf } from './series.ts';
import { resourceLimit } from './work-limit.ts';
import { instantOf, localTimeOf } from './zones/zone.ts';
import { createZones } from './zones/zones.ts';

export interface ListedOccurrence {
  readonly uid: string | undefined;
  /**
   * The original start on the clock of the series, in milliseconds read as UTC. Undefined for an event that occurs once,
   * and for the first occurrence of a series: an event keeps its identity when its owner makes it a series.
   */
  readonly at: number | undefined;
  /** Whether the clock shows the start twice, and this is the second time: a series by the hour has both. */
  readonly isSecondOfBoth: boolean;
  readonly start: Instant;
  readonly end: Instant;
  /** IANA; `UTC` when the event names no zone that is known. */
  readonly zone: string;
  readonly isAllDay: boolean;
  readonly busy: 'busy' | 'tentative' | 'free';
  /** The owner's answer to an invitation. */
  readonly answer: Answer | undefined;
  /** Returns the text of a property of the event. */
  readonly property: (name: string) => string | undefined;
}

/**
 * Returns the occurrences that take place. A series is listed within the window, an event that occurs once is listed
 * whenever it is. What cannot be read is reported, and the rest is still returned.
 */
export const readOccurrences = (
  text: string,
  query: BusyTimesQuery,
  reportFault: ReportFault,
): readonly ListedOccurrence[] => [...eachOccurrences(text, query, reportFault)].flat();

/**
 * Like `readOccurrences`, in small steps: a caller can do other work in between. A step can return no occurrence. Bounded by
 * the limit of one resource (`work-limit.ts`): a series beyond it is one occurrence that lasts until the end of the window.
 */
export function* eachOccurrences(
  text: string,
  { window, owner, addresses }: BusyTimesQuery,
  reportFault: ReportFault,
): Generator<readonly ListedOccurrence[]> {
  const components = readComponents(unfold(text));
  const zones = createZones(components, owner, reportFault);
  const limit = resourceLimit();
  const expandSeries = createExpansion(window, zones, reportFault, 'all', limit);
  const expandSingle = createExpansion(instantRange, zones, reportFault, 'all', limit);
  const events: EventComponent[] = [];
  for (const component of componentsNamed(components, 'VEVENT')) {
    const event = readEvent(component, addresses, reportFault);
    if (event) events.push(event);
    yield [];
  }
  for (const series of seriesOf(events)) {
    const seriesZone = zones.zoneOf(series.main.start, series.main.uid);
    yield (isRecurring(series) ? expandSeries : expandSingle)(series).flatMap(({ start, end, event, at }) => {
      const { component, availability } = event;
      const { tzid } = event.start;
      if (availability === 'cancelled') return [];
      const isFirst = at === series.main.start.localMs && !series.main.replaces;
      const isSecondOfBoth = localTimeOf(seriesZone, start) === at && instantOf(seriesZone, at) < start;
      return {
        uid: event.uid,
        at: isFirst && !isSecondOfBoth ? undefined : at,
        isSecondOfBoth,
        start: toInstantWithin(start),
        // An event can end before it starts.
        end: toInstantWithin(Math.max(start, end)),
        zone: (tzid === undefined ? undefined : zones.nameOf(tzid)) ?? 'UTC',
        isAllDay: event.start.form === 'date',
        busy: availability,
        answer: event.answer,
        property: (name: string) => textOf(component, name),
      };
    });
  }
}

const isRecurring = ({ main, replacements }: Series): boolean =>
  [main.rules, main.addedStarts, main.addedPeriods, replacements].some((parts) => parts.length > 0);
