/**
 * Reads who was in a conference: https://developers.google.com/workspace/meet/api/guides/participants. Meet shows names and
 * no addresses. Its records exist for 30 days.
 */
import { z } from 'zod';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Attendance } from '../ports.ts';
import { nextPageToken, readConferenceRecords, readRecordPages } from './conference-records.ts';
import { googleError } from './errors.ts';
import type { CallScope } from './event-ids.ts';
import { meetRecordsScope } from './settings.ts';
import { mayCallMeet } from './spaces.ts';

const instant = z.iso.datetime({ offset: true }).transform((text) => toInstant(Date.parse(text)));

const personSchema = z.object({ displayName: z.string().optional().describe('The name that Meet shows') });

/** https://developers.google.com/workspace/meet/api/reference/rest/v2/conferenceRecords.participants */
const participantsSchema = z.object({
  participants: z
    .array(
      z.object({
        name: z.string().describe('The name of the record, and the id of the participant'),
        signedinUser: personSchema.optional().describe('A person with a Google account'),
        anonymousUser: personSchema.optional().describe('A person without one, with a name of their choice'),
        phoneUser: personSchema.optional().describe('A person on the phone, with a part of their number'),
      }),
    )
    .default([]),
  nextPageToken,
});

/** https://developers.google.com/workspace/meet/api/reference/rest/v2/conferenceRecords.participants.participantSessions */
const sessionsSchema = z.object({
  participantSessions: z
    .array(
      z.object({
        startTime: instant.describe('When the person joined with a device'),
        endTime: instant.optional().describe('Absent while the person is in the conference'),
      }),
    )
    .default([]),
  nextPageToken,
});

/** The largest page of participants and of their sessions. */
const peoplePerPage = 250;

/**
 * Returns the presence of each person in all conferences with this meeting code, from the first to the last. A person with
 * two devices is present twice. Undefined without a record: Meet lists records to owners and participants of the space
 * only (https://developers.google.com/workspace/meet/api/guides/conferences), so the list of another account is empty too.
 */
export const readConferenceAttendance = async (
  scope: CallScope,
  code: string,
): Promise<readonly Attendance[] | undefined> => {
  if (!mayCallMeet(scope, meetRecordsScope)) {
    throw googleError(scope.operation, {
      code: 'meet_scope_missing',
      message: `the consent does not cover the attendance of Meet (${meetRecordsScope}): connect the account again and allow it`,
    });
  }
  const records = await readConferenceRecords(scope, code);
  if (records.length === 0) return undefined;
  const all: Attendance[] = [];
  for (const { name } of records) all.push(...(await attendanceOf(scope, name)));
  return all.toSorted((a, b) => a.joinedAt.localeCompare(b.joinedAt));
};

const attendanceOf = async (scope: CallScope, record: string): Promise<readonly Attendance[]> => {
  const { client, operation, connection, call } = scope;
  const participants = await readRecordPages(scope, async (page) => {
    const answer = await client.exchangeWithMeet(
      operation,
      connection,
      call,
      participantsSchema,
      (meet, options) =>
        meet.conferenceRecords.participants.list(
          { parent: record, pageSize: peoplePerPage, ...page },
          options,
        ),
    );
    return { items: answer.participants, next: answer.nextPageToken };
  });
  const all: Attendance[] = [];
  for (const { name: parent, signedinUser, anonymousUser, phoneUser } of participants) {
    const { displayName } = signedinUser ?? anonymousUser ?? phoneUser ?? {};
    const sessions = await readRecordPages(scope, async (page) => {
      const answer = await client.exchangeWithMeet(
        operation,
        connection,
        call,
        sessionsSchema,
        (meet, options) =>
          meet.conferenceRecords.participants.participantSessions.list(
            { parent, pageSize: peoplePerPage, ...page },
            options,
          ),
      );
      return { items: answer.participantSessions, next: answer.nextPageToken };
    });
    all.push(
      ...sessions.map(({ startTime, endTime }) => ({
        name: displayName || undefined,
        joinedAt: startTime,
        leftAt: endTime,
      })),
    );
  }
  return all;
};
