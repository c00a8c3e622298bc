/** Types and ids of the reconciliation workflow. The code that starts it imports this file. */
import type { Finding, Suspect } from '../../activities/contract.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';

export const reconciliationWorkflowType = 'reconciliation';

/** Returns the workflow id of the reconciliation of one audition, which an operator requests. */
export const reconciliationOfAudition = (id: AuditionId): string => `reconciliation/${id}`;

export interface ReconciliationInput {
  /** Reconciles this audition only. */
  readonly only?: { readonly organization: OrganizationId; readonly auditionId: AuditionId } | undefined;
  /** Who has started it, when an operator has: see `domain/audition/principal.ts`. */
  readonly principal?: string | undefined;
  /**
   * How long to wait before a suspect is compared again, in milliseconds. An audition whose workflow has just closed
   * is in order by then.
   */
  readonly graceMs?: number | undefined;
  /** How many auditions one activity compares. */
  readonly pageSize?: number | undefined;
}

export interface ReconciliationResult {
  readonly compared: number;
  readonly findings: readonly Finding[];
  /** The suspects that could not be repaired. The next run tries again. */
  readonly failed: readonly Suspect[];
  /** Whether there were more suspects than one run repairs. The next run finds them again. */
  readonly isIncomplete: boolean;
  /** The trail at which the next run of the schedule begins. Absent after the last trail. */
  readonly nextTrail?: AuditionId | undefined;
}
