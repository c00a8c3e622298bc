/** Starts the workflow that stores the recordings of a session. It outlives the audition. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  patched,
  startChild,
} from '@temporalio/workflow';
import { correlatedIds } from '../../../domain/audition/plan.ts';
import { isRecordedMeeting } from '../../../domain/providers/vendors.ts';
import { recordingWorkflowId } from '../../../domain/workflow-ids.ts';
import { type RecordingInput, recordingWorkflowType } from '../../recording/messages.ts';
import { searchAttributes } from '../../search-attributes.ts';
import type { AuditionRun } from '../run.ts';

const otherRecordingsPatch = 'recordings-of-meet-and-teams';

/**
 * Expects the recordings of a session that has ended, when its meeting was to be recorded. The provider also reports them:
 * the id of the workflow makes it one. Plans of earlier versions have no settings of meetings.
 */
export const expectRecording = (run: AuditionRun): void => {
  const { meeting } = run.journal.view;
  const isWanted = run.plan.meetingSettings?.recording === 'cloud';
  if (!isWanted || !meeting || !isRecordedMeeting(meeting.provider)) return;
  if (meeting.notHonored?.includes('recording')) return;
  // The first releases stored the recordings of Zoom only.
  if (meeting.provider !== 'zoom' && !patched(otherRecordingsPatch)) return;
  const input = { ...correlatedIds(run.plan), provider: meeting.provider, meetingId: meeting.id };
  void run.background.start(() => CancellationScope.nonCancellable(() => startRecording(input)));
};

const startRecording = async (input: RecordingInput): Promise<void> => {
  const { auditionId, organization, provider, meetingId } = input;
  try {
    await startChild(recordingWorkflowType, {
      args: [input],
      workflowId: recordingWorkflowId(auditionId, provider, meetingId),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      typedSearchAttributes: [{ key: searchAttributes.organization, value: organization }],
      staticSummary: `Store the recordings of ${auditionId}`,
    });
  } catch (error) {
    // The provider has reported the recording first, or the session was continued.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
};
