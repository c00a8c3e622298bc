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
  /** The same search for participants in eight zones with quiet hours. */
  readonly inManyZones: { readonly search: Spread; readonly ratio: Spread };
  readonly occurrences: number;
  readonly targetMs: number;
  readonly targetRatio: number;
  readonly isMet: boolean;
}

export const participants = 20;
export const eventsEach = 5_000;
const from = Date.UTC(2027, 2, 1);
const window = { start: from, end: from + 31 * day };
const zones = [
  'Europe/Paris',
  'Europe/London',
  'America/New_York',
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'Asia/Tokyo',
  'Asia/Kolkata',
  'Australia/Sydney',
];
export const warmUpRounds = 10;
export const targetMs = 150;
export const targetRatio = 2;

export const describeSlots = (rounds: number): string =>
  `
The ten best slots of 30 minutes within 31 days, for ${participants} participants with ${eventsEach} events each, a third of them series. The
feeds were read before, as in a process that has answered about them. Search: expand all series, merge, find and rank the
free slots. Expansion: only the first part. The search is also measured for participants in eight zones with quiet hours, who
have no common working hours, so that every slot is rated. They alternate: ${rounds} rounds after ${warmUpRounds} warm-up rounds.`.trim();

export const measureSlots = (rounds: number): SlotFigures => {
  const calendars = Array.from({ length: participants }, (_, n) => read(calendarOf(eventsEach, from, n + 1)));
  const inOneZone = calendars.map(() => ({ zone: 'Europe/Paris' }));
  const inManyZones = calendars.map((_, n) => ({
    zone: zones[n % zones.length] ?? 'UTC',
    quietHours: { from: n % 2 === 0 ? '22:00' : '21:30', until: '08:00' },
  }));
  const search = (attendances: Parameters<typeof rankSlots>[1]) => {
    const busy = calendars.flatMap((calendar) =>
      mergeSpans(expand(calendar)).map(({ start, end }) => ({
        start: toInstant(start),
        end: toInstant(end),
      })),
    );
    const bounds = { from: toInstant(window.start), until: toInstant(window.end) };
    return rankSlots(freeSlots(busy, bounds, 30 * minute), attendances, 10);
  };
  const measured: Record<'search' | 'expansion' | 'inManyZones', number>[] = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const expansion = timeOf(() => calendars.map(expand));
    const searched = timeOf(() => search(inOneZone));
    const searchedInManyZones = timeOf(() => search(inManyZones));
    if (round >= 0) measured.push({ search: searched, expansion, inManyZones: searchedInManyZones });
  }
  const figuresOf = (name: 'search' | 'inManyZones') => ({
    search: spreadOf(measured.map((round) => round[name])),
    ratio: spreadOf(measured.map((round) => round[name] / round.expansion)),
  });
  const [one, many] = [figuresOf('search'), figuresOf('inManyZones')];
  return {
    ...one,
    inManyZones: many,
    expansion: spreadOf(measured.map(({ expansion }) => expansion)),
    occurrences: calendars.flatMap(expand).reduce((sum, { starts }) => sum + starts.length, 0),
    targetMs,
    targetRatio,
    isMet: [one, many].every(
      ({ search: { median }, ratio }) => median < targetMs && ratio.median <= targetRatio,
    ),
  };
};

const expand = (calendar: PreparedCalendar) => [...calendar.eachBusy(window)];

/** Returns the function that expands all series of the calendars within the window. */
export const expansionOf = (
  texts: readonly string[],
  within: Parameters<PreparedCalendar['eachBusy']>[0],
) => {
  const calendars = texts.map(read);
  return () => calendars.map((calendar) => [...calendar.eachBusy(within)]);
};

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
