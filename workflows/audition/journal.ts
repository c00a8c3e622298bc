/**
 * The audition's state and its trail. A fact is folded into the state at once and written to the database in batches,
 * one batch at a time, beside whatever the audition does meanwhile.
 */
import { CancellationScope, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { AuditionEvent, AuditionFact } from '../../domain/audition/events.ts';
import { type AuditionPlan, correlatedIds } from '../../domain/audition/plan.ts';
import { type AuditionView, createView, foldEvent } from '../../domain/audition/view.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { internalActivities } from '../internal-activities.ts';
import { searchAttributes } from '../search-attributes.ts';
import { renderCurrentDetails } from './current-details.ts';

export interface Journal {
  readonly view: AuditionView;
  /** Whether everything recorded so far is in the database. */
  readonly isWritten: boolean;
  /** Folds the fact into the state. Throws `IllegalTransition` where the transition table forbids it. */
  record(fact: AuditionFact, correlationId?: string): void;
  /** Sees to it that everything recorded so far gets into the database. Out of cancellation's reach. */
  flushInBackground(): void;
  /** Resolves when it is there. Throws what keeps the trail from being continued, once and for all. */
  flush(): Promise<void>;
}

/**
 * A new audition's journal begins with its request; a carried one goes on where it was. `onBroken` hears of a trail
 * that cannot be continued because the database has another one.
 */
export const createJournal = (
  plan: AuditionPlan,
  onFlushFailed: (error: unknown) => void,
  carried?: AuditionView,
): Journal => {
  let unwritten: readonly AuditionEvent[] = [];
  let writing: Promise<void> = Promise.resolve();
  let flushesInFlight = 0;
  let published = carried ? visibleState(carried) : '';

  const event = (
    fact: AuditionFact,
    sequence: number,
    correlationId = plan.correlationId,
  ): AuditionEvent => ({
    sequence,
    at: toInstant(Date.now()),
    correlationId,
    fact,
  });

  const begin = (): AuditionView => {
    const first = event(requestedFact(plan), 1);
    unwritten = [first];
    return createView(first);
  };

  let view = carried ?? begin();
  setCurrentDetails(renderCurrentDetails(view));

  const publishSearchAttributes = (): void => {
    const state = visibleState(view);
    if (state === published) return;
    published = state;
    upsertSearchAttributes([
      { key: searchAttributes.state, value: view.state },
      { key: searchAttributes.attention, value: view.attention[0]?.step ?? null },
      { key: searchAttributes.scheduledFor, value: view.slot ? new Date(view.slot.start) : null },
    ]);
  };

  const writeBatch = async (): Promise<void> => {
    if (unwritten.length === 0) return;
    const events = unwritten;
    unwritten = [];
    await internalActivities('Write the audit trail').recordEvents({ ...correlatedIds(plan), events });
  };

  const flush = async (): Promise<void> => {
    publishSearchAttributes();
    flushesInFlight += 1;
    writing = writing.then(() => CancellationScope.nonCancellable(writeBatch));
    try {
      await writing;
    } finally {
      flushesInFlight -= 1;
    }
  };

  return {
    get view() {
      return view;
    },
    get isWritten() {
      return unwritten.length === 0 && flushesInFlight === 0;
    },
    record(fact, correlationId) {
      const next = event(fact, view.sequence + 1, correlationId);
      view = foldEvent(view, next);
      unwritten = [...unwritten, next];
      setCurrentDetails(renderCurrentDetails(view));
    },
    flushInBackground() {
      flush().catch(onFlushFailed);
    },
    flush,
  };
};

/** What the search attributes show, as one value to compare. */
const visibleState = (view: AuditionView): string =>
  [view.state, view.attention[0]?.step ?? '', view.slot?.start ?? ''].join('|');

const requestedFact = (plan: AuditionPlan): AuditionFact => ({
  type: 'requested',
  auditionId: plan.id,
  organization: plan.organization,
  project: plan.project.id,
  role: plan.role.id,
  round: plan.round,
  participants: plan.participants.map(({ id, kind, zone, required }) => ({
    id,
    kind,
    zone,
    required: required || kind === 'performer',
  })),
  ...(plan.previous ? { previous: plan.previous } : {}),
});
