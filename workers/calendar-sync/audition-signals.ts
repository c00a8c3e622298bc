/** Signals auditions about changes in calendars, through the client of the worker that runs the activity. */
import { getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { AuditionSignals } from '../../activities/calendar-sync/change-report.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { calendarChangedSignal } from '../../workflows/audition/messages.ts';

const signalTimeoutMs = 10_000;

/** Creates the signals. */
export const createAuditionSignals = (): AuditionSignals => ({
  calendarChanged: async (audition, change) => {
    const client = getClient();
    try {
      await client.withDeadline(Date.now() + signalTimeoutMs, () =>
        client.workflow.getHandle(auditionWorkflowId(audition)).signal(calendarChangedSignal, change),
      );
      return 'signaled';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'not_running';
      throw error;
    }
  },
});
