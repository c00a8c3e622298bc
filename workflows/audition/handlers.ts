/** Sets the handlers of the audition's messages. Each handler refuses or delegates. */
import type { UpdateDefinition } from '@temporalio/common';
import { CancellationScope, condition, setHandler } from '@temporalio/workflow';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import { participantPrincipal, providerPrincipal } from '../../domain/audition/principal.ts';
import type { ProposedTime, ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import type { SessionBlockChange } from '../../domain/audition/session-block-change.ts';
import { earlierResultsHandled } from './earlier-results.ts';
import * as messages from './messages.ts';
import {
  refusalAsFailure,
  refuseAnswer,
  refuseCheckIn,
  refuseDuringRecovery,
  refuseResolution,
  refuseUnlessAllowed,
  refuseUnlessChangeable,
} from './refusals.ts';
import type { AuditionRun } from './run.ts';
import { isWithdrawnDecline, pendingDecline, recordAnswer } from './steps/answers.ts';
import { calendarChanged, connectionDisconnected } from './steps/calendar-changes.ts';
import { recordDelivery } from './steps/delivery.ts';
import { checkMeeting, consentChanged, meetingChanged, meetingDoubted } from './steps/meeting-check.ts';
import { meetingDeleted } from './steps/meeting-loss.ts';
import { sendInstead } from './steps/notices.ts';
import { roomLeft } from './steps/other-meeting.ts';
import { presenceReported } from './steps/presence.ts';
import { registerParticipants } from './steps/registrants.ts';
import { answerReported, timeProposed } from './steps/reported-answers.ts';
import { checkIn, isClosedEarly, meetingEnded, meetingStarted } from './steps/session.ts';
import { sessionBlockChanged } from './steps/session-block-changes.ts';
import { writeSkippedEvents } from './steps/skipped-events.ts';
import { answerAfterFlush, applyUpdateOnce, submitCommand, untilRecordable } from './updates.ts';

/**
 * Sets all handlers. A workflow that is cancelled in Temporal ends its audition; callers of updates that it has accepted
 * then get an answer, so updates are applied in a scope that cannot be cancelled. Must be called before the first await,
 * so that no message arrives without a handler.
 */
export const setHandlers = (run: AuditionRun): void => {
  const { journal, attention } = run;

  setHandler(messages.viewQuery, () => journal.view);
  setHandler(messages.planQuery, () => run.plan);

  setHandler(messages.firstResultUpdate, () => CancellationScope.nonCancellable(() => awaitFirstResult(run)));

  /** Sets the handler of an update. The validator runs again when the update is applied: the state can have changed. */
  const setUpdateHandler = <Command>(
    update: UpdateDefinition<messages.UpdateAnswer, [Command]>,
    refuse: (command: Command) => void,
    apply: (command: Command) => Promise<messages.UpdateAnswer>,
  ): void =>
    setHandler(
      update,
      (command) =>
        applyUpdateOnce(
          run,
          () => refuse(command),
          () => apply(command),
        ),
      { validator: refuse },
    );

  setUpdateHandler(
    messages.respondUpdate,
    (command) => {
      refuseAnswer(command, journal.view);
      // The slot must be claimed again.
      if (isWithdrawnDecline(run, command)) refuseDuringRecovery(run, 'respond');
    },
    async (command) => {
      // A queued answer is about the slot of now, whatever comes before it.
      const { revision = journal.view.revision } = command;
      if (isWithdrawnDecline(run, command))
        return submitCommand(run, { name: 'respond', command: { ...command, revision } });
      recordAnswer(run, command);
      return answerAfterFlush(run, { yieldHolds: pendingDecline(run) !== undefined });
    },
  );

  setUpdateHandler(
    messages.rescheduleUpdate,
    () => {
      refuseUnlessChangeable('reschedule', journal.view);
      refuseDuringRecovery(run, 'reschedule');
    },
    (command) => submitCommand(run, { name: 'reschedule', command }),
  );

  setUpdateHandler(
    messages.participantsUpdate,
    () => {
      refuseUnlessChangeable('participants', journal.view);
      refuseDuringRecovery(run, 'participants');
    },
    (command) => submitCommand(run, { name: 'participants', command }),
  );

  setUpdateHandler(
    messages.meetingUpdate,
    () => {
      refuseUnlessAllowed('meeting', journal.view);
      refuseDuringRecovery(run, 'meeting');
    },
    (command) => submitCommand(run, { name: 'meeting', command }),
  );

  setUpdateHandler(
    messages.decideUpdate,
    () => {
      refuseUnlessAllowed('decide', journal.view);
      refuseDuringRecovery(run, 'decide');
    },
    (command) => submitCommand(run, { name: 'decide', command }),
  );

  setUpdateHandler(
    messages.cancelUpdate,
    () => refuseUnlessAllowed('cancel', journal.view),
    async ({ origin, reason, correlationId, principal }) => {
      // The claim of the first slot appends its fact itself; the cancellation must follow it.
      await condition(() => !run.isClaiming);
      run.end({ type: 'cancelled', origin, ...(reason ? { reason } : {}) }, { correlationId, principal });
      await condition(() => run.isCleanedUp);
      return answerAfterFlush(run);
    },
  );

  setUpdateHandler(
    messages.checkInUpdate,
    (command) => refuseCheckIn(command, journal.view, run.plan.policy.checkInOpens),
    async (command) => {
      checkIn(run, command);
      return answerAfterFlush(run);
    },
  );

  setUpdateHandler(
    messages.resolveAttentionUpdate,
    (command) => refuseResolution(command, journal.view),
    async (command) => {
      attention.resolve(command);
      return answerAfterFlush(run);
    },
  );

  /**
   * Applies an external fact only the first time it arrives.
   * @param principalOf who has caused it. By default, what the report says
   */
  const applyOnce =
    <Fact extends messages.ExternalFact>(
      apply: (fact: Fact) => void,
      principalOf: (fact: Fact) => string | undefined = ({ principal }) => principal,
    ) =>
    async (fact: Fact): Promise<void> => {
      await untilRecordable(run);
      if (!run.signalDedup.markApplied(fact)) return;
      journal.actAs(principalOf(fact), () => apply(fact));
      journal.flushInBackground();
    };

  setHandler(
    messages.deliveryReportedSignal,
    applyOnce((report: messages.DeliveryReport) => recordDelivery(run, report, sendInstead)),
  );
  setHandler(
    messages.meetingStartedSignal,
    applyOnce((report: messages.MeetingReport) => meetingStarted(run, report)),
  );
  setHandler(
    messages.meetingEndedSignal,
    applyOnce((report: messages.MeetingReport) => {
      meetingEnded(run, report);
      if (isClosedEarly(run)) checkMeeting(run);
    }),
  );
  setHandler(
    messages.meetingDeletedSignal,
    applyOnce((report: messages.MeetingReport) => meetingDeleted(run, report)),
  );
  setHandler(
    messages.meetingChangedSignal,
    applyOnce((report: messages.MeetingReport) => meetingChanged(run, report)),
  );
  setHandler(
    messages.meetingDoubtedSignal,
    applyOnce((report: messages.MeetingReport) => meetingDoubted(run, report)),
  );
  setHandler(
    messages.roomLeftSignal,
    applyOnce((report: messages.MeetingReport) => roomLeft(run, report)),
  );
  setHandler(messages.presenceReportedSignal, async (reports) => {
    await untilRecordable(run);
    for (const report of reports) {
      if (run.signalDedup.markApplied(report))
        journal.actAs(report.principal, () => presenceReported(run, report));
    }
    journal.flushInBackground();
  });
  setHandler(
    messages.linkRevokedSignal,
    applyOnce(() => registerParticipants(run)),
  );
  setHandler(messages.consentChangedSignal, async (report) => {
    await untilRecordable(run);
    if (report && !run.signalDedup.markApplied(report)) return;
    consentChanged(run);
  });
  setHandler(messages.slotTakenSignal, () => {
    run.slotTakenAs = journal.view.revision;
  });
  setHandler(
    messages.connectionRestoredSignal,
    applyOnce((restoration: messages.ConnectionRestored) => {
      attention.connectionRestored(restoration);
      writeSkippedEvents(run, restoration.connection);
    }),
  );
  setHandler(
    messages.connectionDisconnectedSignal,
    applyOnce((report: messages.ConnectionDisconnected) => connectionDisconnected(run, report)),
  );
  const applyCalendarChange = applyOnce(
    (change: CalendarChange) => calendarChanged(run, change),
    ({ provider }) => providerPrincipal(provider),
  );
  setHandler(messages.calendarChangedSignal, async (change) => {
    await untilAdopted(run, change);
    await applyCalendarChange(change);
  });
  setHandler(
    messages.answerReportedSignal,
    applyOnce(
      (report: ReportedAnswer) => answerReported(run, report),
      ({ participant }) => participantPrincipal(participant),
    ),
  );
  setHandler(
    messages.timeProposedSignal,
    applyOnce(
      (proposal: ProposedTime) => timeProposed(run, proposal),
      ({ participant }) => participantPrincipal(participant),
    ),
  );
  setHandler(
    messages.sessionBlockChangedSignal,
    applyOnce((change: SessionBlockChange) => sessionBlockChanged(run, change)),
  );
};

/**
 * A report can arrive before the run has adopted the trail, and is about the slot that the trail has. Reports of earlier versions
 * did not wait, and have no place in the order.
 */
const untilAdopted = async (run: AuditionRun, { order }: CalendarChange): Promise<void> => {
  if (order && run.isAdopting) await CancellationScope.nonCancellable(() => condition(() => !run.isAdopting));
};

const awaitFirstResult = async (run: AuditionRun): Promise<messages.FirstResult> => {
  await earlierResultsHandled();
  await condition(
    () =>
      run.firstResult !== undefined ||
      run.refusal !== undefined ||
      run.ending !== undefined ||
      run.isCleanedUp,
  );
  if (run.refusal) throw refusalAsFailure(run.refusal);
  const answer = await answerAfterFlush(run);
  return { ...(run.firstResult ?? { kind: 'ended' }), ...answer };
};
