/**
 * Reads who was in a meeting: https://learn.microsoft.com/graph/api/meetingattendancereport-list. Each session of a meeting
 * has a report, which exists after the session and is readable by the organizer only.
 */
import { z } from 'zod';
import { toInstant } from '../../domain/time/epoch.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import type { Attendance, CallContext, ConnectedAccount } from '../ports.ts';
import { type GraphClient, pathOfLink } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import { onlineMeetingErrors } from './meeting-errors.ts';

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

/** More pages than any audition has. A webinar can have thousands of people. */
const maxPages = 20;

interface MeetingCall {
  readonly client: GraphClient;
  readonly operation: ProviderOperation;
  readonly connection: ConnectedAccount;
  readonly call: CallContext;
}

/** Returns the presence of each person in all sessions of the meeting. Empty while no report exists. */
export const readAttendance = async (
  meeting: MeetingCall,
  meetingPath: string,
): Promise<readonly Attendance[]> => {
  const all: Attendance[] = [];
  for (const { id } of await readPages(meeting, `${meetingPath}/attendanceReports`, reportSchema)) {
    const path = `${meetingPath}/attendanceReports/${encodeURIComponent(id)}/attendanceRecords`;
    all.push(...(await readPages(meeting, path, recordSchema)).flatMap(attendancesOf));
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

const readPages = async <Item extends z.ZodType>(
  { client, operation, connection, call }: MeetingCall,
  first: string,
  item: Item,
): Promise<readonly z.output<Item>[]> => {
  const pageSchema = z.object({ value: z.array(item), '@odata.nextLink': z.string().optional() });
  const all: z.output<Item>[] = [];
  let path: string | undefined = first;
  for (let page = 0; page < maxPages && path !== undefined; page += 1) {
    const answer: z.output<typeof pageSchema> = await client.exchange(
      operation,
      connection,
      call,
      pageSchema,
      {
        method: 'get',
        path,
        errors: onlineMeetingErrors,
      },
    );
    all.push(...answer.value);
    const next = answer['@odata.nextLink'];
    path = next === undefined ? undefined : pathOfLink(next);
  }
  if (path === undefined) return all;
  const message = `more than ${maxPages} pages of attendance`;
  throw graphError(operation, { code: 'too_many_reports', message }, onlineMeetingErrors);
};
