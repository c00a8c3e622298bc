/** Tells running workflows what happened outside, by signals. */
import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import type { AuditionId, ConnectionId } from '../../domain/ids.ts';
import { auditionWorkflowId, calendarSyncWorkflowId } from '../../domain/workflow-ids.ts';
import {
  type ConnectionRestored,
  connectionRestored,
  type DeliveryReport,
  deliveryReported,
  type MeetingReport,
  meetingEnded,
  meetingStarted,
} from '../../workflows/audition/messages.ts';
import { type CalendarNews, calendarNews } from '../../workflows/calendar-sync/messages.ts';

type AuditionNews =
  | { readonly about: 'delivery'; readonly report: DeliveryReport }
  | { readonly about: 'meeting_started'; readonly report: MeetingReport }
  | { readonly about: 'meeting_ended'; readonly report: MeetingReport }
  | { readonly about: 'connection'; readonly report: ConnectionRestored };

/** `gone`: no such workflow runs. Throws when Temporal does not answer in time: then it may have been told or not. */
type Telling = Promise<'told' | 'gone'>;

export interface Messenger {
  tellAudition(id: AuditionId, news: AuditionNews): Telling;
  tellCalendarSync(connection: ConnectionId, news: CalendarNews): Telling;
}

const answersWithinMs = 10_000;

export const createMessenger = (temporal: Client): Messenger => {
  const tell = async (workflowId: string, signal: (handle: WorkflowHandle) => Promise<void>): Telling => {
    try {
      await temporal.withDeadline(Date.now() + answersWithinMs, () =>
        signal(temporal.workflow.getHandle(workflowId)),
      );
      return 'told';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'gone';
      throw error;
    }
  };
  return {
    tellAudition: (id, news) => tell(auditionWorkflowId(id), (handle) => signalAudition(handle, news)),
    tellCalendarSync: (connection, news) =>
      tell(calendarSyncWorkflowId(connection), (handle) => handle.signal(calendarNews, news)),
  };
};

const signalAudition = (handle: WorkflowHandle, news: AuditionNews): Promise<void> => {
  switch (news.about) {
    case 'delivery':
      return handle.signal(deliveryReported, news.report);
    case 'meeting_started':
      return handle.signal(meetingStarted, news.report);
    case 'meeting_ended':
      return handle.signal(meetingEnded, news.report);
    case 'connection':
      return handle.signal(connectionRestored, news.report);
  }
};
