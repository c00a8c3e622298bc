/**
 * Reads when the events of a calendar block time: of one CalDAV resource, or of a whole feed. Knows no vendor and makes
 * no request.
 */

import type { BusyInterval } from '../../domain/audition/slot.ts';
import type { BusyKind } from '../../domain/calendars/busy-kind.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { componentsNamed, readComponents, unfold } from './content-lines.ts';
import { type EventComponent, readEvent } from './event.ts';
import type { ReportFault } from './faults.ts';
import { textOf } from './properties.ts';
import { createExpansion, type Series, type Span } from './series.ts';
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

/** The years that an instant can hold. */
const earliest = Date.UTC(1000, 0, 1);
const latest = Date.UTC(9999, 11, 31);

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
      start: toInstant(Math.max(start, earliest)),
      end: toInstant(Math.min(end, latest)),
      busy: event.busy === 'tentative' ? 'tentative' : 'busy',
      uid: event.uid,
      property: (name) => textOf(event.component, name),
    }));
};

/**
 * Returns the events by series. A replacement whose series is missing, as in an invitation to one occurrence, is an event
 * of its own. Feeds can give several events one UID: each is a series then.
 */
const seriesOf = (events: readonly EventComponent[]): readonly Series[] =>
  [...Map.groupBy(events, (event) => event.uid ?? event).values()].flatMap((group) => {
    const replacements = group.filter(({ replaces }) => replaces !== undefined);
    const [first, ...others] = group.filter(({ replaces }) => replaces === undefined);
    return first ? [{ main: first, replacements }, ...others.map(alone)] : replacements.map(alone);
  });

const alone = (main: EventComponent): Series => ({ main, replacements: [] });
