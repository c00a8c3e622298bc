/** Measures the memory of a worker with many open auditions. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, WithStartWorkflowOperation } from '@temporalio/client';
import { execa } from 'execa';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { createDataConverter } from '../../../foundation/temporal/data-converter.ts';
import { workerEnvironment, workerNodeOptions } from '../../../workers/process-options.ts';
import { auditionWorkflowType, firstResultUpdate } from '../../../workflows/audition/messages.ts';
import { auditionPlan } from '../../harness/audition-plan.ts';
import type { ServiceUnderTest } from '../../harness/service.ts';
import { ratePerSecond } from '../statistics.ts';

export interface MemoryFigures {
  /** Megabytes of the real worker that runs no audition, and of the worker of this measurement. */
  readonly realIdleMb: number;
  readonly idleMb: number;
  readonly levels: readonly MemoryLevel[];
  readonly targetMb: number;
  readonly isMet: boolean;
}

interface MemoryLevel {
  readonly auditions: number;
  /** Megabytes after they were scheduled, and the most while they were. */
  readonly residentMb: number;
  readonly peakMb: number;
}

/** The target of the issue that requested the measurement. */
const targetMb = 600;
const inFlight = 8;
const samplePauseMs = 1_000;
/** The messages are sent after the first result. Milliseconds. */
const settleMs = 10_000;

export const describeMemory = (counts: readonly number[]): string =>
  `
Memory: a worker with the code and options of the real worker, and with activities that have no effect, schedules auditions that wait
for a session in three days. Resident memory with ${counts.join(', ')} of them, and the most while they were being scheduled.`.trim();

/** @param counts the numbers of open auditions, ascending */
export const measureMemory = async (
  service: ServiceUnderTest,
  counts: readonly number[],
  progress: (line: string) => void,
): Promise<MemoryFigures> => {
  // As deployed. A worker that bundles at its start has 350 MB more.
  const bundle = 'build/workflow-bundle.js';
  await execa(process.execPath, [bundler]);
  const deployed = {
    WORKFLOW_BUNDLE: bundle,
    NODE_OPTIONS: workerNodeOptions.join(' '),
    ...workerEnvironment,
  };
  const real = await service.startWorker({ program: realProgram, env: deployed });
  await pause(settleMs);
  const realIdleMb = await residentMb(real.metricsUrl);
  await real.kill();

  const suffix = `-memory-${randomUUID()}`;
  const worker = await service.startWorker({
    program,
    env: { ...deployed, CASTMATCH_TASK_QUEUE_SUFFIX: suffix },
  });
  await pause(settleMs);
  const idleMb = await residentMb(worker.metricsUrl);
  // The measured worker has no database for the keys of auditions.
  const { connection, options } = service.temporal;
  const dataConverter = createDataConverter(service.configuration.masterKeys);
  const temporal = new Client({ connection, namespace: options.namespace, dataConverter });
  const levels: MemoryLevel[] = [];
  let open = 0;
  for (const auditions of counts) {
    const sampling = samplePeak(worker.metricsUrl);
    await ratePerSecond({ count: auditions - open, inFlight }, () =>
      openAudition(temporal, `castmatch${suffix}`),
    );
    open = auditions;
    await pause(settleMs);
    const level = {
      auditions,
      residentMb: await residentMb(worker.metricsUrl),
      peakMb: await sampling.stop(),
    };
    levels.push(level);
    progress(
      `${auditions} open auditions: ${level.residentMb.toFixed(0)} MB, at most ${level.peakMb.toFixed(0)} MB`,
    );
  }
  await worker.kill();
  const most = Math.max(...levels.map(({ peakMb }) => peakMb));
  return {
    realIdleMb,
    idleMb,
    levels,
    targetMb,
    isMet: realIdleMb + most - idleMb <= targetMb,
  };
};

/** Returns the rows of the table. */
export const memoryRows = ({
  realIdleMb,
  idleMb,
  levels,
  targetMb: target,
  isMet,
}: MemoryFigures): string[][] => [
  [
    'worker that runs no audition, MB (real / measured one)',
    `${realIdleMb.toFixed(0)} / ${idleMb.toFixed(0)}`,
    '',
    '',
    '',
  ],
  ...levels.map(({ auditions, residentMb: mb, peakMb }) => [
    `${auditions} open auditions, MB (at most)`,
    `${mb.toFixed(0)} (${peakMb.toFixed(0)})`,
    '',
    '',
    '',
  ]),
  [
    'real worker with the most auditions, MB',
    (realIdleMb + Math.max(...levels.map(({ peakMb }) => peakMb)) - idleMb).toFixed(0),
    '',
    `at most ${target}`,
    isMet ? 'met' : 'NOT MET',
  ],
];

const bundler = fileURLToPath(new URL('../../../workers/bundle.ts', import.meta.url));
const realProgram = fileURLToPath(new URL('../../../workers/main.ts', import.meta.url));
const program = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Starts an audition as the API does, and waits for its first result. */
const openAudition = async (temporal: Client, taskQueue: string): Promise<void> => {
  const plan = auditionPlan(Date.now());
  await temporal.workflow.executeUpdateWithStart(firstResultUpdate, {
    startWorkflowOperation: new WithStartWorkflowOperation(auditionWorkflowType, {
      taskQueue,
      workflowId: auditionWorkflowId(plan.id),
      args: [{ plan }],
      workflowIdConflictPolicy: 'FAIL',
    }),
  });
};

const samplePeak = (metricsUrl: string) => {
  const stopping = new AbortController();
  const sample = async (): Promise<number> => {
    let most = await residentMb(metricsUrl);
    while (!stopping.signal.aborted) {
      await pause(samplePauseMs);
      most = Math.max(most, await residentMb(metricsUrl));
    }
    return most;
  };
  const sampled = sample();
  return {
    stop: async () => {
      stopping.abort();
      return sampled;
    },
  };
};

const metric = 'process_resident_memory_bytes';

/** A busy worker resets a connection now and then. One lost sample must not end a measurement of a quarter of an hour. */
const readMetrics = async (metricsUrl: string, attemptsLeft = 5): Promise<string> => {
  try {
    return await (await fetch(metricsUrl)).text();
  } catch (error) {
    if (attemptsLeft <= 1) throw error;
    await pause(samplePauseMs);
    return readMetrics(metricsUrl, attemptsLeft - 1);
  }
};

/** @throws {Error} when the worker has ended, or its metrics do not contain the memory */
const residentMb = async (metricsUrl: string): Promise<number> => {
  const text = await readMetrics(metricsUrl);
  const line = text.split('\n').find((one) => one.startsWith(`${metric} `));
  const bytes = Number(line?.slice(metric.length));
  if (!(bytes > 0)) throw new Error(`${metricsUrl} answered without ${metric}`);
  return bytes / 1024 ** 2;
};
