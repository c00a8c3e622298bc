/** Signals external events to running workflows. */
import { type Client, type WorkflowHandle, WorkflowIdReusePolicy } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { ProposedTime, ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import type { AuditionId, ConnectionId } from '../../domain/ids.ts';
import {
  auditionWorkflowId,
  calendarSyncWorkflowId,
  recordingWorkflowId,
} from '../../domain/workflow-ids.ts';
import {
  answerReportedSignal,
  type ConnectionDisconnected,
  type ConnectionRestored,
  connectionDisconnectedSignal,
  connectionRestoredSignal,
  consentChangedSignal,
  type DeliveryReport,
  deliveryReportedSignal,
  type ExternalFact,
  linkRevokedSignal,
  type MeetingReport,
  meetingChangedSignal,
  meetingDeletedSignal,
  meetingDoubtedSignal,
  meetingEndedSignal,
  meetingStartedSignal,
  type PresenceReport,
  presenceReportedSignal,
  roomLeftSignal,
  timeProposedSignal,
} from '../../workflows/audition/messages.ts';
import { type CalendarNotification, calendarNewsSignal } from '../../workflows/calendar-sync/messages.ts';
import {
  type RecordingInput,
  type RecordingReport,
  recordingReportedSignal,
  recordingWorkflowType,
} from '../../workflows/recording/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { isErased, isNotRunning } from '../reachable-workflow.ts';

type AuditionSignal =
  | { readonly about: 'delivery'; readonly report: DeliveryReport }
  | { readonly about: 'meeting_started'; readonly report: MeetingReport }
  | { readonly about: 'meeting_ended'; readonly report: MeetingReport }
  | { readonly about: 'meeting_deleted'; readonly report: MeetingReport }
  | { readonly about: 'meeting_changed'; readonly report: MeetingReport }
  | { readonly about: 'meeting_doubted'; readonly report: MeetingReport }
  | { readonly about: 'room_left'; readonly report: MeetingReport }
  | { readonly about: 'presence'; readonly reports: readonly PresenceReport[] }
  | { readonly about: 'link_revoked'; readonly report: ExternalFact }
  | { readonly about: 'consent'; readonly report: ExternalFact }
  | { readonly about: 'connection'; readonly report: ConnectionRestored }
  | { readonly about: 'disconnection'; readonly report: ConnectionDisconnected }
  | { readonly about: 'answer'; readonly report: ReportedAnswer }
  | { readonly about: 'proposal'; readonly report: ProposedTime };

type SignalResult = Promise<'signaled' | 'not_running'>;

/**
 * Each method resolves to `not_running` when no such workflow runs, or its audition or account was erased. It throws when Temporal does not answer within ten
 * seconds; it is then unknown whether the workflow received the signal.
 */
export interface WorkflowSignals {
  signalAudition(id: AuditionId, signal: AuditionSignal): SignalResult;
  signalCalendarSync(connection: ConnectionId, notification: CalendarNotification): SignalResult;
  /** Starts the workflow of the meeting's recordings, or signals it when it runs. Does nothing for an erased audition. */
  reportRecording(input: RecordingInput, report: RecordingReport): Promise<void>;
}

const signalTimeoutMs = 10_000;

/** Creates the signals over a Temporal client. @param taskQueue the queue of the workflows that are started */
export const createWorkflowSignals = (temporal: Client, taskQueue: string): WorkflowSignals => {
  const signalWorkflow = async (
    workflowId: string,
    signal: (handle: WorkflowHandle) => Promise<void>,
  ): SignalResult => {
    try {
      await temporal.withDeadline(Date.now() + signalTimeoutMs, () =>
        signal(temporal.workflow.getHandle(workflowId)),
      );
      return 'signaled';
    } catch (error) {
      if (isNotRunning(error)) return 'not_running';
      throw error;
    }
  };
  return {
    signalAudition: (id, payload) =>
      signalWorkflow(auditionWorkflowId(id), (handle) => sendAuditionSignal(handle, payload)),
    signalCalendarSync: (connection, payload) =>
      signalWorkflow(calendarSyncWorkflowId(connection), (handle) =>
        handle.signal(calendarNewsSignal, payload),
      ),
    reportRecording: async (input, report) => {
      const { organization, auditionId, correlationId, provider, meetingId } = input;
      const start = () =>
        temporal.workflow.signalWithStart(recordingWorkflowType, {
          workflowId: recordingWorkflowId(auditionId, provider, meetingId),
          // A meeting that was stored before can have another recording.
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          taskQueue,
          args: [input],
          signal: recordingReportedSignal,
          signalArgs: [report],
          typedSearchAttributes: new TypedSearchAttributes([
            { key: searchAttributes.organization, value: organization },
            { key: searchAttributes.correlation, value: correlationId },
          ]),
          memo: { organization },
          staticSummary: `Store the recordings of ${auditionId}`,
        });
      try {
        await temporal.withDeadline(Date.now() + signalTimeoutMs, start);
      } catch (error) {
        if (!isErased(error)) throw error;
      }
    },
  };
};

const sendAuditionSignal = (handle: WorkflowHandle, payload: AuditionSignal): Promise<void> => {
  switch (payload.about) {
    case 'delivery':
      return handle.signal(deliveryReportedSignal, payload.report);
    case 'meeting_started':
      return handle.signal(meetingStartedSignal, payload.report);
    case 'meeting_ended':
      return handle.signal(meetingEndedSignal, payload.report);
    case 'meeting_deleted':
      return handle.signal(meetingDeletedSignal, payload.report);
    case 'meeting_changed':
      return handle.signal(meetingChangedSignal, payload.report);
    case 'meeting_doubted':
      return handle.signal(meetingDoubtedSignal, payload.report);
    case 'room_left':
      return handle.signal(roomLeftSignal, payload.report);
    case 'presence':
      return handle.signal(presenceReportedSignal, payload.reports);
    case 'link_revoked':
      return handle.signal(linkRevokedSignal, payload.report);
    case 'consent':
      return handle.signal(consentChangedSignal, payload.report);
    case 'connection':
      return handle.signal(connectionRestoredSignal, payload.report);
    case 'disconnection':
      return handle.signal(connectionDisconnectedSignal, payload.report);
    case 'answer':
      return handle.signal(answerReportedSignal, payload.report);
    case 'proposal':
      return handle.signal(timeProposedSignal, payload.report);
  }
};
