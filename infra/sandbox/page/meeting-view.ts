/** Prepares Zoom's meetings for the page: the existing ones by start time, then the deleted ones. */
import { DateTime } from 'luxon';
import type { SandboxState } from '../control/control.ts';

type Meeting = SandboxState['zoom']['meetings'][number];

export interface MeetingView {
  readonly id: string;
  /** The id as in the API. */
  readonly number: string;
  readonly topic: string;
  readonly when: string;
  readonly duration: number;
  readonly host: string;
  readonly agenda: string;
  readonly link: string;
  readonly deleted: boolean;
}

const maximumMeetings = 30;

const viewOf = (meeting: Meeting, deleted: boolean, zone: string): MeetingView => ({
  number: String(meeting.id),
  id: String(meeting.id).replace(/^(\d{3})(\d{4})/, '$1 $2 '),
  topic: meeting.topic,
  when: DateTime.fromISO(meeting.start_time, { zone }).toFormat('ccc d LLL yyyy, HH:mm'),
  duration: meeting.duration,
  host: meeting.host_email,
  agenda: meeting.agenda,
  link: meeting.join_url,
  deleted,
});

/** Returns the meetings to show and their counts. */
export const viewMeetings = ({ zoom }: SandboxState, zone: string) => {
  const meetings = zoom.meetings
    .toSorted((a, b) => a.start_time.localeCompare(b.start_time))
    .map((meeting) => viewOf(meeting, false, zone));
  const deleted = zoom.deletedMeetings.toReversed().map((meeting) => viewOf(meeting, true, zone));
  return {
    count: meetings.length,
    meetings: meetings.slice(0, maximumMeetings),
    more: Math.max(0, meetings.length - maximumMeetings),
    deletedCount: deleted.length,
    deleted: deleted.slice(0, maximumMeetings),
  };
};
