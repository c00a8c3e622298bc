/**
 * Reads when the events of a calendar block time: of one CalDAV resource, or of a whole feed. Knows no vendor and makes
 * no request.
 */

import type { BusyInterval } from '../../domain/audition/slot.ts';
import type { BusyKind } from '../../domain/calendars/busy-kind.ts';
import { type Component, componentsNamed, readComponents, unfold } from './content-lines.ts';
import { type EventComponent, readEvent } from './event.ts';
import type { ReportFault } from './faults.ts';
import { eachFreeBusy } from './free-busy.ts';
import { toInstantWithin } from './instant-range.ts';
import { isOutside } from './outside.ts';
import { textOf } from './properties.ts';
import { createExpansion, type Span, seriesOf } from './series.ts';
import { resourceLimit, type WorkLimit } from './work-limit.ts';
import type { Zone } from './zones/zone.ts';
import { createZones } from './zones/zones.ts';

/** A time that an event blocks. */
export interface BusyTime extends BusyInterval {
  readonly busy: Exclude<BusyKind, 'free'>;
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
  query: BusyTimesQuery,
  reportFault: ReportFault,
): readonly BusyTime[] => [...eachBusyTimes(text, query, reportFault)].flat();

/**
 * Like `readBusyTimes`, in small steps: a caller with a large calendar can do other work in between. A step can return no
 * time.
 *
 * @param limit of the expansion. Default: that of one resource.
 */
export function* eachBusyTimes(
  text: string,
  { window, owner, addresses }: BusyTimesQuery,
  reportFault: ReportFault,
  limit: WorkLimit = resourceLimit(),
): Generator<readonly BusyTime[]> {
  const components = readComponents(unfold(text));
  const zones = createZones(components, owner, reportFault);
  const expand = createExpansion(window, zones, reportFault, 'blocking', limit);
  const events: EventComponent[] = [];
  for (const component of componentsNamed(components, 'VEVENT')) {
    const event = isOutside(component, window) ? undefined : readEvent(component, addresses, reportFault);
    if (event) events.push(event);
    yield [];
  }
  for (const series of seriesOf(events)) {
    yield expand(series).map(({ start, end, event }) =>
      busyTimeOf(
        { start, end },
        event.availability === 'tentative' ? 'tentative' : 'busy',
        event.uid,
        event.component,
      ),
    );
  }
  for (const component of componentsNamed(components, 'VFREEBUSY')) {
    const uid = textOf(component, 'UID');
    for (const periods of eachFreeBusy(component, window, reportFault)) {
      yield periods.map(({ busy, ...span }) => busyTimeOf(span, busy, uid, component));
    }
  }
}

const busyTimeOf = (
  { start, end }: Span,
  busy: BusyTime['busy'],
  uid: string | undefined,
  component: Component,
): BusyTime => ({
  busy,
  start: toInstantWithin(start),
  end: toInstantWithin(end),
  uid,
  property: (name) => textOf(component, name),
});
