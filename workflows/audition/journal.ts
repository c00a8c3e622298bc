/**
 * Keeps the audition's state and writes its trail. A fact is folded into the state immediately. The database gets the
 * facts in batches, one batch at a time, while the audition continues.
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
  /** Whether all recorded facts are in the database. */
  readonly isWritten: boolean;
  /** Folds the fact into the state. @throws IllegalTransition when the transition table does not allow it */
  record(fact: AuditionFact, correlationId?: string): void;
  /** Starts writing all recorded facts to the database. A cancellation does not stop it. */
  flushInBackground(): void;
  /** Writes all recorded facts to the database and waits for it. Throws when the trail cannot be continued. */
  flush(): Promise<void>;
}

/**
 * Creates the journal. A new one begins with the `requested` fact, a carried one continues from its view.
 * @param onFlushFailed called when the trail cannot be continued because the database has different events
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

/** Returns the values of the search attributes as one comparable string. */
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
