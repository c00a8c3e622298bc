/** `npm run bench`: the figures of docs/benchmarks.md, measured here and now. */
import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../../infra/cli/whole-number.ts';
import { startPostgres } from '../harness/postgres-server.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';
import { findOrStartTemporal } from '../harness/temporal-server.ts';
import { describeCalls, measureCalls } from './calls/calls.ts';
import { compareWithBudget, isWithin } from './cost/budget.ts';
import { playBudgetedAudition } from './cost/budgeted-audition.ts';
import { describeIntake, measureIntake } from './intake/intake.ts';
import { describeMachine } from './machine.ts';
import { measureReplay } from './replay.ts';
import { type Figures, machineLines, tableOf } from './report.ts';
import { describeThroughput, measureThroughput } from './throughput/throughput.ts';

const parts = ['throughput', 'cost', 'calls', 'intake', 'replay'] as const;
type Part = (typeof parts)[number];

interface Options {
  readonly rounds: number;
  readonly workflows: number;
  readonly inFlight: readonly number[];
  readonly only: readonly Part[];
  readonly json: boolean;
  readonly check: boolean;
}

const run = async (options: Options): Promise<void> => {
  const say = (line: string) => {
    if (!options.json) console.log(line);
  };
  const wanted = (part: Part) => options.only.includes(part);
  const figures = await withService(async (service): Promise<Figures> => {
    const machine = await describeMachine(service);
    say(machineLines(machine));
    const figuresOf = {
      throughput: async () => {
        const throughputOptions = { ...options, progress: say };
        say(`\n${describeThroughput(throughputOptions)}\n`);
        return measureThroughput(service, throughputOptions);
      },
      cost: async () => {
        say(
          '\nOne audition with three participants, a reschedule and two reminders, from request to decision …',
        );
        return compareWithBudget(await playBudgetedAudition(service, unusedAuditionNumber));
      },
      calls: async () => {
        say(`\n${describeCalls(options.rounds)}\n`);
        return measureCalls(service, options.rounds);
      },
      intake: async () => {
        say(`\n${describeIntake(options.rounds)}\n`);
        return [await measureIntake(service, options.rounds)];
      },
      replay: async () => {
        say('The corpus of recorded histories, replayed …\n');
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
    };
  });
  console.log(options.json ? JSON.stringify(figures, null, 2) : tableOf(figures));
  const isMet =
    figures.throughput.every((level) => level.isMet) &&
    figures.cost.every(isWithin) &&
    figures.calls.every((call) => call.isMet) &&
    figures.intake.every((one) => one.isMet);
  if (options.check && !isMet) process.exitCode = 1;
};

/** The servers of one run are those of the tests. Takes everything down again, whatever comes of the work. */
const withService = async <Result>(work: (service: ServiceUnderTest) => Promise<Result>): Promise<Result> => {
  const begun: { stop(): Promise<void> }[] = [];
  try {
    const postgres = await startPostgres();
    begun.push(postgres);
    const temporal = await findOrStartTemporal();
    begun.push(temporal);
    const service = await startService({ servers: { postgres, temporal } });
    begun.push({ stop: () => service.close() });
    return await work(service);
  } finally {
    for (const one of begun.toReversed()) await one.stop();
  }
};

const unusedAuditionNumber = 9_999;

const positive = wholeNumber('It must be a whole number above 0.');

const severalParts = (text: string): readonly Part[] =>
  text.split(',').map((name) => {
    const part = parts.find((one) => one === name);
    if (part === undefined) throw new InvalidArgumentError(`There are ${parts.join(', ')}.`);
    return part;
  });

const severalPositive = (text: string): readonly number[] => text.split(',').map(positive);

await new Command('bench')
  .description(
    'Throughput beside a bare workflow, cost of an audition and of a call to a provider, speed of replay',
  )
  .option('--rounds <n>', 'how often each is measured', positive, 5)
  .option('--workflows <n>', 'auditions, and bare workflows, in each round', positive, 40)
  .option('--in-flight <n,n>', 'how many of them at once, one after the other', severalPositive, [4, 20])
  .option('--only <part,part>', `of ${parts.join(', ')}`, severalParts, parts)
  .option('--json', 'the figures as JSON, and nothing else', false)
  .option('--check', 'exit code 1 when a target is not met', false)
  .action(run)
  .parseAsync();
