/** Measures the throughput of auditions as a share of the throughput of bare Temporal workflows. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createApiClient } from '../../harness/api-client.ts';
import type { ServiceUnderTest } from '../../harness/service.ts';
import type { WorkerProcess } from '../../harness/worker-process.ts';
import type { bare } from '../bare/workflow.ts';
import { compareRounds, type Round, ratePerSecond, type Spread, spreadOf } from '../statistics.ts';
import { openAuditions } from './auditions.ts';
import { cpuMillisecondsOf } from './cpu.ts';

export interface ThroughputOptions {
  readonly rounds: number;
  /** The number of workflows of each kind per round. */
  readonly workflows: number;
  /** The concurrency levels to measure: the lowest for a quiet service, the highest for a saturated one. */
  readonly inFlight: readonly number[];
  readonly progress: (line: string) => void;
}

export interface Throughput {
  readonly inFlight: number;
  readonly target: number;
  readonly isMet: boolean;
  /** Auditions scheduled per second, and bare workflows completed per second. */
  readonly auditions: Spread;
  readonly bare: Spread;
  /** The ratio of the two rates of each round, which are measured one after the other. */
  readonly ratio: Spread;
  /** Milliseconds of CPU time of the worker process per audition, and of the other worker process per bare workflow. */
  readonly auditionCpu: Spread;
  readonly bareCpu: Spread;
}

/** A round, with the CPU time of both worker processes per workflow. */
interface CpuRound extends Round {
  readonly realCpu: number;
  readonly aloneCpu: number;
}

/** The target of the issue that requested the measurement: the share of the bare workflow's throughput. */
const target = 0.9;

export const describeThroughput = (options: ThroughputOptions): string =>
  `
Scheduling phase: POST /v1/auditions (three participants, two calendars, Zoom, four notices) until the read model shows
"scheduled". It runs through the API, with encryption, trail and read model, against a real PostgreSQL, the provider
sandbox and an SMTP server. The delivery reports of the text messages arrive during the measurement.
Bare workflow: started and awaited by the Temporal client. It runs 13 no-op activities, as many as an audition needed
on 2026-11-29, without messages, search attributes or state. Its worker has the same code and options (slots, pollers,
cache, rate limits, codec, metrics).
CPU time of a worker: process_cpu_seconds_total of its process, from the start to the end of each half of a round.
Both run on the same Temporal server and alternate: ${options.rounds} rounds of ${options.workflows} each, for ${options.inFlight.join(' and ')} in flight, after one warm-up round.
All processes share this machine, so the CPU time per audition limits the throughput, including that of the sandbox,
the mail server and PostgreSQL.`.trim();

export const measureThroughput = async (
  service: ServiceUnderTest,
  options: ThroughputOptions,
): Promise<readonly Throughput[]> => {
  const { worker, bareWorker, runBare } = await startWorkers(service);
  const auditions = openAuditions(service, createApiClient(service));
  try {
    const round = async (count: number, inFlight: number): Promise<CpuRound> => {
      const real = await half(worker, { count, inFlight }, () => auditions.schedule());
      const alone = await half(bareWorker, { count, inFlight }, runBare);
      return {
        real: real.rate,
        alone: alone.rate,
        ratio: real.rate / alone.rate,
        realCpu: real.cpu,
        aloneCpu: alone.cpu,
      };
    };
    const levels: Throughput[] = [];
    for (const inFlight of options.inFlight) {
      await round(inFlight, inFlight);
      const rounds: CpuRound[] = [];
      for (let n = 1; n <= options.rounds; n += 1) {
        rounds.push(await round(options.workflows, inFlight));
        options.progress(`${inFlight} in flight, round ${n}: ${rounds.slice(-1).map(lineOf).join('')}`);
      }
      levels.push(summaryOf(inFlight, rounds));
    }
    return levels;
  } finally {
    await auditions.close();
  }
};

/** Runs one half of a round: `load.count` operations on one worker. */
const half = async (
  { metricsUrl }: WorkerProcess,
  load: { readonly count: number; readonly inFlight: number },
  operation: () => Promise<unknown>,
) => {
  const before = await cpuMillisecondsOf(metricsUrl);
  const rate = await ratePerSecond(load, async () => void (await operation()));
  return { rate, cpu: ((await cpuMillisecondsOf(metricsUrl)) - before) / load.count };
};

const lineOf = ({ real, alone, ratio, realCpu, aloneCpu }: CpuRound): string =>
  `${real.toFixed(1)} auditions/s, ${alone.toFixed(1)} bare/s, ratio ${ratio.toFixed(2)}, worker CPU ${realCpu.toFixed(0)} and ${aloneCpu.toFixed(0)} ms`;

const summaryOf = (inFlight: number, rounds: readonly CpuRound[]): Throughput => {
  const { real: auditions, ...compared } = compareRounds(rounds, target);
  return {
    inFlight,
    auditions,
    ...compared,
    auditionCpu: spreadOf(rounds.map(({ realCpu }) => realCpu)),
    bareCpu: spreadOf(rounds.map(({ aloneCpu }) => aloneCpu)),
  };
};

const bareProgram = fileURLToPath(new URL('../bare/worker.ts', import.meta.url));

/** Starts both workers. `runBare` runs one bare workflow. */
const startWorkers = async (service: ServiceUnderTest) => {
  const suffix = `-bare-${randomUUID()}`;
  const env = { CASTMATCH_TASK_QUEUE_SUFFIX: suffix };
  const [worker, bareWorker] = await Promise.all([
    service.startWorker(),
    service.startWorker({ program: bareProgram, env }),
  ]);
  const runBare = () =>
    service.temporal.workflow.execute<typeof bare>('bare', {
      workflowId: `bare/${randomUUID()}`,
      taskQueue: `castmatch${suffix}`,
      workflowExecutionTimeout: '1 minute',
    });
  return { worker, bareWorker, runBare };
};
