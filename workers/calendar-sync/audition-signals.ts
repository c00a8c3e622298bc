/** Signals auditions about changes in calendars, through the client of the worker that runs the activity. */
import { getClient } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { AuditionSignals } from '../../activities/calendar-sync/audition-signals.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { answerReportedSignal, calendarChangedSignal } from '../../workflows/audition/messages.ts';
import { isNotRunning } from '../reachable-workflow.ts';

const signalTimeoutMs = 10_000;

/** Creates the signals. */
export const createAuditionSignals = (): AuditionSignals => ({
  calendarChanged: (audition, change) =>
    signalAudition(audition, (handle) => handle.signal(calendarChangedSignal, change)),
  answerReported: (audition, answer) =>
    signalAudition(audition, (handle) => handle.signal(answerReportedSignal, answer)),
});

const signalAudition = async (
  audition: AuditionId,
  signal: (handle: WorkflowHandle) => Promise<void>,
): Promise<'signaled' | 'not_running'> => {
  const client = getClient();
  try {
    await client.withDeadline(Date.now() + signalTimeoutMs, () =>
      signal(client.workflow.getHandle(auditionWorkflowId(audition))),
    );
    return 'signaled';
  } catch (error) {
    if (isNotRunning(error)) return 'not_running';
    throw error;
  }
};
