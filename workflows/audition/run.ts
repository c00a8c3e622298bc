/** One running audition: what its steps share. */
import { CancellationScope, CancelledFailure, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { Reminder } from '../../domain/audition/reminder-plan.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import { createSaga, type Saga } from '../saga.ts';
import { type AttentionDesk, openAttentionDesk } from './attention.ts';
import { type Background, openBackground } from './background.ts';
import { type CommandQueue, openCommandQueue } from './command-queue.ts';
import type { AuditionCompensation } from './compensation-data.ts';
import { type EndingFact, unforeseen } from './ending.ts';
import { type Intake, openIntake } from './intake.ts';
import { type Journal, openJournal } from './journal.ts';
import type { AuditionInput, DeliveryReport, FirstResult, Room } from './messages.ts';

export interface AuditionRun {
  readonly plan: AuditionPlan;
  readonly journal: Journal;
  readonly saga: Saga<AuditionCompensation>;
  readonly desk: AttentionDesk;
  readonly background: Background;
  readonly commands: CommandQueue;
  readonly intake: Intake;
  readonly isResumed: boolean;
  /** What is still to be reminded of; replaced when the slot moves. */
  reminders: readonly Reminder[];
  firstResult: FirstResult | undefined;
  /** Delivery reports that came before their notice was known to have gone out. */
  earlyReports: readonly DeliveryReport[];
  /** When the audition was last scheduled, epoch milliseconds. */
  scheduledAt: number;
  /** When its slot last began to move, epoch milliseconds; 0 when it never has. */
  movedAt: number;
  /** What is known of the meeting's room. */
  room: Room | undefined;
  answerEscalated: boolean;
  decisionEscalated: boolean;
  /** Set once everything that had to be undone is, or a person was asked about it. */
  isWoundUp: boolean;
  /**
   * Records a fact of the main line. Throws a cancellation once the audition has ended: a message that ends it and the
   * answer that the main line has waited for may arrive together, and the message is heard first.
   */
  record(fact: AuditionFact, correlationId?: string): void;
  readonly ending: EndingFact | undefined;
  /** The state the audition ended in; the present one as long as it goes on. */
  readonly endedIn: AuditionState;
  /** Ends the audition: records why, and cancels whatever is being done. The first ending stands. */
  end(fact: EndingFact, correlationId?: string): void;
  /**
   * Starts work beside the main line from wherever this is called, a message handler too: ending the audition ends
   * it. Resolves when it is done or goes on alone.
   */
  beside(work: (goOn: () => void) => Promise<void>): Promise<void>;
  /** Runs the work until it returns or the audition is ended from anywhere. */
  untilEnded(work: () => Promise<void>): Promise<void>;
  /** The idempotency key of a step: the same in every run and attempt of this audition. */
  keyOf(step: string): string;
}

export const beginRun = ({ plan, carried }: AuditionInput): AuditionRun => {
  const journal = openJournal(plan, (error) => end(unforeseen(error)), carried?.view);
  const work = new CancellationScope();
  let ending: EndingFact | undefined;
  let endedIn: AuditionState | undefined;

  const end: AuditionRun['end'] = (fact, correlationId) => {
    if (ending) return;
    endedIn = journal.view.state;
    ending = fact;
    journal.record(fact, correlationId);
    work.cancel();
  };

  const background = openBackground(
    (fact) => end(fact),
    () => journal.save(),
  );

  return {
    plan,
    journal,
    saga: createSaga(carried?.compensations),
    desk: openAttentionDesk(journal, plan.policy.attentionSla, carried?.attentionRaised ?? 0),
    background,
    commands: openCommandQueue(),
    intake: openIntake(carried?.appliedFacts),
    isResumed: carried !== undefined,
    reminders: carried?.reminders ?? [],
    firstResult: carried ? { kind: 'held', view: journal.view } : undefined,
    earlyReports: [],
    scheduledAt: carried?.scheduledAt ?? 0,
    movedAt: carried?.movedAt ?? 0,
    room: carried?.room,
    answerEscalated: carried?.answerEscalated ?? false,
    decisionEscalated: carried?.decisionEscalated ?? false,
    isWoundUp: false,
    record(fact, correlationId) {
      if (ending) throw new CancelledFailure('the audition has ended');
      journal.record(fact, correlationId);
    },
    get ending() {
      return ending;
    },
    get endedIn() {
      return endedIn ?? journal.view.state;
    },
    end,
    beside: (beside) => work.run(() => background.start(beside)),
    async untilEnded(doWork) {
      try {
        await work.run(doWork);
      } catch (error) {
        if (!isCancellation(error)) throw error;
        end({ type: 'cancelled', origin: 'operator', reason: 'The workflow was cancelled in Temporal.' });
      }
    },
    keyOf: (step) => `${workflowInfo().workflowId}:${step}`,
  };
};
