/** Holds the faults that are switched on and decides which call they hit. */
import type { ChangeNotifier } from '../change-notifier.ts';
import { hasEffect, isInbound, perVendor, type Vendor } from '../vendors.ts';
import type { Fault, FaultKind } from './fault.ts';

export interface FaultRegistry {
  /** Replaces the fault of the same operation, or the one without an operation. */
  set(vendor: Vendor, fault: Fault): void;
  /** Takes away the fault of one operation, or all of the vendor's. */
  clear(vendor: Vendor, operation?: string): void;
  clearAll(): void;
  active(): Record<Vendor, readonly Fault[]>;
  /** The fault that hits this call before it is handled; counts it as used. */
  consumeRequestFault(vendor: Vendor, operation: string): Exclude<Fault, { kind: 'lost_answer' }> | undefined;
  /** Whether the answer of this call, whose effect has happened, gets lost; counts it as used. */
  consumeLostAnswer(vendor: Vendor, operation: string): boolean;
}

const connecting: ReadonlySet<string> = new Set(['authorize', 'consent', 'token', 'revoke']);

const atApi = (vendor: Vendor, operation: string): boolean =>
  isInbound(vendor, operation) && !connecting.has(operation);

/**
 * What a fault without an operation hits: the calls to a vendor, never those that it makes. A limit or a refused token
 * would otherwise be met at the token endpoint and never at the API; and a lost answer is only interesting where
 * something happened.
 */
const defaultScope: Readonly<Record<FaultKind, (vendor: Vendor, operation: string) => boolean>> = {
  outage: isInbound,
  latency: isInbound,
  rate_limit: atApi,
  unauthorized: atApi,
  lost_answer: hasEffect,
};

const reaches = (fault: Fault, vendor: Vendor, operation: string): boolean =>
  fault.operation === undefined ? defaultScope[fault.kind](vendor, operation) : fault.operation === operation;

export const createFaultRegistry = (pulse: ChangeNotifier): FaultRegistry => {
  let faults = perVendor<Fault[]>(() => []);

  const use = (vendor: Vendor, fault: Fault) => {
    if (fault.times === undefined) return;
    fault.times -= 1;
    if (fault.times === 0) faults[vendor] = faults[vendor].filter((other) => other !== fault);
    pulse.notify();
  };

  return {
    set(vendor, fault) {
      // The one for a single operation is asked first.
      const others = faults[vendor].filter((other) => other.operation !== fault.operation);
      faults[vendor] = fault.operation === undefined ? [...others, { ...fault }] : [{ ...fault }, ...others];
      pulse.notify();
    },
    clear(vendor, operation) {
      faults[vendor] =
        operation === undefined ? [] : faults[vendor].filter((fault) => fault.operation !== operation);
      pulse.notify();
    },
    clearAll() {
      faults = perVendor(() => []);
      pulse.notify();
    },
    active: () => structuredClone(faults),
    consumeRequestFault(vendor, operation) {
      for (const fault of faults[vendor]) {
        if (fault.kind === 'lost_answer' || !reaches(fault, vendor, operation)) continue;
        use(vendor, fault);
        return fault;
      }
      return undefined;
    },
    consumeLostAnswer(vendor, operation) {
      const fault = faults[vendor].find(
        (candidate) => candidate.kind === 'lost_answer' && reaches(candidate, vendor, operation),
      );
      if (fault) use(vendor, fault);
      return fault !== undefined;
    },
  };
};
