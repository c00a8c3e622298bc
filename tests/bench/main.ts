/** `npm run bench`: the figures of docs/benchmarks.md, measured here and now. */
import { Command, InvalidArgumentError } from 'commander';
import { compareWithBudget, isWithin } from './cost/budget.ts';
import { playBudgetedAudition } from './cost/budgeted-audition.ts';
import { describeMachine } from './machine.ts';
import { measureReplay } from './replay.ts';
import { type Figures, machineLines, tableOf } from './report.ts';
import { withService } from './servers.ts';
import { measureThroughput, whatIsCompared } from './throughput/throughput.ts';

interface Options {
  readonly rounds: number;
  readonly workflows: number;
  readonly inFlight: readonly number[];
  readonly json: boolean;
  readonly check: boolean;
}

const run = async (options: Options): Promise<void> => {
  const say = (line: string) => {
    if (!options.json) console.log(line);
  };
  const figures = await withService(async (service): Promise<Figures> => {
    const machine = await describeMachine(service);
    say(machineLines(machine));
    const throughputOptions = { ...options, progress: say };
    say(`\n${whatIsCompared(throughputOptions)}\n`);
    const throughput = await measureThroughput(service, throughputOptions);
    say('\nOne audition with three participants, a reschedule and two reminders, from request to decision …');
    const cost = await compareWithBudget(await playBudgetedAudition(service, afterThoseOfTheThroughput));
    say('The corpus of recorded histories, replayed …\n');
    return { machine, throughput, cost, replay: await measureReplay(options.rounds) };
  });
  console.log(options.json ? JSON.stringify(figures, null, 2) : tableOf(figures));
  const isMet = figures.throughput.every((level) => level.isMet) && figures.cost.every(isWithin);
  if (options.check && !isMet) process.exitCode = 1;
};

const afterThoseOfTheThroughput = 9_999;

const positive = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
};

const severalPositive = (text: string): readonly number[] => text.split(',').map(positive);

await new Command('bench')
  .description('Throughput beside a bare workflow, cost of an audition, speed of replay')
  .option('--rounds <n>', 'how often each is measured', positive, 5)
  .option('--workflows <n>', 'auditions, and bare workflows, in each round', positive, 40)
  .option('--in-flight <n,n>', 'how many of them at once, one after the other', severalPositive, [4, 20])
  .option('--json', 'the figures as JSON, and nothing else', false)
  .option('--check', 'exit code 1 when a target is not met', false)
  .action(run)
  .parseAsync();
