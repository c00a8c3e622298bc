/** Implements `npm run bench`, which measures the figures of docs/benchmarks.md. */
import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../../infra/cli/whole-number.ts';
import { startPostgres } from '../harness/postgres-server.ts';
import { type ServiceOptions, type ServiceUnderTest, startService } from '../harness/service.ts';
import { findOrStartTemporal } from '../harness/temporal-server.ts';
import { describeCalls, measureCalls } from './calls/calls.ts';
import { compareWithBudget, isWithin } from './cost/budget.ts';
import { playBudgetedAudition } from './cost/budgeted-audition.ts';
import { describeFallback, measureFallback } from './fallback/fallback.ts';
import { describeFirstAnswer, measureFirstAnswer } from './first-answer/first-answer.ts';
import { describeIntake, measureIntake } from './intake/intake.ts';
import { describeMachine } from './machine.ts';
import { describeMemory, measureMemory } from './memory/memory.ts';
import { describeTransfers, measureTransfers } from './recording/recording.ts';
import { measureReplay } from './replay.ts';
import { type Figures, machineLines, type SyncFigures, tableOf } from './report.ts';
import { describeLatency, measureLatency } from './sync/latency.ts';
import { describeListing, measureListing } from './sync/listing.ts';
import { describeSearches, measureSearches } from './sync/searches.ts';
import { describeSlots, measureSlots } from './sync/slots.ts';
import { describeThroughput, measureThroughput } from './throughput/throughput.ts';

const parts = [
  'throughput',
  'cost',
  'calls',
  'intake',
  'replay',
  'sync',
  'recording',
  'fallback',
  'first-answer',
  'memory',
] as const;
type Part = (typeof parts)[number];

interface Options {
  readonly rounds: number;
  readonly workflows: number;
  readonly inFlight: readonly number[];
  /** Ascending. */
  readonly open: readonly number[];
  readonly only: readonly Part[];
  readonly json: boolean;
  readonly check: boolean;
}

const run = async (options: Options): Promise<void> => {
  const print = (line: string) => {
    if (!options.json) console.log(line);
  };
  const wanted = (part: Part) => options.only.includes(part);
  const figures = await withService(async (service, startAnother): Promise<Figures> => {
    const machine = await describeMachine(service);
    print(machineLines(machine));
    const figuresOf = {
      throughput: async () => {
        const throughputOptions = { ...options, progress: print };
        print(`\n${describeThroughput(throughputOptions)}\n`);
        return measureThroughput(service, throughputOptions);
      },
      cost: async () => {
        print(
          '\nOne audition with three participants, a reschedule and two reminders, from request to decision …',
        );
        // Without the throughput, no worker has been started.
        await service.startWorker();
        return compareWithBudget(await playBudgetedAudition(service, unusedAuditionNumber));
      },
      calls: async () => {
        print(`\n${describeCalls(options.rounds)}\n`);
        return measureCalls(service, options.rounds);
      },
      intake: async () => {
        print(`\n${describeIntake(options.rounds)}\n`);
        return [await measureIntake(service, options.rounds)];
      },
      sync: async () => {
        print(`\n${describeSlots(options.rounds)}\n`);
        const slots = measureSlots(options.rounds);
        print(`${describeSearches(options.rounds)}\n`);
        const searches = await measureSearches(service, options.rounds);
        print(`${describeListing(options.rounds)}\n`);
        const listing = await measureListing(service, options.rounds);
        print(`${describeLatency(options.rounds)}\n`);
        const synchronized = await startAnother({ calendarSync: true });
        try {
          return { slots, searches, listing, latency: await measureLatency(synchronized, options.rounds) };
        } finally {
          await synchronized.close();
        }
      },
      recording: async () => {
        print(`\n${describeTransfers(options.rounds)}\n`);
        return measureTransfers(service, options.rounds);
      },
      fallback: async () => {
        print(`\n${describeFallback(options.rounds)}\n`);
        const undisturbed = await startAnother({});
        try {
          return await measureFallback(undisturbed, options.rounds);
        } finally {
          await undisturbed.close();
        }
      },
      'first-answer': async () => {
        print(`\n${describeFirstAnswer(options.rounds)}\n`);
        const quiet = await startAnother({});
        try {
          return await measureFirstAnswer(quiet, options.rounds);
        } finally {
          await quiet.close();
        }
      },
      memory: async () => {
        print(`\n${describeMemory(options.open)}\n`);
        return measureMemory(service, options.open, print);
      },
      replay: async () => {
        print('Replay of the corpus of recorded histories …\n');
        return measureReplay(options.rounds);
      },
    };
    return {
      machine,
      throughput: wanted('throughput') ? await figuresOf.throughput() : [],
      cost: wanted('cost') ? await figuresOf.cost() : [],
      calls: wanted('calls') ? await figuresOf.calls() : [],
      intake: wanted('intake') ? await figuresOf.intake() : [],
      replay: wanted('replay') ? await figuresOf.replay() : undefined,
      sync: wanted('sync') ? await figuresOf.sync() : undefined,
      recording: wanted('recording') ? await figuresOf.recording() : [],
      fallback: wanted('fallback') ? await figuresOf.fallback() : undefined,
      firstAnswer: wanted('first-answer') ? await figuresOf['first-answer']() : undefined,
      memory: wanted('memory') ? await figuresOf.memory() : undefined,
    };
  });
  console.log(options.json ? JSON.stringify(figures, null, 2) : tableOf(figures));
  const isMet =
    figures.throughput.every((level) => level.isMet) &&
    figures.cost.every(isWithin) &&
    figures.calls.every((call) => call.isMet) &&
    figures.intake.every((intake) => intake.isMet) &&
    figures.recording.every((transfer) => transfer.isMet) &&
    figures.replay?.isMet !== false &&
    figures.firstAnswer?.isMet !== false &&
    figures.memory?.isMet !== false &&
    (!figures.fallback || (figures.fallback.whenOpen.isMet && figures.fallback.whenClosed.isMet)) &&
    (!figures.sync || isSyncMet(figures.sync));
  if (options.check && !isMet) process.exitCode = 1;
};

