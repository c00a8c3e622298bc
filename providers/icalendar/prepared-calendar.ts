/**
 * A calendar that is read once and asked for several windows. Its text is not kept: events that occur once are kept as
 * times, series as what their expansion needs.
 */
import type { BusyTimesQuery } from './busy-times.ts';
import { type Component, componentsNamed, readComponents, unfold } from './content-lines.ts';
import { type EventComponent, readEvent } from './event.ts';
import type { CalendarFault } from './faults.ts';
import { eachFreeBusy } from './free-busy.ts';
import { instantRange } from './instant-range.ts';
import { textOf } from './properties.ts';
import { createCompilation, type Span, seriesOf } from './series.ts';
import { feedLimit } from './work-limit.ts';
import { createZones } from './zones/zones.ts';

export interface PreparedCalendar {
  /** What could not be read. */
  readonly faults: readonly CalendarFault[];
  /** The UIDs of all events. */
  readonly uids: ReadonlySet<string>;
  /** Returns the times in the window that events block, in small steps, as `eachBusyTimes` does. Neither merged nor sorted. */
  eachBusy(window: Span): Generator<EventSpans>;
}

/** The event of a busy time. */
type BlockingEvent = Pick<EventComponent, 'uid' | 'availability'>;

/** Times with, under the same index, their events. */
export interface EventSpans extends BusySpans {
  readonly events: readonly BlockingEvent[];
}

/** Times in epoch milliseconds: the starts and, under the same index, the ends. */
export interface BusySpans {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** The most faults that are kept of one calendar. */
const maxFaults = 1_000;
const singlesPerStep = 2_000;
/** A rule that a library expands can need some milliseconds, and a thousand of its steps need about 20. */
const seriesPerStep = 20;
const libraryStepsPerStep = 1_000;

/** Prepares the calendar, in small steps. */
export function* prepareCalendar(
  text: string,
  { owner, addresses }: Pick<BusyTimesQuery, 'owner' | 'addresses'>,
): Generator<undefined, PreparedCalendar> {
  const faults: CalendarFault[] = [];
  const reportFault = (fault: CalendarFault): void => {
    if (faults.length < maxFaults) faults.push(fault);
  };
  const components = readComponents(unfold(text));
  yield;
  const compile = createCompilation(createZones(components, owner, reportFault), reportFault);
  const uids = new Set<string>();
  const events: EventComponent[] = [];
  for (const component of componentsNamed(components, 'VEVENT')) {
    const event = readEvent(component, addresses, reportFault);
    if (event) events.push({ ...event, component: noComponent });
    if (event?.uid !== undefined) uids.add(event.uid);
    yield;
  }
  const singles = noSpans();
  const series: ReturnType<typeof compile>[] = [];
  for (const group of seriesOf(events)) {
    const { main, replacements } = group;
    const isSeries = [main.rules, main.addedStarts, main.addedPeriods, replacements].some(
      (parts) => parts.length > 0,
    );
    const compiled = compile(group);
    if (isSeries) series.push(compiled);
    else {
      const event = { uid: main.uid, availability: main.availability };
      compiled(instantRange, (start, end) => add(singles, start, end, event), feedLimit());
    }
    yield;
  }
  for (const component of componentsNamed(components, 'VFREEBUSY')) {
    const uid = textOf(component, 'UID');
    if (uid !== undefined) uids.add(uid);
    const events = {
      busy: { uid, availability: 'busy' },
      tentative: { uid, availability: 'tentative' },
    } as const;
    for (const periods of eachFreeBusy(component, instantRange, reportFault)) {
      for (const { start, end, busy } of periods) add(singles, start, end, events[busy]);
      yield;
    }
  }
  return {
    faults,
    uids,
    *eachBusy(window) {
      const { starts, ends, events: all } = singles;
      for (let from = 0; from < starts.length; from += singlesPerStep) {
        const inside = noSpans();
        const until = Math.min(from + singlesPerStep, starts.length);
        for (let index = from; index < until; index += 1) {
          const [start = 0, end = 0, event] = [starts[index], ends[index], all[index]];
          if (!event || start >= window.end || end <= window.start) continue;
          add(inside, start, end, event);
        }
        yield inside;
      }
      const limit = feedLimit();
      let [found, inStep, stepsBefore] = [noSpans(), 0, limit.steps];
      for (const expand of series) {
        expand(window, (start, end, event) => add(found, start, end, event), limit);
        inStep += 1;
        if (inStep < seriesPerStep && stepsBefore - limit.steps < libraryStepsPerStep) continue;
        yield found;
        [found, inStep, stepsBefore] = [noSpans(), 0, limit.steps];
      }
      yield found;
    },
  };
}

/** The lines of an event are needed no more. */
const noComponent: Component = { name: 'VEVENT', lines: [], children: [] };

interface GrowingSpans extends EventSpans {
  readonly starts: number[];
  readonly ends: number[];
  readonly events: BlockingEvent[];
}

const noSpans = (): GrowingSpans => ({ starts: [], ends: [], events: [] });

const add = (
  { starts, ends, events }: GrowingSpans,
  start: number,
  end: number,
  event: BlockingEvent,
): void => {
  starts.push(start);
  ends.push(end);
  events.push(event);
};

/**
 * Returns the same busy time without overlaps, in order. Starts and ends are sorted separately: time is busy as long as
 * more spans have begun than ended.
 */
export const mergeSpans = (parts: readonly BusySpans[]): readonly Span[] => {
  const count = parts.reduce((sum, part) => sum + part.starts.length, 0);
  const [starts, ends] = [new Float64Array(count), new Float64Array(count)];
  let filled = 0;
  for (const part of parts) {
    starts.set(part.starts, filled);
    ends.set(part.ends, filled);
    filled += part.starts.length;
  }
  starts.sort();
  ends.sort();
  const merged: Span[] = [];
  let [start, open] = [0, 0];
  for (let next = 0, last = 0; last < ends.length; ) {
    const [begins = Infinity, closes = Infinity] = [starts[next], ends[last]];
    if (begins <= closes) {
      if (open === 0) start = begins;
      open += 1;
      next += 1;
      continue;
    }
    open -= 1;
    last += 1;
    // Times that touch are one, as in `mergeBusy`.
    if (open === 0) merged.push({ start, end: closes });
  }
  return merged;
};
