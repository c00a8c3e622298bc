/** What a process has seen of a provider: told by `providers/calls/`, kept by `db/`, which do not know each other. */
import type { Instant } from '../time/instant.ts';

export const circuitStates = ['closed', 'open', 'half_open'] as const;
export type CircuitState = (typeof circuitStates)[number];

export interface ProviderObservation {
  readonly provider: string;
  /** Undefined: the provider as a whole. */
  readonly connection?: string | undefined;
  readonly process: string;
  readonly circuit: CircuitState;
  /** While the circuit is not closed. */
  readonly opensAgainAt?: Instant | undefined;
  readonly lastSuccessAt?: Instant | undefined;
  readonly lastFailureAt?: Instant | undefined;
  /** The kind of the fault with its status; nothing that the vendor wrote. */
  readonly lastFailure?: string | undefined;
}
