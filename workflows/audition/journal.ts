/**
 * Keeps the audition's state and its unwritten facts. A fact is folded into the state immediately. It reaches the trail
 * with the next activity: each activity appends the facts that it carries. Where none follows, or a caller waits, an
 * activity of its own writes them.
 */

import { CancellationScope, setCurrentDetails } from '@temporalio/workflow';
import type { RecordEventsInput } from '../../activities/contract.ts';
import type { AuditionFact, RecordingStart } from '../../domain/audition/events.ts';
import { crewLead } from '../../domain/audition/meeting-roles.ts';
import { type AuditionPlan, correlatedIds } from '../../domain/audition/plan.ts';
import type { FactSource } from '../../domain/audition/principal.ts';
import { summaryOf } from '../../domain/audition/summary.ts';
import type { TrailFact, TrailPosition } from '../../domain/audition/trail-facts.ts';
import { isFactAllowed } from '../../domain/audition/transitions.ts';
import { type AuditionView, createView, foldEvent } from '../../domain/audition/view.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { internalActivities } from '../internal-activities.ts';
import { renderCurrentDetails } from './current-details.ts';
import { createPublishedState } from './published-state.ts';
import { isTrailAhead } from './step-failures.ts';

/** A fact that an activity appends to the trail, or that the workflow records when the activity did not. */
export type DraftFact = Extract<TrailFact, { number: number }>;

type HoldChange = Pick<RecordEventsInput, 'releaseHolds' | 'yieldHolds'>;
type TrailChange = HoldChange & Pick<RecordEventsInput, 'ifAllowed'>;

export interface Journal {
  readonly view: AuditionView;
  /** The number of the last fact. */
  readonly number: number;
  /** Whether all recorded facts are in the database. */
  readonly isWritten: boolean;
  /** How often the run has replaced its state by that of the trail. What it had not written by then is lost. */
  readonly adoptions: number;
  /**
   * Folds the fact into the state.
   * @param key the key of the effect that the fact reports, when an activity may have appended the fact already
   * @throws IllegalTransition when the transition table does not allow the fact
   */
  record(fact: AuditionFact, options?: FactSource & { readonly key?: string }): void;
  /** Runs synchronous work. The facts that it records without a principal of their own are of this one. */
  actAs(principal: string | undefined, work: () => void): void;
  /** Numbers a fact for an activity that appends it. It is not part of the state until `applied` or `recordDraft`. */
  draft(fact: AuditionFact): DraftFact;
  /** Reserves a number for a fact that an activity makes. */
  reserveNumber(): number;
  /** Folds facts into the state that an activity has appended to the trail. */
  applied(facts: readonly AuditionFact[]): void;
  /** Records a draft that its activity did not append. */
  recordDraft(draft: DraftFact): void;
  /**
   * Appends a fact and the change of the holds if the state of the trail still allows the fact. Returns whether it did;
   * the fact is then part of the state. An activity that was cancelled can have changed the state of the trail, and the
   * workflow does not know. Until this resolves, no other fact may be recorded that changes the state or the answers.
   */
  recordIfAllowed(fact: AuditionFact, holds: HoldChange): Promise<boolean>;
  /** Runs an activity that carries the unwritten facts. They count as written when the activity succeeds. */
  carry<Result>(activity: (trail: TrailPosition) => Promise<Result>): Promise<Result>;
  /** Starts writing all unwritten facts. A cancellation does not stop it. */
  flushInBackground(): void;
  /**
   * Writes all recorded facts and the change of the holds, and waits for it. Returns the sequence of the trail's last
   * event. Throws when the trail cannot be continued.
   */
  flush(holds?: HoldChange): Promise<number>;
  /** Updates the search attributes, including the states that otherwise wait for the next change. */
  publish(): void;
  /** Replaces the state by that of the trail, for a run that takes over. */
  adopt(view: AuditionView, number: number): void;
}

export interface JournalStart {
  readonly view: AuditionView;
  readonly number: number;
}

interface JournalEvents {
  /** A write in the background has failed for good. */
  readonly onFlushFailed: (error: unknown) => void;
  /** The trail contains facts of another run that this run does not know. */
  readonly onTrailAhead: () => void;
}

