/**
 * One circuit breaker: after several calls in a row that say the provider is ill, no call is made for a while, then one
 * is let through to see. The library keeps the state; this says what counts, and tells until when it is open.
 * https://github.com/connor4312/cockatiel#circuitbreakerpolicy--halfopenafter-breaker-halfopensampling-initialstate-
 */
import {
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleType,
  CircuitState as LibraryState,
} from 'cockatiel';
import { ProviderError } from '../../domain/errors.ts';
import type { CircuitState } from '../../domain/providers/observation.ts';
import type { CallContext } from '../ports.ts';
import { failureSignalOf } from './failure-signal.ts';

/** So many in a row, with no other outcome between them. */
export const failuresToOpen = 5;

/**
 * How long it stays open, the first time and each time that the call which was let through fails again: a stumble costs
 * hardly anything, a long outage is asked about once a minute.
 */
export const openDurationsMs: readonly number[] = [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000];

/** While one call tries whether the provider is back, the others wait for so long: a call ends within that, as a rule. */
export const trialMs = 3_000;

/** Longer than the schedule where the provider itself named a time, up to this. */
const maxVendorDelayMs = 300_000;

export interface OpenCircuit {
  readonly untilMs: number;
  /** What opened it. */
  readonly lastFailure: string;
}

export interface Circuit {
  readonly state: () => CircuitState;
  /** Until when no call may be made, and why; undefined when one may. */
  readonly blockedUntil: () => OpenCircuit | undefined;
  /** Makes the call, whose outcome counts. Ask `holds` first. */
  run<Result>(call: CallContext, perform: () => Promise<Result>): Promise<Result>;
}

export interface CircuitOptions {
  readonly onChange: (state: CircuitState, open: OpenCircuit | undefined) => void;
  /** Whether this failure is to count. */
  readonly countsFailure?: (() => boolean) | undefined;
  readonly random?: (() => number) | undefined;
}

/** How a call's outcome is handed through the library, which tells outcomes apart by the class of what is thrown. */
class ProviderFailure extends Error {
  override readonly cause: ProviderError;
  constructor(cause: ProviderError) {
    super(cause.message, { cause });
    this.cause = cause;
  }
}
class InconclusiveOutcome extends Error {}

type Outcome<Result> = { readonly kind: 'done'; readonly result: Result } | { readonly kind: 'refused' };

export const createCircuit = ({
  onChange,
  countsFailure = () => true,
  random = Math.random,
}: CircuitOptions): Circuit => {
  let durationMs = 0;
  let untilMs = 0;
  let lastFailure = '';

  const openFor = new DelegateBackoff(({ attempt, result }: OpeningContext) => {
    const cause =
      'error' in result && result.error instanceof ProviderFailure ? result.error.cause : undefined;
    // A try that ended for reasons of ours has found out nothing: as long again, and for the same reason.
    if (!cause) return durationMs;
    const scheduled = openDurationsMs[Math.min(attempt, openDurationsMs.length) - 1] ?? 0;
    // Processes that saw the same outage must not all try in the same instant.
    durationMs = Math.round(Math.max(scheduled, vendorDelayMs(cause)) * (1 + random() * 0.2));
    lastFailure = faultSummary(cause);
    return durationMs;
  });

  const policy = circuitBreaker(
    handleType(ProviderFailure, countsFailure).orType(
      InconclusiveOutcome,
      () => policy.state === LibraryState.HalfOpen,
    ),
    { halfOpenAfter: openFor, breaker: new ConsecutiveBreaker(failuresToOpen) },
  );

  const state = (): CircuitState => {
    switch (policy.state) {
      case LibraryState.Closed:
        return 'closed';
      case LibraryState.HalfOpen:
        return 'half_open';
      case LibraryState.Open:
      case LibraryState.Isolated:
        return 'open';
    }
  };
  policy.onStateChange((changed) => {
    // Not a moment before the library has begun to count: it would refuse the call that `holds` lets through.
    if (changed === LibraryState.Open) untilMs = Date.now() + durationMs;
    onChange(state(), changed === LibraryState.Closed ? undefined : { untilMs, lastFailure });
  });

  return {
    state,
    blockedUntil: () => {
      const now = Date.now();
      switch (state()) {
        case 'closed':
          return undefined;
        case 'half_open':
          return { untilMs: now + trialMs, lastFailure };
        case 'open':
          return now < untilMs ? { untilMs, lastFailure } : undefined;
      }
    },
    run: async (call, perform) => {
      let thrown: { readonly error: unknown } | undefined;
      const outcome = await policy
        .execute(async (): Promise<Outcome<Awaited<ReturnType<typeof perform>>>> => {
          try {
            return { kind: 'done', result: await perform() };
          } catch (error) {
            thrown = { error };
            switch (failureSignalOf(error, call)) {
              case 'ill':
                throw error instanceof ProviderError ? new ProviderFailure(error) : error;
              case 'unheard':
                throw new InconclusiveOutcome();
              case 'well':
                return { kind: 'refused' };
            }
          }
        })
        .catch((error: unknown) => {
          throw thrown ? thrown.error : error;
        });
      if (outcome.kind === 'done') return outcome.result;
      throw thrown?.error;
    },
  };
};

interface OpeningContext {
  readonly attempt: number;
  readonly result: { readonly error: unknown } | { readonly value: unknown };
}

const vendorDelayMs = ({ fault }: ProviderError): number =>
  Math.min(fault.kind === 'outage' ? (fault.delayMs ?? 0) : 0, maxVendorDelayMs);

/** `outage (503)`: nothing that the vendor wrote. */
export const faultSummary = ({ fault, vendor }: ProviderError): string =>
  `${fault.kind} (${vendor.status ?? vendor.code ?? 'no answer'})`;
