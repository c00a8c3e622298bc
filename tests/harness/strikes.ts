/** Strikes processes and vendors at random moments, until it is told to stop. */
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultRequest } from '../../infra/sandbox/faults/fault.ts';
import type { KillableProcess } from './killable-process.ts';
import { noteProgress } from './progress.ts';
import type { ServiceUnderTest } from './service.ts';

export interface Striking {
  /** Ends the strikes. All processes run and no fault is active afterwards. Returns how often each target was struck. */
  stop(): Promise<Readonly<Record<string, number>>>;
}

/** The longest time to the first strike, in milliseconds: also a short run strikes each process. */
const firstStrikeMs = 2_500;

export interface Target {
  readonly process: KillableProcess;
  /** The longest time between two strikes, in milliseconds. */
  readonly everyMs: number;
  /** The longest suspension, in milliseconds. */
  readonly suspendMs: number;
}

/** Kills each process, or suspends it, at random moments. A killed process starts again soon. */
export const strikeProcesses = (targets: readonly Target[], random: () => number): Striking => {
  const stopped = new AbortController();
  const counts: Record<string, number> = {};
  const strike = async ({ process, everyMs, suspendMs }: Target): Promise<void> => {
    for (
      let dueMs = firstStrikeMs;
      await waitFor(dueMs * (0.2 + 0.8 * random()), stopped.signal);
      dueMs = everyMs
    ) {
      noteProgress(`strike ${process.name}`);
      counts[process.name] = (counts[process.name] ?? 0) + 1;
      if (random() < 0.4) {
        await process.suspend(suspendMs * random());
        continue;
      }
      await process.kill();
      await pause(random() * 2_000);
      await process.start();
    }
  };
  const striking = Promise.all(targets.map(strike));
  return {
    stop: async () => {
      stopped.abort();
      await striking;
      return counts;
    },
  };
};

/** Switches faults of vendors on and off at random. */
export const strikeVendors = (
  { sandbox: { control }, mailServer }: Pick<ServiceUnderTest, 'sandbox' | 'mailServer'>,
  everyMs: number,
  random: () => number,
): Striking => {
  const stopped = new AbortController();
  const counts: Record<string, number> = {};
  const strike = async (): Promise<void> => {
    while (await waitFor(everyMs * random(), stopped.signal)) {
      const { name, begin } = faultAt(random);
      noteProgress(`fault ${name}`);
      counts[name] = (counts[name] ?? 0) + 1;
      begin({ control, mailServer });
      await waitFor(4_000 * random(), stopped.signal);
      control.clearFaults();
      mailServer.loseAcceptances(0);
    }
  };
  const striking = strike();
  return {
    stop: async () => {
      stopped.abort();
      await striking;
      control.clearFaults();
      mailServer.loseAcceptances(0);
      return counts;
    },
  };
};

type Faulty = { readonly control: ServiceUnderTest['sandbox']['control'] } & Pick<
  ServiceUnderTest,
  'mailServer'
>;

const requests = [
  { kind: 'outage' },
  { kind: 'outage', reset: true },
  // Longer than the deadline of a call: the vendor carries it out after the caller has stopped waiting.
  { kind: 'latency', latencyMs: 9_000, times: 3 },
  { kind: 'latency', latencyMs: 800 },
  { kind: 'rate_limit', retryAfterSeconds: 2 },
  { kind: 'lost_answer', times: 3 },
  { kind: 'unauthorized', times: 2 },
] as const satisfies readonly FaultRequest[];
const vendors = ['google', 'zoom', 'twilio'] as const;

const faultAt = (
  random: () => number,
): { readonly name: string; readonly begin: (faulty: Faulty) => void } => {
  const vendor = vendors[Math.floor(random() * vendors.length)] ?? 'google';
  const request = requests[Math.floor(random() * (requests.length + 2))];
  if (request)
    return { name: `${vendor} ${request.kind}`, begin: ({ control }) => control.setFault(vendor, request) };
  return random() < 0.5
    ? { name: 'google expired tokens', begin: ({ control }) => control.expireTokens('google') }
    : { name: 'mail lost acceptances', begin: ({ mailServer }) => mailServer.loseAcceptances(2) };
};

/** Waits. Returns false when the strikes are over. */
const waitFor = async (ms: number, signal: AbortSignal): Promise<boolean> => {
  await pause(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
};
