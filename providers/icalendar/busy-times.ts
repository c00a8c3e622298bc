/**
 * Reads when the events of a calendar block time: of one CalDAV resource, or of a whole feed. Knows no vendor and makes
 * no request.
 */

import type { BusyInterval } from '../../domain/audition/slot.ts';
import { componentsNamed, readComponents, unfold } from './content-lines.ts';
import { readEvent } from './event.ts';
import type { ReportFault } from './faults.ts';
import { toInstantWithin } from './instant-range.ts';
import { textOf } from './properties.ts';
import { createExpansion, type Span, seriesOf } from './series.ts';
import type { Zone } from './zones/zone.ts';
import { createZones } from './zones/zones.ts';

/** A time that an event blocks. */
export interface BusyTime extends BusyInterval {
  readonly uid: string | undefined;
  /** Returns the text of a property of the event. */
  readonly property: (name: string) => string | undefined;
}

export interface BusyTimesQuery {
  /** In epoch milliseconds. */
  readonly window: Span;
  /** The zone of days and of floating times. */
  readonly owner: Zone;
  /** The owner's email addresses, in lower case. */
  readonly addresses: ReadonlySet<string>;
}

/**
 * Returns the times in the window that the events of a calendar block. They are neither merged nor sorted. What cannot be
 * read is reported, and the rest is still returned.
 */
export const readBusyTimes = (
  text: string,
  { window, owner, addresses }: BusyTimesQuery,
  reportFault: ReportFault,
): readonly BusyTime[] => {
  const components = readComponents(unfold(text));
  const expand = createExpansion(window, createZones(components, owner, reportFault), reportFault);
  const events = componentsNamed(components, 'VEVENT').flatMap(
    (component) => readEvent(component, addresses, reportFault) ?? [],
  );
  return seriesOf(events)
    .flatMap(expand)
    .map(({ start, end, event }) => ({
      start: toInstantWithin(start),
      end: toInstantWithin(end),
      uid: event.uid,
      property: (name) => textOf(event.component, name),
    }));
};
