/**
 * Compares the read model, the trail, the ledger, the holds and Temporal, and repairs what needs no workflow. A page is
 * one query of the database and a few requests to Temporal: only auditions that Temporal does not list as running are
 * looked at one by one.
 */
import type { AuditionReadModel } from '../../db/auditions/read-model.ts';
import type { AuditionRecord, AuditionRecords } from '../../db/auditions/records.ts';
import { planFromView } from '../../domain/audition/stored-plan.ts';
import { unfinishedEnding } from '../../domain/audition/unfinished-ending.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type {
  ComparedPage,
  ComparePageInput,
  Finding,
  ReconciliationActivities,
  ReconciliationFault,
  Repair,
  Suspect,
} from '../contract.ts';
import { withHeartbeat } from '../effects/heartbeat.ts';
import type { AuditionRuns } from './audition-runs.ts';

export interface ReconciliationDependencies {
  readonly auditions: Pick<AuditionReadModel, 'get'>;
  readonly records: AuditionRecords;
  readonly runs: AuditionRuns;
  /** Logs and counts a finding. */
  readonly report: (finding: Finding) => void;
}

/** Creates the activities of the reconciliation. */
export const createReconciliationActivities = ({
  auditions,
  records,
  runs,
  report,
}: ReconciliationDependencies): ReconciliationActivities => {
  /** Returns the auditions of the list for which no workflow runs. */
  const withoutWorkflow = async (
    candidates: readonly AuditionRecord[],
  ): Promise<readonly AuditionRecord[]> => {
    if (candidates.length === 0) return [];
    const running = await runs.listRunning(candidates.map(({ auditionId }) => auditionId));
    const stopped: AuditionRecord[] = [];
    for (const candidate of candidates) {
      if (running.has(candidate.auditionId)) continue;
      if ((await runs.describe(candidate.auditionId)).kind !== 'running') stopped.push(candidate);
    }
    return stopped;
  };

  /**
   * Returns whether effects of a closed audition stand although its ending requires that they are undone, or whether it
   * holds another time than that of its slot.
   */
  const hasEffectsLeft = async (auditionId: AuditionId): Promise<boolean> => {
    const unfinished = unfinishedEnding(await records.readTrail(auditionId));
    return unfinished ? records.hasEffects(auditionId, unfinished.kept) : records.holdsOtherTimes(auditionId);
  };

  const withEffectsLeft = async (closed: readonly AuditionRecord[]): Promise<readonly AuditionRecord[]> => {
    const left: AuditionRecord[] = [];
    for (const record of closed) if (await hasEffectsLeft(record.auditionId)) left.push(record);
    return withoutWorkflow(left);
  };

  const compareOpen = async ({ after, limit }: ComparePageInput): Promise<ComparedPage> => {
    const page = await records.listOpen({ after, limit });
    return {
      compared: page.length,
      suspects: [
        ...page.filter(({ isStale }) => isStale).map(suspectOf('view_stale')),
        ...(await withoutWorkflow(page)).map(suspectOf('workflow_ended')),
      ],
      next: nextOf(page, limit),
    };
  };

  const compareTrails = async ({ after, limit }: ComparePageInput): Promise<ComparedPage> => {
    const page = await records.listAll({ after, limit });
    const closed = page.filter(({ mayHaveEffectsLeft }) => mayHaveEffectsLeft);
    return {
      compared: page.length,
      suspects: [
        ...page.filter(({ isStale }) => isStale).map(suspectOf('view_stale')),
        ...(await withEffectsLeft(closed)).map(suspectOf('effects_left')),
      ],
      next: nextOf(page, limit),
    };
  };

  const compareRemains = async (limit: number): Promise<ComparedPage> => {
    const orphaned = await records.listOrphanedHolds(limit);
    const holding = await records.listClosedWithHolds(limit);
    const waiting = await records.listClosedWithItems(limit);
    return {
      compared: orphaned.length + holding.length + waiting.length,
      suspects: [
        ...orphaned.map(suspectOf('holds_orphaned')),
        ...(await withEffectsLeft(holding)).map(suspectOf('effects_left')),
        ...(await withoutWorkflow(waiting)).map(suspectOf('items_left')),
      ],
    };
  };

  const takeOver = async (view: AuditionView, correlationId: string): Promise<Repair> => {
    const run = await runs.describe(view.id);
    if (run.kind === 'running') return inOrder;
    const plan = run.kind === 'ended' ? await runs.findPlan(view.id, run.runId) : undefined;
    return {
      kind: 'take_over',
      plan: plan ?? planFromView(view, correlationId),
      cause: plan ? 'terminated' : 'vanished',
      isCompleted: run.kind === 'ended' && run.isCompleted,
    };
  };

  const repair = async ({
    organization,
    auditionId,
    fault,
    correlationId,
  }: Parameters<ReconciliationActivities['repairAudition']>[0]): Promise<Repair> => {
    switch (fault) {
      case 'view_stale':
        return (await records.rebuildStaleView(auditionId))
          ? { kind: 'repaired', repair: 'view_rebuilt' }
          : inOrder;
      case 'holds_orphaned':
        return (await records.releaseOrphanedHolds(auditionId))
          ? { kind: 'repaired', repair: 'holds_released' }
          : inOrder;
      case 'workflow_ended': {
        const view = await auditions.get(organization, auditionId);
        return view && view.state !== 'closed' ? takeOver(view, correlationId) : inOrder;
      }
      case 'effects_left': {
        const view = await auditions.get(organization, auditionId);
        const isSuspect = view?.state === 'closed' && (await hasEffectsLeft(auditionId));
        return isSuspect ? takeOver(view, correlationId) : inOrder;
      }
      case 'items_left': {
        const view = await auditions.get(organization, auditionId);
        if (view?.state !== 'closed' || view.attention.length === 0) return inOrder;
        return takeOver(view, correlationId);
      }
    }
  };

  return {
    compareOpenAuditions: (input) => withHeartbeat(() => compareOpen(input)),
    compareTrails: (input) => withHeartbeat(() => compareTrails(input)),
    compareRemains: ({ limit }) => withHeartbeat(() => compareRemains(limit)),
    repairAudition: (input) => withHeartbeat(() => repair(input)),
    reportFindings: async ({ findings }) => findings.forEach(report),
  };
};

const inOrder: Repair = { kind: 'in_order' };

const suspectOf =
  (fault: ReconciliationFault) =>
  ({ organization, auditionId }: AuditionRecord): Suspect => ({ organization, auditionId, fault });

const nextOf = (page: readonly AuditionRecord[], limit: number): AuditionId | undefined =>
  page.length < limit ? undefined : page.at(-1)?.auditionId;