/** Creates the journal. A new one begins with the `requested` fact, another one continues from its start. */
export const createJournal = (
  plan: AuditionPlan,
  { onFlushFailed, onTrailAhead }: JournalEvents,
  start?: JournalStart,
): Journal => {
  let unwritten: readonly TrailFact[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  let writesInFlight = 0;
  let carried: readonly (readonly TrailFact[])[] = [];
  let isFlushWanted = false;
  let number = start?.number ?? 0;
  let sequence = 0;
  let adoptions = 0;
  let actor: string | undefined;

  const stamp = (
    fact: AuditionFact,
    { correlationId = plan.correlationId, principal = actor }: FactSource = {},
  ) => ({
    at: toInstant(Date.now()),
    correlationId,
    ...(principal === undefined ? {} : { principal }),
    fact,
  });
  const nextNumber = (): number => {
    number += 1;
    return number;
  };
  const begin = (): AuditionView => {
    const first = { ...stamp(requestedFact(plan), { principal: plan.principal }), number: nextNumber() };
    unwritten = [first];
    return createView({ ...first, sequence: 1 });
  };

  const summary = summaryOf(plan);
  let view = start?.view ?? begin();
  const published = createPublishedState(start?.view);
  setCurrentDetails(renderCurrentDetails(view, summary));

  const fold = (fact: Omit<TrailFact, 'number' | 'key'>): void => {
    view = foldEvent(view, { ...fact, sequence: view.sequence + 1 });
    setCurrentDetails(renderCurrentDetails(view, summary));
  };

  const carry: Journal['carry'] = async (activity) => {
    const facts = unwritten;
    const carriedAfter = adoptions;
    carried = [...carried, facts];
    try {
      const result = await activity({ facts, number });
      unwritten = unwritten.filter((fact) => !facts.includes(fact));
      return result;
    } catch (error) {
      // A call from before the trail was adopted says nothing new.
      if (isTrailAhead(error) && carriedAfter === adoptions) onTrailAhead();
      throw error;
    } finally {
      carried = carried.filter((other) => other !== facts);
      if (isFlushWanted) flushInBackground();
    }
  };

  /** Waits for activities that carry all unwritten facts, instead of writing these a second time. */
  const flushInBackground = (): void => {
    published.update(view);
    isFlushWanted = carried.some((facts) => unwritten.every((fact) => facts.includes(fact)));
    if (!isFlushWanted) flush().catch(onFlushFailed);
  };

  const recordEvents = async (change: TrailChange | undefined) => {
    const recorded = await carry((trail) =>
      internalActivities('Write the audit trail').recordEvents({ ...correlatedIds(plan), trail, ...change }),
    );
    sequence = recorded.sequence;
    return recorded;
  };

  const write = async (holds: HoldChange | undefined): Promise<void> => {
    if (unwritten.length === 0 && !holds) return;
    const writtenAfter = adoptions;
    try {
      await recordEvents(holds);
    } catch (error) {
      // The trail was adopted in the meantime, instead of these facts.
      if (!isTrailAhead(error) || writtenAfter === adoptions) throw error;
    }
  };

  /** Runs the write after all earlier ones. A cancellation does not stop it. */
  const inOrder = async <Result>(writeNext: () => Promise<Result>): Promise<Result> => {
    published.update(view);
    writesInFlight += 1;
    const batch = writing.then(() => CancellationScope.nonCancellable(writeNext));
    // A failed write must not fail the next one, which carries the same facts.
    writing = batch.catch(() => undefined);
    try {
      return await batch;
    } finally {
      writesInFlight -= 1;
    }
  };

  const flush: Journal['flush'] = async (holds) => {
    await inOrder(() => write(holds));
    return Math.max(sequence, view.sequence);
  };

  const draft: Journal['draft'] = (fact) => ({ ...stamp(fact), number: nextNumber() });

  const recordIfAllowed: Journal['recordIfAllowed'] = async (fact, holds) => {
    const ifAllowed = draft(fact);
    const { isAllowed = false } = await inOrder(() => recordEvents({ ...holds, ifAllowed }));
    // The end of the audition does not wait.
    if (isAllowed && isFactAllowed(view.state, fact.type)) fold(ifAllowed);
    return isAllowed;
  };

  return {
    get view() {
      return view;
    },
    get number() {
      return number;
    },
    get isWritten() {
      return unwritten.length === 0 && writesInFlight === 0;
    },
    get adoptions() {
      return adoptions;
    },
    record(fact, { key, ...source } = {}) {
      const stamped = stamp(fact, source);
      fold(stamped);
      unwritten = [
        ...unwritten,
        key === undefined ? { ...stamped, number: nextNumber() } : { ...stamped, key },
      ];
    },
    actAs(principal, work) {
      const before = actor;
      actor = principal;
      try {
        work();
      } finally {
        actor = before;
      }
    },
    draft,
    reserveNumber: nextNumber,
    applied(facts) {
      for (const fact of facts) fold(stamp(fact));
      published.update(view);
    },
    recordDraft(draft) {
      fold(draft);
      unwritten = [...unwritten, draft];
    },
    recordIfAllowed,
    carry,
    flushInBackground,
    flush,
    publish: () => published.updateFully(view),
    adopt(adopted, lastNumber) {
      view = adopted;
      number = lastNumber;
      adoptions += 1;
      unwritten = [];
      setCurrentDetails(renderCurrentDetails(view, summary));
    },
  };
};

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
  ...(plan.joinLinks
    ? {
        joinLinks: {
          opensBefore: plan.policy.checkInOpens,
          closesAfter: plan.policy.sessionOverrun,
          ...(plan.meetingSettings?.roles && { crewOpensBefore: plan.policy.checkInOpens + crewLead }),
          ...(plan.meetingSettings?.admission === 'in_turn' && { admission: 'in_turn' as const }),
        },
      }
    : {}),
  ...recordingOf(plan),
});

const recordingOf = ({ meetingSettings }: AuditionPlan): { readonly recording?: RecordingStart } => {
  if (meetingSettings?.recording !== 'cloud') return {};
  return { recording: meetingSettings.autoStartRecording ? 'automatic' : 'by_host' };
};
