/** Counts calls by vendor, operation and outcome, and keeps the latest calls for the page. */

import type { ChangeNotifier } from '../change-notifier.ts';
import type { Clock } from '../time.ts';
import { perVendor, type Vendor } from '../vendors.ts';

/**
 * Operation → outcome → number of calls. The outcome is the HTTP status, or the name of the fault that
 * suppressed the answer.
 */
export type Counts = Record<string, Record<string, number>>;

export interface Call {
  readonly at: number;
  readonly vendor: Vendor;
  readonly operation: string;
  readonly outcome: string;
}

export interface CallCounter {
  record(vendor: Vendor, operation: string, outcome: string): void;
  counts(): Record<Vendor, Counts>;
  /** Returns the latest calls, newest last. */
  recent(): readonly Call[];
  reset(): void;
}

const maximumRecentCalls = 60;

/** Creates a counter without calls. */
export const createCallCounter = (clock: Clock, changeNotifier: ChangeNotifier): CallCounter => {
  let counts = perVendor<Counts>(() => ({}));
  let recent: Call[] = [];
  return {
    record(vendor, operation, outcome) {
      const outcomes = (counts[vendor][operation] ??= {});
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      recent.push({ at: clock(), vendor, operation, outcome });
      if (recent.length > 2 * maximumRecentCalls) recent = recent.slice(-maximumRecentCalls);
      changeNotifier.notify();
    },
    counts: () => structuredClone(counts),
    recent: () => recent.slice(-maximumRecentCalls),
    reset() {
      counts = perVendor(() => ({}));
      recent = [];
      changeNotifier.notify();
    },
  };
};
