/** Measures the search for the best slots among large calendars, beside the expansion of their series alone. */
import { freeSlots } from '../../../domain/audition/free-slots.ts';
import { rankSlots } from '../../../domain/audition/slot-ranking.ts';
import { toInstant } from '../../../domain/time/epoch.ts';
import { day, minute } from '../../../domain/time/units.ts';
import {
  mergeSpans,
  type PreparedCalendar,
  prepareCalendar,
} from '../../../providers/icalendar/prepared-calendar.ts';
import { ianaZone } from '../../../providers/icalendar/zones/iana-zone.ts';
import { calendarOf } from '../../harness/large-calendar.ts';
import { type Spread, spreadOf } from '../statistics.ts';

export interface SlotFigures {
  /** Milliseconds. */
  readonly search: Spread;
  readonly expansion: Spread;
  /** The ratio of both in each round. */
  readonly ratio: Spread;
  readonly occurrences: number;
  readonly targetMs: number;
  readonly targetRatio: number;
  readonly isMet: boolean;
}

const participants = 20;
const eventsEach = 5_000;
const from = Date.UTC(2027, 2, 1);
const window = { start: from, end: from + 31 * day };
const warmUpRounds = 10;
const targetMs = 150;
const targetRatio = 2;

export const describeSlots = (rounds: number): string =>
  `
The ten best slots of 30 minutes within 31 days, for ${participants} participants with ${eventsEach} events each, a third of them series. The
feeds were read before, as in a process that has answered about them. Search: expand all series, merge, find and rank the
free slots. Expansion: only the first part. They alternate: ${rounds} rounds after ${warmUpRounds} warm-up rounds.`.trim();

export const measureSlots = (rounds: number): SlotFigures => {
  const calendars = Array.from({ length: participants }, (_, n) => read(calendarOf(eventsEach, from, n + 1)));
  const attendances = calendars.map(() => ({ zone: 'Europe/Paris' }));
  const search = () => {
    const busy = calendars.flatMap((calendar) =>
      mergeSpans(expand(calendar)).map(({ start, end }) => ({
        start: toInstant(start),
        end: toInstant(end),
      })),
    );
    const bounds = { from: toInstant(window.start), until: toInstant(window.end) };
    return rankSlots(freeSlots(busy, bounds, 30 * minute), attendances, 10);
  };
  const measured: { readonly search: number; readonly expansion: number }[] = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const expansion = timeOf(() => calendars.map(expand));
    const searched = timeOf(search);
    if (round >= 0) measured.push({ search: searched, expansion });
  }
  const ratio = spreadOf(measured.map((round) => round.search / round.expansion));
  const searched = spreadOf(measured.map((round) => round.search));
  return {
    search: searched,
    expansion: spreadOf(measured.map(({ expansion }) => expansion)),
    ratio,
    occurrences: calendars.flatMap(expand).reduce((sum, { starts }) => sum + starts.length, 0),
    targetMs,
    targetRatio,
    isMet: searched.median < targetMs && ratio.median <= targetRatio,
  };
};

const expand = (calendar: PreparedCalendar) => [...calendar.eachBusy(window)];

const read = (text: string): PreparedCalendar => {
  const steps = prepareCalendar(text, { owner: ianaZone('Europe/Paris'), addresses: new Set() });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

const timeOf = (work: () => unknown): number => {
  const started = performance.now();
  work();
  return performance.now() - started;
};
