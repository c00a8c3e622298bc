/** Counts the calls by vendor, operation and outcome, and remembers the last ones for the page. */

import type { ChangeNotifier } from '../change-notifier.ts';
import type { Clock } from '../time.ts';
import { perVendor, type Vendor } from '../vendors.ts';

/** Operation → outcome → calls. The outcome is the HTTP status, or the name of the fault that took the answer. */
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
  /** Newest last. */
  recent(): readonly Call[];
  reset(): void;
}

const remembered = 60;

export const createCallCounter = (clock: Clock, pulse: ChangeNotifier): CallCounter => {
  let counts = perVendor<Counts>(() => ({}));
  let recent: Call[] = [];
  return {
    record(vendor, operation, outcome) {
      const outcomes = (counts[vendor][operation] ??= {});
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      recent.push({ at: clock(), vendor, operation, outcome });
      if (recent.length > 2 * remembered) recent = recent.slice(-remembered);
      pulse.notify();
    },
    counts: () => structuredClone(counts),
    recent: () => recent.slice(-remembered),
    reset() {
      counts = perVendor(() => ({}));
      recent = [];
      pulse.notify();
    },
  };
};
