/** How much of Temporal's own throughput is left when the activities do what they are for. */
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
  /** Of each kind in each round. */
  readonly workflows: number;
  /** How many at once; measured for each. The lowest is a quiet service, the highest one that has all it can do. */
  readonly inFlight: readonly number[];
  readonly progress: (line: string) => void;
}

export interface Throughput {
  readonly inFlight: number;
  readonly target: number;
  readonly isMet: boolean;
  /** Auditions scheduled a second, bare workflows completed a second. */
  readonly auditions: Spread;
  readonly bare: Spread;
  /** Of the two of one round, which were measured one after the other. */
  readonly ratio: Spread;
}

/** Of the issue that asks for it: the audition reaches this much of the bare workflow's throughput. */
const target = 0.8;

export const describeThroughput = (options: ThroughputOptions): string =>
  `
Scheduling phase: POST /v1/auditions (three participants, two calendars, Zoom, four notices) until the read model says
"scheduled". Through the API, with encryption, trail and read model, against the real PostgreSQL, the provider sandbox
and an SMTP server. The delivery reports of the text messages come in meanwhile.
Bare workflow: started and awaited by the Temporal client; as many no-op activities in the same groups
on the same queues, without message, search attribute or state. The worker is the same code with the same options
(slots, pollers, cache, rate limits, codec, metrics).
Both on the same Temporal server, in turn: ${options.rounds} rounds of ${options.workflows} each, for ${options.inFlight.join(' and ')} in flight, after one round to warm up.
All of it shares this machine, so that at the limit each audition's share of the processors decides, that of the
sandbox, the mail server and PostgreSQL included.`.trim();

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

/** Answers with what runs one bare workflow to its end and resolves with its id. */
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

/** Else the two would drift apart with the next change to the audition, and nobody would notice. */
const assertSameMix = async (service: ServiceUnderTest, audition: string, bareId: string): Promise<void> => {
  const [real, alone] = await Promise.all([mixOf(service, audition), mixOf(service, bareId)]);
  if (real === alone) return;
  throw new Error(
    `Scheduling an audition takes ${real}; the bare workflow ${alone}. Bring tests/bench/bare/workflow.ts up to date.`,
  );
};

/** Without the writing of the trail: how often that is done depends on when delivery reports come. */
const mixOf = async (service: ServiceUnderTest, workflowId: string): Promise<string> => {
  const { events } = await service.temporal.workflow.getHandle(workflowId).fetchHistory();
  const names = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
  const mix = names.flatMap((name) => (name && name !== 'recordEvents' ? [name] : [])).sort();
  return [...mix, `and ${costOf(events ?? []).localActivities} local ones`].join(' ');
};
