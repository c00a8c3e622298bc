/**
 * Lists the changes of a feed. A feed has no protocol for changes: its text is read whole, and compared by its digest with
 * the text that was listed last, without the lines that change with each download. A text that has changed is listed as a whole. Only events that block time are listed.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import type { BusyTime } from '../icalendar/busy-times.ts';
import { type CalendarFault, losesOccurrences, textsOf } from '../icalendar/faults.ts';
import { operationOf } from '../operations.ts';
import type { CalendarChanges, LeftOutOfPage, ListedChange } from '../ports.ts';
import { differentFaults, type ReportUnreadable } from '../unreadable-events.ts';
import { readFeed } from './busy-times.ts';
import { feedError, fromFeed } from './errors.ts';
import { reportDamagedEvents } from './feed-faults.ts';
import type { FeedReader } from './feed-reader.ts';
import { listedAheadMs, longestUid, maxBusyTimes, shortestListMs } from './settings.ts';

const operation = operationOf('ics', 'calendar.listChanges');

const cursorSchema = z.object({
  digest: z.string().describe('Of the text that was listed'),
  until: instantSchema.describe('Where the list ends'),
});

/**
 * Lines that some publishers write anew at each download, and that say nothing about the time of an event (RFC 5545, sections
 * 3.7.3, 3.8.7.2 and 3.8.7.3). Lines that begin with white space continue the one before them (section 3.1).
 */
const volatileLines = /^(?:DTSTAMP|LAST-MODIFIED|PRODID)[:;].*(?:\r?\n[ \t].*)*(?:\r?\n|$)/gim;

const digestOf = (text: string): string =>
  createHash('sha256').update(text.replaceAll(volatileLines, '')).digest('base64url');

/** Creates the changes of feeds. `reportUnreadable` is called after each listing of a feed that has damaged events. */
export const createFeedChanges = (
  feeds: Pick<FeedReader, 'read'>,
  reportUnreadable: ReportUnreadable,
  now: () => number = Date.now,
): CalendarChanges => ({
  name: 'ics',
  changesRarely: true,
  listChanges: async (connection, _calendarId, position, call) => {
    try {
      const text = await feeds.read(connection, operation, call);
      const digest = digestOf(text);
      if (position.kind === 'changes') {
        return isCurrent(position.cursor, digest, now())
          ? { kind: 'page', changes: [], nextCursor: position.cursor }
          : { kind: 'cursor_expired' };
      }
      const until = toInstant(now() + listedAheadMs);
      const { busy, faults } = await readFeed(text, { from: position.since, until }, maxBusyTimes, call);
      reportDamagedEvents(connection, faults, reportUnreadable);
      if (busy.length > maxBusyTimes) throw tooManyEvents();
      const nextCursor = JSON.stringify(cursorSchema.parse({ digest, until }));
      return {
        kind: 'page',
        changes: busy.map(toChange),
        leftOut: leftOutOf(faults),
        listedUntil: until,
        nextCursor,
      };
    } catch (error) {
      throw fromFeed(operation, error, call);
    }
  },
});

const isName = (uid: string): boolean => uid !== '' && uid.length <= longestUid;

/** What was listed of a damaged event stays. Its UID is its only name. */
const leftOutOf = (faults: readonly CalendarFault[]): LeftOutOfPage | undefined => {
  if (faults.length === 0) return undefined;
  const uids = faults.filter(losesOccurrences).map(({ uid = '' }) => uid);
  const named = [...new Set(uids.filter(isName))].map((uid) => ({ by: 'uid', uid }) as const);
  const unnamed = uids.filter((uid) => !isName(uid)).map(() => ({ by: 'unknown' }) as const);
  return { events: [...named, ...unnamed], faults: differentFaults(textsOf(faults)) };
};

const isCurrent = (text: string, digest: string, nowMs: number): boolean => {
  const cursor = cursorSchema.safeParse(parsed(text)).data;
  return cursor?.digest === digest && toEpochMs(cursor.until) - nowMs >= shortestListMs;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Events of a feed have no ids but their UIDs, which all occurrences of a series share. */
const toChange = ({ start, end, busy, uid = '' }: BusyTime): ListedChange => ({
  id: createHash('sha256').update(`${start} ${end} ${uid}`).digest('hex').slice(0, 40),
  ...(uid === '' || uid.length > longestUid ? {} : { uid }),
  event: { start, end, zone: 'UTC', isAllDay: false, busy },
});

const tooManyEvents = () =>
  feedError(operation, {
    code: 'too_many_events',
    message: `the calendar has more than ${maxBusyTimes} busy times in a year`,
  });
