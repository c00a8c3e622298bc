/** Prepares the faults and the calls for the page. */
import { DateTime } from 'luxon';
import type { Call, Counts } from '../calls/counter.ts';
import type { Fault } from '../faults/fault.ts';

const sentences: Readonly<Record<Fault['kind'], string>> = {
  outage: 'out of service',
  latency: 'slow',
  rate_limit: 'limits the rate',
  unauthorized: 'refuses credentials',
  refusal: 'refuses calls',
  lost_answer: 'loses answers',
  garbled_answer: 'garbles answers',
  duplicate: 'repeats notifications',
  reorder: 'reorders notifications',
};

/** Describes a fault, such as `out of service, meetings.create only, 2 more times`. */
export const describeFault = (fault: Fault): string =>
  [
    fault.kind === 'outage' && fault.reset ? 'resets connections' : sentences[fault.kind],
    ...(fault.kind === 'latency' ? [`${fault.latencyMs} ms`] : []),
    ...(fault.after === undefined ? [] : [`after ${fault.after} ${fault.after === 1 ? 'call' : 'calls'}`]),
    ...(fault.operation === undefined ? [] : [`${fault.operation} only`]),
    ...(fault.times === undefined ? [] : [`${fault.times} more ${fault.times === 1 ? 'time' : 'times'}`]),
  ].join(', ');

const tone = (outcome: string): 'good' | 'refused' | 'bad' => {
  const status = Number(outcome);
  if (Number.isNaN(status) || status >= 500) return 'bad';
  return status >= 400 ? 'refused' : 'good';
};

const maximumCalls = 25;

/** Returns the latest calls, newest first. */
export const viewCalls = (calls: readonly Call[], zone: string) =>
  calls
    .toReversed()
    .slice(0, maximumCalls)
    .map((call) => ({
      ...call,
      time: DateTime.fromMillis(call.at, { zone }).toFormat('HH:mm:ss'),
      outcome: call.outcome.replace('_', ' '),
      tone: tone(call.outcome),
    }));

/** Returns the call counts by operation and outcome. */
export const viewCounts = (counts: Counts) =>
  Object.entries(counts).map(([operation, outcomes]) => ({
    operation,
    outcomes: Object.entries(outcomes).map(([outcome, calls]) => ({
      outcome: outcome.replace('_', ' '),
      calls,
      tone: tone(outcome),
    })),
  }));
