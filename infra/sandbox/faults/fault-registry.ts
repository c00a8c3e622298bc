/** Holds the active faults and selects the calls that they affect. */
import type { ChangeNotifier } from '../change-notifier.ts';
import { hasEffect, isInbound, perVendor, type Vendor } from '../vendors.ts';
import {
  type AnswerFault,
  type Fault,
  type FaultKind,
  isAnswerFault,
  isRequestFault,
  isWebhookFault,
  type RequestFault,
  type WebhookFault,
} from './fault.ts';

export interface FaultRegistry {
  /** Adds a fault. It replaces the fault of the same operation, or the one without an operation. */
  set(vendor: Vendor, fault: Fault): void;
  /** Removes the fault of one operation, or all faults of the vendor. */
  clear(vendor: Vendor, operation?: string): void;
  clearAll(): void;
  active(): Record<Vendor, readonly Fault[]>;
  /** Returns the fault that affects this call before it is handled, and counts its use. */
  consumeRequestFault(vendor: Vendor, operation: string): RequestFault | undefined;
  /** Returns the fault that affects this call of the vendor, and counts its use. */
  consumeWebhookFault(vendor: Vendor, operation: string): WebhookFault | undefined;
  /** Returns the fault of the answer of this completed call, and counts its use. */
  consumeAnswerFault(vendor: Vendor, operation: string): AnswerFault | undefined;
}

const oauthOperations: ReadonlySet<string> = new Set(['authorize', 'consent', 'token', 'revoke']);

const isApiCall = (vendor: Vendor, operation: string): boolean =>
  isInbound(vendor, operation) && !oauthOperations.has(operation);

const isOutgoing = (vendor: Vendor, operation: string): boolean => !isInbound(vendor, operation);

/**
 * The calls that a fault without an operation affects. Calls that the vendor makes are only duplicated and reordered. Rate
 * limits, refused tokens and refusals skip the OAuth endpoints, because the calls would otherwise fail there and never
 * reach the API. A lost or garbled answer affects only calls that change something.
 */
const defaultScope: Readonly<Record<FaultKind, (vendor: Vendor, operation: string) => boolean>> = {
  outage: isInbound,
  latency: isInbound,
  rate_limit: isApiCall,
  unauthorized: isApiCall,
  refusal: isApiCall,
  lost_answer: hasEffect,
  garbled_answer: hasEffect,
  duplicate: isOutgoing,
  reorder: isOutgoing,
};

const affects = (fault: Fault, vendor: Vendor, operation: string): boolean =>
  fault.operation === undefined ? defaultScope[fault.kind](vendor, operation) : fault.operation === operation;

/** Creates a registry without faults. */
export const createFaultRegistry = (changeNotifier: ChangeNotifier): FaultRegistry => {
  let faults = perVendor<Fault[]>(() => []);

  const countUse = (vendor: Vendor, fault: Fault) => {
    if (fault.times === undefined) return;
    fault.times -= 1;
    if (fault.times === 0) faults[vendor] = faults[vendor].filter((other) => other !== fault);
    changeNotifier.notify();
  };

  /** Returns the first fault of the call that has begun. Counts the call for those that have not. */
  const consume = <Found extends Fault>(
    vendor: Vendor,
    operation: string,
    isOfKind: (fault: Fault) => fault is Found,
  ): Found | undefined => {
    for (const fault of faults[vendor]) {
      if (!isOfKind(fault) || !affects(fault, vendor, operation)) continue;
      if (fault.after === undefined) {
        countUse(vendor, fault);
        return fault;
      }
      fault.after = fault.after > 1 ? fault.after - 1 : undefined;
    }
    return undefined;
  };

  return {
    set(vendor, fault) {
      // A fault for one operation precedes a fault for all operations.
      const others = faults[vendor].filter((other) => other.operation !== fault.operation);
      faults[vendor] = fault.operation === undefined ? [...others, { ...fault }] : [{ ...fault }, ...others];
      changeNotifier.notify();
    },
    clear(vendor, operation) {
      faults[vendor] =
        operation === undefined ? [] : faults[vendor].filter((fault) => fault.operation !== operation);
      changeNotifier.notify();
    },
    clearAll() {
      faults = perVendor(() => []);
      changeNotifier.notify();
    },
    active: () => structuredClone(faults),
    consumeRequestFault: (vendor, operation) => consume(vendor, operation, isRequestFault),
    consumeWebhookFault: (vendor, operation) => consume(vendor, operation, isWebhookFault),
    consumeAnswerFault: (vendor, operation) => consume(vendor, operation, isAnswerFault),
  };
};
