/** Starts the workflow that stores the recordings of a session. It outlives the audition. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  patched,
  startChild,
} from '@temporalio/workflow';
import type { Meeting } from '../../../domain/audition/meeting.ts';
import { correlatedIds } from '../../../domain/audition/plan.ts';
import { isRecordedMeeting } from '../../../domain/providers/vendors.ts';
import { recordingWorkflowId } from '../../../domain/workflow-ids.ts';
import { type RecordingInput, recordingWorkflowType } from '../../recording/messages.ts';
import { searchAttributes } from '../../search-attributes.ts';
import type { AuditionRun } from '../run.ts';

const otherRecordingsPatch = 'recordings-of-meet-and-teams';
const interruptedPatch = 'recordings-of-interrupted-sessions';

/**
 * Expects the recordings of the meeting that the audition leaves during its session. Earlier releases expected only those of
 * the meeting in which the session ended.
 */
export const expectInterruptedRecording = (run: AuditionRun, meeting: Meeting): void => {
  if (run.stateAtEnd === 'in_progress' && isRecordingWanted(run, meeting) && patched(interruptedPatch))
    expectRecording(run, meeting);
};

/**
 * Expects the recordings of a session that the end of the audition has interrupted. A decision that ends the session expects
 * them itself.
 */
export const expectRecordingAtEnd = (run: AuditionRun): void => {
  const { meeting } = run.journal.view;
  const isInterruption = run.ending?.type === 'cancelled' || run.ending?.type === 'failed';
  if (meeting && isInterruption && !run.isEndingResumed) expectInterruptedRecording(run, meeting);
};

/**
 * Expects the recordings of a session that has ended, when its meeting was to be recorded. The provider also reports them:
 * the id of the workflow makes it one. Plans of earlier versions have no settings of meetings.
 */
export const expectRecording = (run: AuditionRun, meeting = run.journal.view.meeting): void => {
  if (!meeting || !isRecordedMeeting(meeting.provider) || !isRecordingWanted(run, meeting)) return;
  // The first releases stored the recordings of Zoom only.
  if (meeting.provider !== 'zoom' && !patched(otherRecordingsPatch)) return;
  const input = { ...correlatedIds(run.plan), provider: meeting.provider, meetingId: meeting.id };
  void run.background.start(() => CancellationScope.nonCancellable(() => startRecording(input)));
};

const isRecordingWanted = ({ plan }: AuditionRun, { notHonored }: Meeting): boolean =>
  plan.meetingSettings?.recording === 'cloud' && !notHonored?.includes('recording');

const startRecording = async (input: RecordingInput): Promise<void> => {
  const { auditionId, organization, correlationId, provider, meetingId } = input;
  try {
    await startChild(recordingWorkflowType, {
      args: [input],
      workflowId: recordingWorkflowId(auditionId, provider, meetingId),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      typedSearchAttributes: [
        { key: searchAttributes.organization, value: organization },
        { key: searchAttributes.correlation, value: correlationId },
      ],
      staticSummary: `Store the recordings of ${auditionId}`,
    });
  } catch (error) {
    // The provider has reported the recording first, or the session was continued.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
};
