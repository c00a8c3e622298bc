/** The shared state of a running audition, and its cancellation scope. */

import { CancellationScope, CancelledFailure, isCancellation } from '@temporalio/workflow';
import type { AuditionCall } from '../../activities/contract.ts';
import type { EndingFact } from '../../domain/audition/ending.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AnswerTimes } from '../../domain/audition/last-answers.ts';
import { type AuditionPlan, correlatedIds } from '../../domain/audition/plan.ts';
import type { FactSource } from '../../domain/audition/principal.ts';
import type { Reminder } from '../../domain/audition/reminder-plan.ts';
import type { SessionBlockChange } from '../../domain/audition/session-block-change.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { createSaga, type Saga } from '../saga.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { type Attention, createAttention } from './attention.ts';
import { type BackgroundWork, createBackgroundWork } from './background.ts';
import type { Change } from './change-in-progress.ts';
import { type CommandQueue, createCommandQueue } from './command-queue.ts';
import type { AuditionCompensation } from './compensations.ts';
import type { EmailEntry } from './email-entries.ts';
import { internalFailure } from './ending.ts';
import { createJournal, type Journal } from './journal.ts';
import type { AuditionInput, DeliveryReport, FirstResult, MeetingStatus, SlotRefusal } from './messages.ts';
import { createOpenNotices, type OpenNotices } from './open-notices.ts';
import type { CalendarQuestion, SlotQuestion } from './open-question.ts';
import { createReportOrders, type ReportOrders } from './report-orders.ts';
import { createSignalDedup, type SignalDedup } from './signal-dedup.ts';
import type { UnusableMeeting } from './unusable-meeting.ts';

