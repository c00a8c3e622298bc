/**
 * Reads who was in a meeting: https://learn.microsoft.com/graph/api/meetingattendancereport-list. Each session of a meeting
 * has a report, which exists after the session and is readable by the organizer only.
 */
import { z } from 'zod';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Attendance } from '../ports.ts';
import { type MeetingCall, readMeetingPages } from './meeting-pages.ts';

const instant = z.iso.datetime({ offset: true }).transform((text) => toInstant(Date.parse(text)));

const reportSchema = z.object({ id: z.string().describe('The id of the report') });

/** https://learn.microsoft.com/graph/api/resources/attendancerecord */
const recordSchema = z.object({
  emailAddress: z.string().nullish().describe('Absent for a person who has not signed in'),
  identity: z
    .object({ displayName: z.string().nullish().describe('The name that the meeting shows') })
    .nullish()
    .describe('The person'),
  attendanceIntervals: z
    .array(
      z.object({
        joinDateTime: instant.describe('When the person joined'),
        leaveDateTime: instant.nullish().describe('When the person left'),
      }),
    )
    .nullish()
    .describe('A person who came back has several'),
});
type AttendanceRecord = z.infer<typeof recordSchema>;

/**
 * Returns the presence of each person in all sessions of the meeting. Undefined without a report: that of a session appears
 * after its end, and the policies of Teams can prevent it
 * (https://learn.microsoft.com/graph/api/resources/meetingattendancereport).
 */
export const readAttendance = async (
  meeting: MeetingCall,
  meetingPath: string,
): Promise<readonly Attendance[] | undefined> => {
  const reports = await readMeetingPages(meeting, `${meetingPath}/attendanceReports`, reportSchema);
  if (reports.length === 0) return undefined;
  const all: Attendance[] = [];
  for (const { id } of reports) {
    const path = `${meetingPath}/attendanceReports/${encodeURIComponent(id)}/attendanceRecords`;
    all.push(...(await readMeetingPages(meeting, path, recordSchema)).flatMap(attendancesOf));
  }
  return all.toSorted((a, b) => a.joinedAt.localeCompare(b.joinedAt));
};

const attendancesOf = ({ emailAddress, identity, attendanceIntervals }: AttendanceRecord): Attendance[] =>
  (attendanceIntervals ?? []).map(({ joinDateTime, leaveDateTime }) => ({
    name: identity?.displayName || undefined,
    email: emailAddress?.toLowerCase() || undefined,
    joinedAt: joinDateTime,
    leftAt: leaveDateTime ?? undefined,
  }));
