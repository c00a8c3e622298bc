/** The workflows of auditions in Temporal, as reconciliation sees them. */
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionId } from '../../domain/ids.ts';

/** The last workflow of an audition. `unknown`: Temporal has never had one, or has deleted it after its retention. */
export type AuditionRun =
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly runId: string; readonly isCompleted: boolean }
  | { readonly kind: 'unknown' };

export interface AuditionRuns {
  /**
   * Returns the auditions of the list that run according to Temporal's visibility. Cheap, and seconds behind: check the
   * others with `describe`.
   */
  listRunning(ids: readonly AuditionId[]): Promise<ReadonlySet<AuditionId>>;
  /** Returns the present state. @throws when Temporal does not answer */
  describe(id: AuditionId): Promise<AuditionRun>;
  /**
   * Returns the plan of an ended workflow with all changes of the cast. Undefined when Temporal does not know the workflow any more.
   * @throws when no worker answers the query. An earlier plan would name people who have been replaced
   */
  presentPlan(id: AuditionId, runId: string): Promise<AuditionPlan | undefined>;
  /**
   * Returns the plan of an ended workflow; that of its start, without later changes of the cast, when no worker answers. Undefined
   * when it cannot be read.
   */
  findPlan(id: AuditionId, runId: string): Promise<AuditionPlan | undefined>;
}
