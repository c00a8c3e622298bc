/**
 * The audition's state and its trail. A fact is folded into the state at once and written to the database in
 * batches, so that one local activity carries whatever has happened since the last one.
 */
import { CancellationScope, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { BookingActivities } from '../../activities/contract.ts';
import type { AuditionEvent, AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { type AuditionView, beginView, foldEvent } from '../../domain/audition/view.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { describe } from './details.ts';
import { searchAttributes } from './search-attributes.ts';

export interface Journal {
  readonly view: AuditionView;
  readonly dirty: boolean;
  /** Folds the fact into the state. Throws `IllegalTransition` where the transition table forbids it. */
  record(fact: AuditionFact, correlationId?: string): void;
  /** Resolves when everything recorded so far is in the database. Out of cancellation's reach. */
  flush(): Promise<void>;
}

/** A new audition's journal begins with its request; a carried one goes on where it was. */
export const openJournal = (
  plan: AuditionPlan,
  { recordEvents }: Pick<BookingActivities, 'recordEvents'>,
  carried?: AuditionView,
): Journal => {
  let unwritten: readonly AuditionEvent[] = [];
  let writing: Promise<void> = Promise.resolve();
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
    return beginView(first);
  };

  let view = carried ?? begin();
  setCurrentDetails(describe(view));

  const publish = (): void => {
    const state = visibleState(view);
    if (state === published) return;
    published = state;
    upsertSearchAttributes([
      { key: searchAttributes.state, value: view.state },
      { key: searchAttributes.attention, value: view.attention[0]?.step ?? null },
      { key: searchAttributes.scheduledFor, value: view.slot ? new Date(view.slot.start) : null },
    ]);
  };

  const write = async (): Promise<void> => {
    if (unwritten.length === 0) return;
    const events = unwritten;
    unwritten = [];
    publish();
    const { id: auditionId, organization } = view;
    await recordEvents({ auditionId, organization, correlationId: plan.correlationId, events });
  };

  return {
    get view() {
      return view;
    },
    get dirty() {
      return unwritten.length > 0;
    },
    record(fact, correlationId) {
      const next = event(fact, view.sequence + 1, correlationId);
      view = foldEvent(view, next);
      unwritten = [...unwritten, next];
      setCurrentDetails(describe(view));
    },
    flush() {
      writing = writing.then(() => CancellationScope.nonCancellable(write));
      return writing;
    },
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
