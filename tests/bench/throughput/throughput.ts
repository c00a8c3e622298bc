/** Measures the throughput of auditions as a share of the throughput of bare Temporal workflows. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { costOf } from '../../../infra/stack/demo/cost.ts';
import { createApiClient } from '../../harness/api-client.ts';
import type { ServiceUnderTest } from '../../harness/service.ts';
import type { bare } from '../bare/workflow.ts';
import { compareRounds, type Round, ratePerSecond, type Spread } from '../statistics.ts';
import { openAuditions } from './auditions.ts';

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
}

/** The target of the issue that requested the measurement: the share of the bare workflow's throughput. */
const target = 0.8;

export const describeThroughput = (options: ThroughputOptions): string =>
  `
Scheduling phase: POST /v1/auditions (three participants, two calendars, Zoom, four notices) until the read model shows
"scheduled". It runs through the API, with encryption, trail and read model, against a real PostgreSQL, the provider
sandbox and an SMTP server. The delivery reports of the text messages arrive during the measurement.
Bare workflow: started and awaited by the Temporal client. It runs as many no-op activities in the same groups on the
same queues, without messages, search attributes or state. Its worker has the same code and options (slots, pollers,
cache, rate limits, codec, metrics).
Both run on the same Temporal server and alternate: ${options.rounds} rounds of ${options.workflows} each, for ${options.inFlight.join(' and ')} in flight, after one warm-up round.
All processes share this machine, so the CPU time per audition limits the throughput, including that of the sandbox,
the mail server and PostgreSQL.`.trim();

export const measureThroughput = async (
  service: ServiceUnderTest,
  options: ThroughputOptions,
): Promise<readonly Throughput[]> => {
  const startBare = await openBare(service);
  const auditions = openAuditions(service, createApiClient(service));
  try {
    await assertSameMix(service, auditionWorkflowId(await auditions.schedule()), await startBare());
    const round = async (count: number, inFlight: number): Promise<Round> => {
      const load = { count, inFlight };
      const real = await ratePerSecond(load, async () => void (await auditions.schedule()));
      const alone = await ratePerSecond(load, async () => void (await startBare()));
      return { real, alone, ratio: real / alone };
    };
    const levels: Throughput[] = [];
    for (const inFlight of options.inFlight) {
      await round(inFlight, inFlight);
      const rounds: Round[] = [];
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

const lineOf = ({ real, alone, ratio }: Round): string =>
  `${real.toFixed(1)} auditions/s, ${alone.toFixed(1)} bare/s, ratio ${ratio.toFixed(2)}`;

const summaryOf = (inFlight: number, rounds: readonly Round[]): Throughput => {
  const { real: auditions, ...compared } = compareRounds(rounds, target);
  return { inFlight, auditions, ...compared };
};

const bareWorker = fileURLToPath(new URL('../bare/worker.ts', import.meta.url));

/** Starts the workers. Returns a function that runs one bare workflow and resolves with its ID. */
const openBare = async (service: ServiceUnderTest): Promise<() => Promise<string>> => {
  const suffix = `-bare-${randomUUID()}`;
  const env = { CASTMATCH_TASK_QUEUE_SUFFIX: suffix };
  await Promise.all([service.startWorker(), service.startWorker({ program: bareWorker, env })]);
  return async () => {
    const workflowId = `bare/${randomUUID()}`;
    await service.temporal.workflow.execute<typeof bare>('bare', {
      workflowId,
      taskQueue: `castmatch${suffix}`,
      workflowExecutionTimeout: '1 minute',
    });
    return workflowId;
  };
};

/** Checks that both workflows run the same activities, so that a change to the audition is noticed here. */
const assertSameMix = async (service: ServiceUnderTest, audition: string, bareId: string): Promise<void> => {
  const [real, alone] = await Promise.all([mixOf(service, audition), mixOf(service, bareId)]);
  if (real === alone) return;
  throw new Error(
    `An audition schedules ${real}; the bare workflow schedules ${alone}. Update tests/bench/bare/workflow.ts.`,
  );
};

/** Returns the activities of a workflow without recordEvents, whose number depends on when delivery reports arrive. */
const mixOf = async (service: ServiceUnderTest, workflowId: string): Promise<string> => {
  const { events } = await service.temporal.workflow.getHandle(workflowId).fetchHistory();
  const names = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
  const mix = names.flatMap((name) => (name && name !== 'recordEvents' ? [name] : [])).sort();
  return [...mix, `and ${costOf(events ?? []).localActivities} local activities`].join(' ');
};
