/**
 * Compares the read model, the trail, the ledger, the holds and Temporal. Repairs each disagreement once: starts a
 * workflow that takes over an audition, releases holds, or rebuilds a view. A schedule starts this workflow.
 */
import {
  ActivityFailure,
  isCancellation,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { ComparedPage, Finding, Suspect } from '../../activities/contract.ts';
import { reconciliationActivities } from './activities.ts';
import { describeResult } from './current-details.ts';
import type { ReconciliationInput, ReconciliationResult } from './messages.ts';
import { previousNextTrail } from './previous-result.ts';
import { takeOver } from './take-over.ts';

const defaultGraceMs = 60_000;
const defaultPageSize = 500;
/** Bounds the history. After the loss of a whole namespace, later runs take over the other auditions. */
const maxSuspects = 300;
const concurrentRepairs = 10;

/** Compares everything once, waits, compares the suspects again and repairs them. Returns the findings. */
export async function reconciliation(input: ReconciliationInput = {}): Promise<ReconciliationResult> {
  const comparison = input.only ? suspectAudition(input.only) : await compareAll(input);
  const suspects = comparison.suspects.slice(0, maxSuspects);
  if (suspects.length > 0) {
    setCurrentDetails(`Compares ${suspects.length} suspects again before it repairs them.`);
    await sleep(input.graceMs ?? defaultGraceMs, { summary: 'Wait before the second comparison' });
  }
  const repairs = await repairAll(suspects, input.principal);
  const findings = repairs.flatMap(({ finding }) => finding ?? []);
  if (findings.length > 0) {
    await reconciliationActivities('Report the findings').reportFindings({
      findings,
      correlationId: correlationId(),
    });
  }
  const result = {
    compared: comparison.compared,
    findings,
    failed: repairs.flatMap(({ failed }) => failed ?? []),
    isIncomplete: comparison.suspects.length > suspects.length,
    nextTrail: comparison.nextTrail,
  };
  setCurrentDetails(describeResult(result));
  return result;
}

type Comparison = Pick<ComparedPage, 'compared' | 'suspects'> & Pick<ReconciliationResult, 'nextTrail'>;

const correlationId = (): string => workflowInfo().workflowId;

const suspectAudition = (only: NonNullable<ReconciliationInput['only']>): Comparison => ({
  compared: 1,
  suspects: (['view_stale', 'workflow_ended', 'effects_left', 'items_left'] as const).map((fault) => ({
    ...only,
    fault,
  })),
  nextTrail: undefined,
});

/** Compares all open auditions, all holds, and one page of all trails. The pages of trails rotate from run to run. */
const compareAll = async ({
  pageSize: limit = defaultPageSize,
}: ReconciliationInput): Promise<Comparison> => {
  const [trails, remains, open] = await Promise.all([
    reconciliationActivities('Compare trails, read model and ledger').compareTrails({
      after: previousNextTrail(),
      limit,
    }),
    reconciliationActivities('Compare holds and attention items').compareRemains({ limit }),
    compareOpenAuditions(limit),
  ]);
  const pages = [trails, remains, ...open];
  return {
    compared: pages.reduce((sum, { compared }) => sum + compared, 0),
    suspects: distinct(pages.flatMap(({ suspects }) => suspects)),
    nextTrail: trails.next,
  };
};

const compareOpenAuditions = async (limit: number): Promise<readonly ComparedPage[]> => {
  const pages: ComparedPage[] = [];
  for (let page: ComparedPage | undefined; !page || page.next; pages.push(page)) {
    page = await reconciliationActivities('Compare the open auditions').compareOpenAuditions({
      after: page?.next,
      limit,
    });
  }
  return pages;
};

const distinct = (suspects: readonly Suspect[]): readonly Suspect[] => [
  ...new Map(suspects.map((suspect) => [`${suspect.auditionId} ${suspect.fault}`, suspect])).values(),
];

interface RepairResult {
  readonly finding?: Finding | undefined;
  readonly failed?: Suspect | undefined;
}

/** Rebuilds stale views first, because the other repairs read them. */
const repairAll = async (
  suspects: readonly Suspect[],
  principal: string | undefined,
): Promise<readonly RepairResult[]> => {
  const [stale, others] = [
    suspects.filter(({ fault }) => fault === 'view_stale'),
    suspects.filter(({ fault }) => fault !== 'view_stale'),
  ];
  return [...(await repairConcurrently(stale, principal)), ...(await repairConcurrently(others, principal))];
};

const repairConcurrently = async (
  suspects: readonly Suspect[],
  principal: string | undefined,
): Promise<readonly RepairResult[]> => {
  const results: RepairResult[] = [];
  for (let from = 0; from < suspects.length; from += concurrentRepairs) {
    results.push(
      ...(await Promise.all(
        suspects.slice(from, from + concurrentRepairs).map((suspect) => tryRepair(suspect, principal)),
      )),
    );
  }
  return results;
};

/** A repair that fails does not stop the others. The next run tries it again. */
const tryRepair = async (suspect: Suspect, principal: string | undefined): Promise<RepairResult> => {
  try {
    return { finding: await repair(suspect, principal) };
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return { failed: suspect };
  }
};

/** Returns the finding, or undefined when the audition is in order, or another workflow has repaired it. */
const repair = async (suspect: Suspect, principal: string | undefined): Promise<Finding | undefined> => {
  const { repairAudition } = reconciliationActivities(`Repair ${suspect.auditionId}: ${suspect.fault}`);
  const outcome = await repairAudition({ ...suspect, correlationId: correlationId() });
  switch (outcome.kind) {
    case 'in_order':
      return undefined;
    case 'repaired':
      return { ...suspect, repair: outcome.repair };
    case 'take_over':
      return (await takeOver(outcome, { correlationId: correlationId(), principal }))
        ? { ...suspect, repair: 'taken_over' }
        : undefined;
  }
};
