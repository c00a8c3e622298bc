/** Prints the figures as a table. */
import Table from 'cli-table3';
import type { CallFigures } from './calls/calls.ts';
import { type BudgetLine, isWithin } from './cost/budget.ts';
import type { FallbackFigures } from './fallback/fallback.ts';
import { type FirstAnswerFigures, firstAnswerRows } from './first-answer/first-answer.ts';
import type { IntakeFigures } from './intake/intake.ts';
import type { Machine } from './machine.ts';
import { type MemoryFigures, memoryRows } from './memory/memory.ts';
import type { TransferFigures } from './recording/recording.ts';
import type { ReplayFigures } from './replay.ts';
import type { Spread } from './statistics.ts';
import { type LatencyFigures, pushVendors } from './sync/latency.ts';
import type { ListingComparison } from './sync/listing.ts';
import type { SearchFigures } from './sync/searches.ts';
import type { SlotFigures } from './sync/slots.ts';
import type { Throughput } from './throughput/throughput.ts';

export interface Figures {
  readonly machine: Machine;
  readonly throughput: readonly Throughput[];
  readonly cost: readonly BudgetLine[];
  readonly calls: readonly CallFigures[];
  readonly intake: readonly IntakeFigures[];
  readonly replay: ReplayFigures | undefined;
  readonly sync: SyncFigures | undefined;
  readonly recording: readonly TransferFigures[];
  readonly fallback: FallbackFigures | undefined;
  readonly firstAnswer: FirstAnswerFigures | undefined;
  readonly memory: MemoryFigures | undefined;
}

export interface SyncFigures {
  readonly slots: SlotFigures;
  readonly searches: SearchFigures;
  readonly listing: ListingComparison;
  readonly latency: LatencyFigures;
}

export const machineLines = (machine: Machine): string =>
  [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, load ${machine.load.toFixed(1)}, ${machine.date}`,
    `node ${machine.node}, Temporal SDK ${machine.sdk}, Temporal server ${machine.temporal} (in memory), PostgreSQL ${machine.postgres} (fsync off)`,
  ].join('\n');

export const tableOf = ({
  throughput,
  cost,
  calls,
  intake,
  replay,
  sync,
  recording,
  fallback,
  firstAnswer,
  memory,
}: Figures): string => {
  const table = new Table({
    head: ['figure', 'measured', 'min to max', 'target', ''],
    style: { head: [], border: [] },
  });
  table.push(
    ...throughput.flatMap(({ inFlight, auditions, bare, ratio, target, isMet, auditionCpu, bareCpu }) => [
      [`${inFlight} in flight: auditions scheduled per second`, ...cells(auditions, 1), '', ''],
      [`${inFlight} in flight: bare workflows per second`, ...cells(bare, 1), '', ''],
      [`${inFlight} in flight: ratio`, ...cells(ratio, 2), `at least ${target}`, verdict(isMet)],
      [`${inFlight} in flight: worker CPU per audition, ms`, ...cells(auditionCpu, 0), '', ''],
      [`${inFlight} in flight: worker CPU per bare workflow, ms`, ...cells(bareCpu, 0), '', ''],
    ]),
    ...cost.map((line) => [
      `per audition: ${names[line.figure]}`,
      String(line.cost),
      '',
      `at most ${line.budget}`,
      verdict(isWithin(line)),
    ]),
    ...calls.flatMap(({ name, statements, bare, path, overhead, target, isMet }) => [
      [`${name}: vendor's library alone, ms`, ...cells(bare, 1), '', ''],
      [`${name}: our call path, ms (database statements: ${statements})`, ...cells(path, 1), '', ''],
      [`${name}: overhead, %`, ...cells(overhead, 1), `under ${target}`, verdict(isMet)],
    ]),
    ...intake.flatMap(({ inFlight, intake: received, bare, ratio, target, isMet }) => [
      [`${inFlight} in flight: webhooks received per second`, ...cells(received, 0), '', ''],
      [`${inFlight} in flight: bare inserts per second`, ...cells(bare, 0), '', ''],
      [`${inFlight} in flight: ratio`, ...cells(ratio, 2), `at least ${target}`, verdict(isMet)],
    ]),
    ...(replay
      ? [
          [
            'histories replayed per second',
            ...cells(replay.historiesPerSecond, 0),
            `at least ${replay.target}`,
            verdict(replay.isMet),
          ],
          ['events replayed per second', ...cells(replay.eventsPerSecond, 0), '', ''],
        ]
      : []),
    ...(sync ? syncRows(sync) : []),
    ...recording.flatMap(transferRows),
    ...(fallback ? fallbackRows(fallback) : []),
    ...(firstAnswer ? firstAnswerRows(firstAnswer) : []),
    ...(memory ? memoryRows(memory) : []),
  );
  return table.toString();
};