export interface AuditionRun {
  /** Changes with the cast. */
  plan: AuditionPlan;
  readonly journal: Journal;
  readonly saga: Saga<AuditionCompensation>;
  readonly attention: Attention;
  readonly background: BackgroundWork;
  readonly commands: CommandQueue;
  readonly alarm: Alarm;
  readonly signalDedup: SignalDedup;
  /** The ids of the updates that were applied, oldest first. */
  appliedUpdates: readonly string[];
  /** How many updates have arrived and are not applied yet. Deadlines wait for them. */
  arrivingUpdates: number;
  /** Whether the run takes over from its start, and has not adopted the trail yet. */
  isAdopting: boolean;
  /** Whether the run has adopted the trail of an open audition, and no operator has decided yet how to continue. */
  isRecovering: boolean;
  /** Set while the first slot is claimed: the activity appends facts, so that nothing else may be recorded. */
  isClaiming: boolean;
  /** Set until the trail says whether a move returns to the old slot. Messages wait for that. */
  isReverting: boolean;
  /** The numbers of the last claim of a slot, and of the claim that holds the present slot. */
  claims: { readonly last: number; readonly held: number };
  /** Whether the present slot is held for another cast. */
  isHeldForOtherCast: boolean;
  /** The change in progress. */
  change: Change | undefined;
  /** The reminders that are still to be sent. Replaced when the slot moves. */
  reminders: readonly Reminder[];
  /** The open questions about the present slot. */
  readonly slotQuestions: Set<SlotQuestion>;
  /** The notices that are being sent or wait for an operator. */
  readonly openNotices: OpenNotices;
  firstResult: FirstResultKind | undefined;
  /** Why the audition was not reopened. */
  refusal: Refusal | undefined;
  /** Whether the run continues an earlier one after continue-as-new. */
  readonly isResumed: boolean;
  /** Delivery reports that arrived before their notice was recorded as sent. */
  earlyReports: readonly DeliveryReport[];
  /** The meetings of the earlier run, for a run that takes over: more than one when it was falling back. */
  earlierMeetings: readonly EarlierMeeting[];
  /** How many meetings were requested. It numbers their idempotency keys. */
  meetingsRequested: number;
  /** The participants whose details a run that takes over does not know. */
  unknownParticipants: readonly ParticipantId[];
  /** When the audition was last scheduled, epoch milliseconds. */
  scheduledAt: number;
  /** When the slot last moved, epoch milliseconds; 0 when it never moved. */
  movedAt: number;
  /** The last known status of the meeting. */
  meetingStatus: MeetingStatus | undefined;
  /** The revision of the slot that another audition has taken, while a decline could be changed. */
  slotTakenAs: number | undefined;
  /** The ids of meetings that their provider has deleted. The present one is replaced when no other change is in progress. */
  deletedMeetings: readonly string[];
  /** Whether the present meeting was lost and is not replaced yet. */
  isMeetingLost: boolean;
  /** The present meeting, when its provider cannot be used. Everyone moves when no other change is in progress. */
  unusableMeeting: UnusableMeeting | undefined;
  /** Whether the calendars and messages have a former address of the present meeting. The present one is sent when no other change is in progress. */
  hasFormerLink: boolean;
  /** Whether the addresses of the registrants are of a former passcode of the meeting. */
  hasFormerRegistrants: boolean;
  /** How often the registrations of the participants had to be brought up to date, by this run. */
  registrationsWanted: number;
  /** Whether participants are being registered. */
  isRegistering: boolean;
  /** Like `registrationsWanted` and `isRegistering`, for the roles of the participants. */
  rolesWanted: number;
  isAssigningRoles: boolean;
  /** The revision of the slot whose meeting was checked before the session. */
  meetingCheckedAs: number | undefined;
  /** The revision of the slot with which the meeting was ended. */
  meetingEndedAs: number | undefined;
  /** How many checks of the meeting are in progress. */
  looksAtMeeting: number;
  /** How often a consent to an automatic recording has changed, in this run. */
  consentChanges: number;
  /** The look at the meeting after a consent has changed. `again`: another consent has changed since it began. */
  consentLook: 'running' | 'again' | undefined;
  /** Whether a check of the meeting waits for the look that is running: its result is that of the check too. */
  isCheckWaiting: boolean;
  /** The addresses, as `addressKey`, about which an operator was asked because nothing is sent to them. */
  suppressedAddresses: readonly string[];
  /** The participants with a connected calendar whose entry is made by email for now. */
  emailEntries: readonly EmailEntry[];
  /** The last report about each participant's calendar: about our event, and about conflicts. A later one withdraws its question. */
  readonly calendarReports: Map<string, string>;
  /** The open questions about events that people have changed. */
  readonly calendarQuestions: Set<CalendarQuestion>;
  /** The order of the reports about calendars. */
  readonly reportOrders: ReportOrders;
  /** When each participant last answered. A report about an earlier answer changes nothing. */
  answeredAt: AnswerTimes;
  /** The last proposal of each participant. A later one withdraws its question. */
  readonly proposals: Map<ParticipantId, string>;
  /** The last report about the session block of the slot. Another one withdraws its question. */
  sessionBlockReport: SessionBlockChange | undefined;
  answerEscalated: boolean;
  decisionEscalated: boolean;
  /** Whether the casting office was asked if the session in the present slot took place. */
  sessionAsked: boolean;
  /** Since when no sign of the session was observed in time, epoch milliseconds, for the automatic no-show. */
  absence: { readonly revision: number; readonly since: number } | undefined;
  /** How often the provider was asked who was in the meeting of the slot. */
  attendanceRead: { readonly revision: number; readonly count: number } | undefined;
  /** Whether the provider is being asked whether the session took place. */
  isReadingAttendance: boolean;
  /** Set once each compensation is done or waits for an operator. */
  isCleanedUp: boolean;
  /** Whether the trail contains facts of another run that this run does not know. */
  readonly isSuperseded: boolean;
  /**
   * Records a fact of the main coroutine. Throws a cancellation once the audition has ended: a message that ends the
   * audition and the result that the main coroutine awaits can arrive in one workflow task, and the message is handled
   * first.
   */
  record(fact: AuditionFact, source?: FactSource): void;
  readonly ending: EndingFact | undefined;
  /** The state in which the audition ended, or the present state while it runs. */
  readonly stateAtEnd: AuditionState;
  /** Whether an earlier workflow has ended the audition, and this one completes the compensation. */
  readonly isEndingResumed: boolean;
  /** Sets the ending of an audition that is closed already, if there is something left to compensate. */
  resumeEnding(fact: EndingFact | undefined): void;
  /**
   * Ends the audition: records the fact and cancels all work. Does nothing when the audition has already ended. A closed
   * audition, which was to be reopened, only cancels the work.
   */
  end(fact: EndingFact, source?: FactSource): void;
  /**
   * Starts work beside the main coroutine; message handlers can call it too. The end of the audition cancels the work.
   * Resolves when the work is done or calls `detach`.
   */
  runInBackground(work: (detach: () => void) => Promise<void>): Promise<void>;
  /** Runs the work until it returns, the audition ends, or the run is superseded. */
  runUntilEnded(work: () => Promise<void>): Promise<void>;
  /** Begins anew with the state of the trail. */
  resume(): void;
  /** Calls an activity. Its input must contain the call: the ids of the audition and its unwritten facts. */
  call<Result>(activity: (call: AuditionCall) => Promise<Result>): Promise<Result>;
  /** Returns the idempotency key of a step: the same in every run and attempt of this audition. */
  idempotencyKeyOf(step: string): string;
}

/** A meeting that stands, or may stand, according to the ledger. */
export interface EarlierMeeting {
  /** The idempotency key of its creation. */
  readonly key: string;
  readonly provider: MeetingProviderName;
  /** The id at its provider, when its creation was recorded. */
  readonly id: string | undefined;
}

/** What the first result will say, before the trail contains it. */
type FirstResultKind =
  | { readonly kind: Exclude<FirstResult['kind'], 'refused'> }
  | ({ readonly kind: 'refused' } & SlotRefusal);

