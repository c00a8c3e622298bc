/**
 * What one process has observed of a provider. `providers/resilience/` reports it, `db/` stores it. The type is here
 * because neither imports the other.
 */
import type { Instant } from '../time/instant.ts';

export const circuitStates = ['closed', 'open', 'half_open'] as const;
export type CircuitState = (typeof circuitStates)[number];

export interface ProviderObservation {
  readonly provider: string;
  /** The operations that fail together, and share the circuit. */
  readonly group: string;
  /** Undefined when the observation is of the provider as a whole. */
  readonly connection?: string | undefined;
  readonly process: string;
  readonly circuit: CircuitState;
  /** Set while the circuit is not closed. */
  readonly opensAgainAt?: Instant | undefined;
  readonly lastSuccessAt?: Instant | undefined;
  readonly lastFailureAt?: Instant | undefined;
  /** The fault's kind and status. Never contains the vendor's text. */
  readonly lastFailure?: string | undefined;
}
