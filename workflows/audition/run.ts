/** The shared state of a running audition, and its cancellation scope. */
import { CancellationScope, CancelledFailure, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { Reminder } from '../../domain/audition/reminder-plan.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import { createSaga, type Saga } from '../saga.ts';
import { type Attention, createAttention } from './attention.ts';
import { type BackgroundWork, createBackgroundWork } from './background.ts';
import { type CommandQueue, createCommandQueue } from './command-queue.ts';
import type { AuditionCompensation } from './compensations.ts';
import { type EndingFact, internalFailure } from './ending.ts';
import { createJournal, type Journal } from './journal.ts';
import type { AuditionInput, DeliveryReport, FirstResult, MeetingStatus } from './messages.ts';
import { createSignalDedup, type SignalDedup } from './signal-dedup.ts';

export interface AuditionRun {
  readonly plan: AuditionPlan;
  readonly journal: Journal;
  readonly saga: Saga<AuditionCompensation>;
  readonly attention: Attention;
  readonly background: BackgroundWork;
  readonly commands: CommandQueue;
  readonly signalDedup: SignalDedup;
  readonly isResumed: boolean;
  /** The reminders that are still to be sent. Replaced when the slot moves. */
  reminders: readonly Reminder[];
  firstResult: FirstResult | undefined;
  /** Delivery reports that arrived before their notice was recorded as sent. */
  earlyReports: readonly DeliveryReport[];
  /** When the audition was last scheduled, epoch milliseconds. */
  scheduledAt: number;
  /** When the slot last moved, epoch milliseconds; 0 when it never moved. */
  movedAt: number;
  /** The last known status of the meeting. */
  meetingStatus: MeetingStatus | undefined;
  answerEscalated: boolean;
  decisionEscalated: boolean;
  /** Set once each compensation is done or waits for an operator. */
  isCleanedUp: boolean;
  /**
   * Records a fact of the main coroutine. Throws a cancellation once the audition has ended: a message that ends the
   * audition and the result that the main coroutine awaits can arrive in one workflow task, and the message is handled
   * first.
   */
  record(fact: AuditionFact, correlationId?: string): void;
  readonly ending: EndingFact | undefined;
  /** The state in which the audition ended, or the present state while it runs. */
  readonly stateAtEnd: AuditionState;
  /** Ends the audition: records the fact and cancels all work. Does nothing when the audition has already ended. */
  end(fact: EndingFact, correlationId?: string): void;
  /**
   * Starts work beside the main coroutine; message handlers can call it too. The end of the audition cancels the work.
   * Resolves when the work is done or calls `detach`.
   */
  runInBackground(work: (detach: () => void) => Promise<void>): Promise<void>;
  /** Runs the work until it returns or the audition ends. */
  runUntilEnded(work: () => Promise<void>): Promise<void>;
  /** Returns the idempotency key of a step: the same in every run and attempt of this audition. */
  idempotencyKeyOf(step: string): string;
}

/** Creates the state of a run, from scratch or from the state carried over by continue-as-new. */
export const createRun = ({ plan, carried }: AuditionInput): AuditionRun => {
  const journal = createJournal(plan, (error) => end(internalFailure(error)), carried?.view);
  const work = new CancellationScope();
  let ending: EndingFact | undefined;
  let stateAtEnd: AuditionState | undefined;

  const end: AuditionRun['end'] = (fact, correlationId) => {
    if (ending) return;
    stateAtEnd = journal.view.state;
    ending = fact;
    journal.record(fact, correlationId);
    work.cancel();
  };

  const background = createBackgroundWork(
    (fact) => end(fact),
    () => journal.flushInBackground(),
  );

  return {
    plan,
    journal,
    saga: createSaga(carried?.compensations),
    attention: createAttention(journal, plan.policy.attentionSla, carried?.attentionRaised ?? 0),
    background,
    commands: createCommandQueue(),
    signalDedup: createSignalDedup(carried?.appliedFacts),
    isResumed: carried !== undefined,
    reminders: carried?.reminders ?? [],
    firstResult: carried ? { kind: 'held', view: journal.view } : undefined,
    earlyReports: [],
    scheduledAt: carried?.scheduledAt ?? 0,
    movedAt: carried?.movedAt ?? 0,
    meetingStatus: carried?.room,
    answerEscalated: carried?.answerEscalated ?? false,
    decisionEscalated: carried?.decisionEscalated ?? false,
    isCleanedUp: false,
    record(fact, correlationId) {
      if (ending) throw new CancelledFailure('the audition has ended');
      journal.record(fact, correlationId);
    },
    get ending() {
      return ending;
    },
    get stateAtEnd() {
      return stateAtEnd ?? journal.view.state;
    },
    end,
    runInBackground: (task) => work.run(() => background.start(task)),
    async runUntilEnded(doWork) {
      try {
        await work.run(doWork);
      } catch (error) {
        if (!isCancellation(error)) throw error;
        end({ type: 'cancelled', origin: 'operator', reason: 'The workflow was cancelled in Temporal.' });
      }
    },
    idempotencyKeyOf: (step) => `${workflowInfo().workflowId}:${step}`,
  };
};