/** Creates the state of a run, from scratch or from the state carried over by continue-as-new. */
export const createRun = ({ plan, carried, takeover }: AuditionInput): AuditionRun => {
  // A cancellation in Temporal reaches the work, also when it begins anew in a scope that cannot be cancelled.
  const parent = CancellationScope.current();
  const newWork = () => new CancellationScope({ cancellable: true, parent });
  let work = newWork();
  let ending: EndingFact | undefined;
  let stateAtEnd: AuditionState | undefined;
  let isSuperseded = false;
  let isEndingResumed = false;

  const journal = createJournal(
    plan,
    {
      onFlushFailed: (error) => {
        if (!isSuperseded) end(internalFailure(error));
      },
      onTrailAhead: () => {
        isSuperseded = true;
        work.cancel();
      },
    },
    carried && { view: carried.view, number: carried.factNumber },
  );

  const end: AuditionRun['end'] = (fact, source) => {
    if (ending || isSuperseded) return;
    // A closed audition that is not reopened stays closed as it was.
    if (journal.view.state === 'closed') return work.cancel();
    stateAtEnd = journal.view.state;
    ending = fact;
    journal.record(fact, source);
    work.cancel();
  };

  const background = createBackgroundWork(
    (fact) => end(fact),
    () => journal.flushInBackground(),
  );

  const run: AuditionRun = {
    plan,
    journal,
    saga: createSaga(carried?.compensations),
    attention: createAttention(journal, plan.policy.attentionSla),
    background,
    commands: createCommandQueue(),
    alarm: createAlarm(),
    signalDedup: createSignalDedup(carried?.appliedFacts),
    appliedUpdates: carried?.appliedUpdates ?? [],
    arrivingUpdates: 0,
    isAdopting: takeover !== undefined,
    isRecovering: false,
    isClaiming: false,
    isReverting: false,
    claims: carried?.claims ?? { last: 0, held: 0 },
    isHeldForOtherCast: false,
    change: undefined,
    reminders: carried?.reminders ?? [],
    slotQuestions: new Set(),
    openNotices: createOpenNotices(),
    firstResult: carried ? { kind: 'held' } : undefined,
    refusal: undefined,
    isResumed: carried !== undefined,
    earlyReports: [],
    earlierMeetings: [],
    meetingsRequested: carried?.meetingsRequested ?? 0,
    scheduledAt: carried?.scheduledAt ?? 0,
    movedAt: carried?.movedAt ?? 0,
    meetingStatus: carried?.meetingStatus,
    slotTakenAs: undefined,
    deletedMeetings: [],
    isMeetingLost: false,
    unusableMeeting: undefined,
    hasFormerLink: false,
    hasFormerRegistrants: false,
    registrationsWanted: 0,
    isRegistering: false,
    rolesWanted: 0,
    isAssigningRoles: false,
    meetingCheckedAs: carried?.meetingCheckedAs,
    meetingEndedAs: carried?.meetingEndedAs,
    looksAtMeeting: 0,
    consentChanges: 0,
    consentLook: undefined,
    isCheckWaiting: false,
    unknownParticipants: [],
    suppressedAddresses: carried?.suppressedAddresses ?? [],
    emailEntries: carried?.emailEntries ?? [],
    calendarReports: new Map(),
    calendarQuestions: new Set(),
    reportOrders: createReportOrders(carried?.reportOrders),
    answeredAt: carried?.answeredAt ?? {},
    proposals: new Map(),
    sessionBlockReport: undefined,
    answerEscalated: carried?.answerEscalated ?? false,
    decisionEscalated: carried?.decisionEscalated ?? false,
    sessionAsked: carried?.sessionAsked ?? false,
    absence: undefined,
    attendanceRead: undefined,
    isReadingAttendance: false,
    isCleanedUp: false,
    get isSuperseded() {
      return isSuperseded;
    },
    record(fact, source) {
      if (ending || isSuperseded) throw new CancelledFailure('the audition has ended');
      journal.record(fact, source);
    },
    get ending() {
      return ending;
    },
    get stateAtEnd() {
      return stateAtEnd ?? journal.view.state;
    },
    get isEndingResumed() {
      return isEndingResumed;
    },
    resumeEnding(fact) {
      ending = fact;
      isEndingResumed = fact !== undefined;
    },
    end,
    runInBackground: (task) => work.run(() => background.start(task)),
    async runUntilEnded(doWork) {
      try {
        await work.run(doWork);
      } catch (error) {
        if (isSuperseded) return;
        if (!isCancellation(error)) throw error;
        // An audition that is not reopened yet stays closed.
        if (journal.view.state === 'closed') return;
        end({ type: 'cancelled', origin: 'operator', reason: 'The workflow was cancelled in Temporal.' });
      }
    },
    resume() {
      isSuperseded = false;
      ending = undefined;
      stateAtEnd = undefined;
      isEndingResumed = false;
      run.isCleanedUp = false;
      work = newWork();
    },
    call: (activity) => journal.carry((trail) => activity({ ...correlatedIds(run.plan), trail })),
    // Not from the workflow's info: a replay can run a history under another workflow id.
    idempotencyKeyOf: (step) => `${auditionWorkflowId(plan.id)}:${step}`,
  };
  return run;
};
