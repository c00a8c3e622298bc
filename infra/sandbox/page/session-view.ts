/** Prepares the meetings of Teams and the conferences of Meet for the page, with the people who are in them. */
import { DateTime } from 'luxon';
import type { SandboxState } from '../control/control.ts';
import type { MeetingSession } from '../meeting-sessions.ts';

export interface SessionView {
  readonly vendor: 'google' | 'microsoft';
  /** The id or the code by which the control API knows the meeting. */
  readonly meeting: string;
  readonly title: string;
  /** Undefined for a conference, whose event has the time. */
  readonly when: string | undefined;
  readonly host: string;
  readonly present: readonly string[];
  readonly deleted: boolean;
}

const mostMeetings = 30;

const presentIn = (sessions: readonly MeetingSession[], meeting: string): readonly string[] =>
  sessions
    .filter((session) => session.meeting === meeting && session.endMs === undefined)
    .flatMap(({ attendances }) => attendances)
    .filter(({ stays }) => stays.some(({ leftMs }) => leftMs === undefined))
    .map(({ name }) => name);

/** Returns the latest meetings of Teams, newest first. */
export const viewTeamsMeetings = ({ microsoft }: SandboxState, zone: string): readonly SessionView[] =>
  microsoft.onlineMeetings
    .toReversed()
    .slice(0, mostMeetings)
    .map(({ id, subject, startDateTime, account, deleted }) => ({
      vendor: 'microsoft',
      meeting: id,
      title: subject ?? 'Teams meeting',
      when: DateTime.fromISO(startDateTime, { zone }).toFormat('ccc d LLL yyyy, HH:mm'),
      host: account,
      present: presentIn(microsoft.meetingSessions, id),
      deleted,
    }));

/** Returns the latest conferences of Meet, newest first. */
export const viewConferences = ({ google }: SandboxState): readonly SessionView[] =>
  google.spaces
    .toReversed()
    .slice(0, mostMeetings)
    .map(({ meetingCode, owner }) => ({
      vendor: 'google',
      meeting: meetingCode,
      title: meetingCode,
      when: undefined,
      host: owner,
      present: presentIn(google.meetingSessions, meetingCode),
      deleted: false,
    }));
