/**
 * Reads the records of conferences: https://developers.google.com/workspace/meet/api/guides/conferences. Each opening of a
 * meeting has a record, which exists for 30 days after its end.
 */
import { z } from 'zod';
import { nextPageField } from '../next-page.ts';
import { googleError } from './errors.ts';
import type { CallScope } from './event-ids.ts';

export const nextPageToken = nextPageField.describe('Absent on the last page');

/** https://developers.google.com/workspace/meet/api/reference/rest/v2/conferenceRecords */
const recordsSchema = z.object({
  conferenceRecords: z
    .array(
      z.object({
        name: z.string().describe('`conferenceRecords/` and the id of the record'),
        startTime: z.string().optional().describe('RFC 3339'),
        endTime: z.string().optional().describe('Absent while the conference runs'),
      }),
    )
    .default([]),
  nextPageToken,
});
export type ConferenceRecord = z.infer<typeof recordsSchema>['conferenceRecords'][number];

/** More pages than any audition has. */
const maxPages = 20;
/** The largest page of records. */
const recordsPerPage = 100;

/** Returns the records of all conferences with this meeting code, the newest first. */
export const readConferenceRecords = (
  scope: CallScope,
  code: string,
): Promise<readonly ConferenceRecord[]> => {
  const { client, operation, connection, call } = scope;
  const filter = `space.meeting_code = "${code}"`;
  return readRecordPages(scope, async (page) => {
    const answer = await client.exchangeWithMeet(
      operation,
      connection,
      call,
      recordsSchema,
      (meet, options) => meet.conferenceRecords.list({ filter, pageSize: recordsPerPage, ...page }, options),
    );
    return { items: answer.conferenceRecords, next: answer.nextPageToken };
  });
};

/** Returns the items of all pages. @throws {ProviderError} when there are more pages than are read */
export const readRecordPages = async <Item>(
  { operation }: CallScope,
  read: (page: {
    readonly pageToken?: string;
  }) => Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>,
): Promise<readonly Item[]> => {
  const all: Item[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const { items, next } = await read(pageToken === undefined ? {} : { pageToken });
    all.push(...items);
    if (next === undefined) return all;
    pageToken = next;
  }
  throw googleError(operation, {
    code: 'too_many_records',
    message: `more than ${maxPages} pages of records`,
  });
};
