/**
 * Implements one circuit breaker: after several consecutive failures of the provider no call is made for a while, then
 * one trial call. `cockatiel` keeps the state; this file decides which outcomes count and until when the circuit is open.
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

/** The number of consecutive failures that opens the circuit. */
export const failuresToOpen = 5;

/**
 * How long the circuit stays open: the first time, and after each failed trial call. A short failure delays calls
 * little; a long outage gets one trial call a minute.
 */
export const openDurationsMs: readonly number[] = [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000];

/** While a trial call runs, other calls are rejected for this time. Most calls end sooner. */
export const trialMs = 3_000;

/** When the provider names a delay, the circuit stays open for at most this time. */
const maxVendorDelayMs = 300_000;

export interface OpenCircuit {
  readonly untilMs: number;
  /** The failure that opened the circuit. */
  readonly lastFailure: string;
}

export interface Circuit {
  readonly state: () => CircuitState;
  /** Returns until when calls are rejected, and why; undefined when a call is allowed. */
  readonly blockedUntil: () => OpenCircuit | undefined;
  /**
   * Makes the call and counts its outcome. Check `blockedUntil` first.
   *
   * @param countsFailure whether a failure counts, asked after the call. A failed trial call always does. Default: yes
   */
  run<Result>(
    call: CallContext,
    perform: () => Promise<Result>,
    countsFailure?: () => boolean,
  ): Promise<Result>;
}

export interface CircuitOptions {
  readonly onChange: (state: CircuitState, open: OpenCircuit | undefined) => void;
  readonly random?: (() => number) | undefined;
}

/** Passes an outcome through the library, which distinguishes outcomes by the class of the thrown error. */
class ProviderFailure extends Error {
  override readonly cause: ProviderError;
  constructor(cause: ProviderError) {
    super(cause.message, { cause });
    this.cause = cause;
  }
}
class InconclusiveOutcome extends Error {}

type Outcome<Result> = { readonly kind: 'done'; readonly result: Result } | { readonly kind: 'refused' };

/** Creates a closed circuit. */
export const createCircuit = ({ onChange, random = Math.random }: CircuitOptions): Circuit => {
  let durationMs = 0;
  let untilMs = 0;
  let lastFailure = '';

  const openFor = new DelegateBackoff(({ attempt, result }: OpeningContext) => {
    const cause =
      'error' in result && result.error instanceof ProviderFailure ? result.error.cause : undefined;
    // An inconclusive trial call opens the circuit again, for the same time and the same reason.
    if (!cause) return durationMs;
    const scheduled = openDurationsMs[Math.min(attempt, openDurationsMs.length) - 1] ?? 0;
    // Jitter: processes that saw the same outage must not make their trial calls simultaneously.
    durationMs = Math.round(Math.max(scheduled, vendorDelayMs(cause)) * (1 + random() * 0.2));
    lastFailure = faultSummary(cause);
    return durationMs;
  });

  const policy = circuitBreaker(
    handleType(ProviderFailure).orType(InconclusiveOutcome, () => policy.state === LibraryState.HalfOpen),
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
    // Not earlier than the library's own timer, which would reject a call that `blockedUntil` allows.
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
    run: async (call, perform, countsFailure = () => true) => {
      let thrown: { readonly error: unknown } | undefined;
      const outcome = await policy
        .execute(async (): Promise<Outcome<Awaited<ReturnType<typeof perform>>>> => {
          try {
            return { kind: 'done', result: await perform() };
          } catch (error) {
            thrown = { error };
            switch (failureSignalOf(error, call)) {
              case 'failing':
                if (!(error instanceof ProviderError)) throw error;
                throw state() === 'half_open' || countsFailure()
                  ? new ProviderFailure(error)
                  : new InconclusiveOutcome();
              case 'inconclusive':
                throw new InconclusiveOutcome();
              case 'healthy':
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

/** Returns a summary such as `outage (503)`, without any text of the vendor. */
export const faultSummary = ({ fault, vendor }: ProviderError): string =>
  `${fault.kind} (${vendor.status ?? vendor.code ?? 'no answer'})`;
