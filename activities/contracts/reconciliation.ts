/** Reconciliation. Queue `castmatch`. */
import type { TakeoverCause } from '../../domain/audition/events.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';

/** How the read model, the trail, the ledger, the holds and Temporal can disagree about an audition. */
export type ReconciliationFault =
  /** The read model shows the audition as open, and no workflow runs. */
  | 'workflow_ended'
  /** The audition is closed and must be undone. Its meeting, events or holds stand, and no workflow runs. */
  | 'effects_left'
  /** The audition is closed and has open attention items, and no workflow runs that could resolve them. */
  | 'items_left'
  /** Slots are held for an audition that does not exist. */
  | 'holds_orphaned'
  /** The read model lacks events of the trail. */
  | 'view_stale';

/** An audition that a comparison found. It can be in order by the time of the repair. */
export interface Suspect {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly fault: ReconciliationFault;
}

export interface ComparedPage {
  readonly compared: number;
  readonly suspects: readonly Suspect[];
  /** Where the next page begins. Absent after the last page. */
  readonly next?: AuditionId | undefined;
}

export interface ComparePageInput {
  /** The last audition of the page before. Absent for the first page. */
  readonly after?: AuditionId | undefined;
  readonly limit: number;
}

/** What a repair did, or what the workflow must do. */
export type Repair =
  | { readonly kind: 'in_order' }
  | { readonly kind: 'repaired'; readonly repair: 'holds_released' | 'view_rebuilt' }
  | {
      readonly kind: 'take_over';
      readonly plan: AuditionPlan;
      readonly cause: TakeoverCause;
      /** Whether the last workflow has completed. A failed or terminated one is taken over by one workflow only. */
      readonly isCompleted: boolean;
    };

export interface Finding extends Suspect {
  readonly repair: 'taken_over' | 'holds_released' | 'view_rebuilt';
}

export interface ReconciliationActivities {
  /** Compares a page of the auditions that the read model shows as open with Temporal and with their trails. */
  compareOpenAuditions(input: ComparePageInput): Promise<ComparedPage>;
  /** Compares holds and attention items with their auditions: these do not exist, or are closed. */
  compareRemains(input: { readonly limit: number }): Promise<ComparedPage>;
  /** Compares a page of all trails with the read model and the ledger. */
  compareTrails(input: ComparePageInput): Promise<ComparedPage>;
  /** Compares again, and repairs what does not need a workflow. Idempotent. */
  repairAudition(input: Suspect & { readonly correlationId: string }): Promise<Repair>;
  /** Logs and counts the findings. */
  reportFindings(input: {
    readonly findings: readonly Finding[];
    readonly correlationId: string;
  }): Promise<void>;
}