const transferRows = ({
  storage,
  megabytes,
  service,
  copy,
  ratio,
  targetRatio,
  memoryMb,
  targetMemoryMb,
}: TransferFigures): string[][] => [
  [`${storage}, ${megabytes} MB: stored, MB per second`, ...cells(service, 0), '', ''],
  [`${storage}, ${megabytes} MB: plain copy, MB per second`, ...cells(copy, 0), '', ''],
  [
    `${storage}, ${megabytes} MB: ratio`,
    ...cells(ratio, 2),
    `at least ${targetRatio}`,
    verdict(ratio.median >= targetRatio),
  ],
  [
    `${storage}, ${megabytes} MB: memory beyond the idle process, MB`,
    memoryMb.toFixed(0),
    '',
    `at most ${targetMemoryMb}`,
    verdict(memoryMb <= targetMemoryMb),
  ],
];

const fallbackRows = ({ whenOpen, whenClosed }: FallbackFigures): string[][] =>
  [
    { state: 'open', ...whenOpen },
    { state: 'closed', ...whenClosed },
  ].map(({ state, latency, targetMs, isMet }) => [
    `next provider's room, circuit ${state}, ms`,
    ...cells(latency, 0),
    `at most ${targetMs}`,
    verdict(isMet),
  ]);

const searchRows = (searches: SearchFigures): string[][] => [
  [`${searchNames.otherWeeks}, ms`, ...cells(searches.took.otherWeeks, 0), '', ''],
  [`${searchNames.otherWeeks}, ratio to the expansion`, ...cells(searches.ratio.otherWeeks, 2), '', ''],
  ...(['availability', 'claim'] as const).flatMap((name) => [
    [
      `${searchNames[name]}, ms`,
      ...cells(searches.took[name], 0),
      `under ${searches.targetMs}`,
      verdict(searches.took[name].median < searches.targetMs),
    ],
    [
      `${searchNames[name]}, ratio to the expansion`,
      ...cells(searches.ratio[name], 2),
      `at most ${searches.targetRatio}`,
      verdict(searches.ratio[name].median <= searches.targetRatio),
    ],
  ]),
  ['expansion alone beside these, ms', ...cells(searches.expansion, 0), '', ''],
];

const searchNames = {
  otherWeeks: 'POST /v1/availability among these calendars, other weeks',
  availability: 'POST /v1/availability, the same weeks again',
  claim: 'claim of a first slot in these weeks',
} as const;

const syncRows = ({ slots, searches, listing, latency }: SyncFigures): string[][] => [
  [
    `ten best slots among ${slots.occurrences} occurrences, ms`,
    ...cells(slots.search, 0),
    `under ${slots.targetMs}`,
    verdict(slots.search.median < slots.targetMs),
  ],
  ['expansion alone, ms', ...cells(slots.expansion, 0), '', ''],
  [
    'ratio',
    ...cells(slots.ratio, 2),
    `at most ${slots.targetRatio}`,
    verdict(slots.ratio.median <= slots.targetRatio),
  ],
  [
    'ten best slots in eight zones, with quiet hours, ms',
    ...cells(slots.inManyZones.search, 0),
    `under ${slots.targetMs}`,
    verdict(slots.inManyZones.search.median < slots.targetMs),
  ],
  [
    'the same, ratio to the expansion',
    ...cells(slots.inManyZones.ratio, 2),
    `at most ${slots.targetRatio}`,
    verdict(slots.inManyZones.ratio.median <= slots.targetRatio),
  ],
  ...searchRows(searches),
  ...listing.sizes.flatMap(({ events, changes, firstMs, memoryMb }) => [
    [`100 changes among ${events} events, ms`, ...cells(changes, 1), '', ''],
    [`first listing of ${events} events, ms`, firstMs.toFixed(0), '', '', ''],
    [
      `first listing of ${events} events, memory, MB`,
      memoryMb.toFixed(0),
      '',
      `at most ${listing.targetMemoryMb}`,
      verdict(memoryMb <= listing.targetMemoryMb),
    ],
  ]),
  [
    '100 changes: most events to fewest, ratio',
    listing.ratio.toFixed(2),
    '',
    `at most ${listing.targetRatio}`,
    verdict(listing.ratio <= listing.targetRatio),
  ],
  ...pushVendors.map((vendor) => [
    `from a calendar of ${{ google: 'Google', microsoft: 'Outlook' }[vendor]} to the audition, ms`,
    ...cells(latency.latency[vendor], 0),
    `all under ${latency.targetMs}`,
    verdict(latency.isMet[vendor]),
  ]),
];

const names: Readonly<Record<BudgetLine['figure'], string>> = {
  events: 'history events',
  activities: 'activities',
  localActivities: 'local activities',
  billableActions: 'billable actions',
};

const cells = ({ median, least, most }: Spread, digits: number): readonly [string, string] => [
  median.toFixed(digits),
  `${least.toFixed(digits)} to ${most.toFixed(digits)}`,
];

const verdict = (isMet: boolean): string => (isMet ? 'met' : 'NOT MET');
