/** Measures the overhead of our call path over the vendor's client library. */
import type { ServiceUnderTest } from '../../harness/service.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { type ComparedCall, openComparedCalls } from './compared-calls.ts';

export interface CallFigures {
  readonly name: string;
  readonly statements: string;
  /** Milliseconds per call: the medians of the rounds. */
  readonly bare: Spread;
  readonly path: Spread;
  /** In percent of the bare call. */
  readonly overhead: Spread;
  readonly target: number;
  readonly isMet: boolean;
}

/** The target of the issue that requested the measurement. */
const targetPercent = 5;

/**
 * Simulates the network. A real response of Zoom, Google or Twilio takes at least as long within one continent.
 * Without latency, the overhead would be compared with a local function call.
 */
const latencyMs = 100;
const pairsPerRound = 60;
const lanes = 4;

export const describeCalls = (rounds: number): string =>
  `
A call by the vendor's client library alone, and the same call on our call path: access token, circuit breaker, quota
shared through the database, deadline, cancellation, correlation ID, parsed response, metrics. Both call the provider
sandbox, which answers after ${latencyMs} ms. They alternate: ${rounds} rounds of ${pairsPerRound} calls of each kind, ${lanes} in flight, after one warm-up round.`.trim();

export const measureCalls = async (
  service: ServiceUnderTest,
  rounds: number,
): Promise<readonly CallFigures[]> => {
  const { subjects, close } = await openComparedCalls(service);
  try {
    const figures: CallFigures[] = [];
    for (const subject of subjects) figures.push(await measureSubject(service, subject, rounds));
    return figures;
  } finally {
    service.sandbox.control.clearFaults();
    await close();
  }
};

const measureSubject = async (
  { sandbox }: ServiceUnderTest,
  subject: ComparedCall,
  rounds: number,
): Promise<CallFigures> => {
  sandbox.control.setFault(subject.vendor, { kind: 'latency', latencyMs });
  await roundOf(subject);
  const measured: Round[] = [];
  for (let n = 0; n < rounds; n += 1) measured.push(await roundOf(subject));
  const overhead = spreadOf(measured.map(({ bare, path }) => (100 * (path - bare)) / bare));
  return {
    name: subject.name,
    statements: subject.statements,
    bare: spreadOf(measured.map(({ bare }) => bare)),
    path: spreadOf(measured.map(({ path }) => path)),
    overhead,
    target: targetPercent,
    isMet: overhead.median < targetPercent,
  };
};

interface Round {
  readonly bare: number;
  readonly path: number;
}

/** Measures pairs of calls in alternating order, so that a slow machine slows both kinds alike. */
const roundOf = async ({ bare, path }: ComparedCall): Promise<Round> => {
  const times = { bare: new Array<number>(), path: new Array<number>() };
  let left = pairsPerRound;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      const bareFirst = left % 2 === 0;
      if (bareFirst) times.bare.push(await timeOf(bare));
      times.path.push(await timeOf(path));
      if (!bareFirst) times.bare.push(await timeOf(bare));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { bare: spreadOf(times.bare).median, path: spreadOf(times.path).median };
};

const timeOf = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};