const isSyncMet = ({ slots, searches, listing, latency }: SyncFigures): boolean =>
  slots.isMet &&
  searches.isMet &&
  listing.isMet &&
  Object.values(latency.isMet).every((isVendorMet) => isVendorMet);

/**
 * Runs `work` with the service, on the servers that the tests use. Stops all of them, even when `work` fails. `work` also
 * gets a function that starts another service, which synchronizes calendars.
 */
const withService = async <Result>(
  work: (
    service: ServiceUnderTest,
    startAnother: (options: ServiceOptions) => Promise<ServiceUnderTest>,
  ) => Promise<Result>,
): Promise<Result> => {
  const started: { stop(): Promise<void> }[] = [];
  try {
    const postgres = await startPostgres();
    started.push(postgres);
    const temporal = await findOrStartTemporal();
    started.push(temporal);
    const service = await startService({ servers: { postgres, temporal } });
    started.push({ stop: () => service.close() });
    return await work(service, (options) => startService({ ...options, servers: { postgres, temporal } }));
  } finally {
    for (const server of started.toReversed()) await server.stop();
  }
};

const unusedAuditionNumber = 9_999;

const positive = wholeNumber('It must be a whole number above 0.');

const severalParts = (text: string): readonly Part[] =>
  text.split(',').map((name) => {
    const part = parts.find((known) => known === name);
    if (part === undefined) throw new InvalidArgumentError(`Unknown part; use ${parts.join(', ')}.`);
    return part;
  });

const severalPositive = (text: string): readonly number[] => text.split(',').map(positive);

await new Command('bench')
  .description(
    'Measure throughput, the cost of an audition, the overhead of provider calls, webhook intake, replay speed, calendar synchronisation, the transfer of recordings, the fallback to another meeting provider, the first answer to a request, and the memory of a worker',
  )
  .option('--rounds <n>', 'number of rounds per measurement', positive, 5)
  .option('--workflows <n>', 'number of auditions, and of bare workflows, per round', positive, 40)
  .option('--in-flight <n,n>', 'concurrency levels to measure', severalPositive, [4, 20])
  .option(
    '--open <n,n>',
    'numbers of open auditions to measure the memory with',
    severalPositive,
    [500, 2_000],
  )
  .option('--only <part,part>', `parts to measure: ${parts.join(', ')}`, severalParts, parts)
  .option('--json', 'print only the figures, as JSON', false)
  .option('--check', 'exit with code 1 when a target is not met', false)
  .action(run)
  .parseAsync();
