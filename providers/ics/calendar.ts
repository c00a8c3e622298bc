/**
 * Implements the reading of calendars for ICS feeds: an address at which a calendar is published (RFC 5545 over HTTP). A
 * feed has one calendar, with the id `primary`, and cannot be written.
 */
import { toInstantWithin } from '../icalendar/instant-range.ts';
import { type CallOperation, operationOf } from '../operations.ts';
import type { CallContext, ConnectedAccount, ReadableCalendarProvider } from '../ports.ts';
import type { ReportUnreadable } from '../unreadable-events.ts';
import { busySpansOf, feedName, readFeed } from './busy-times.ts';
import { feedError, fromFeed } from './errors.ts';
import { feedCalendarId, reportDamagedEvents } from './feed-faults.ts';
import type { FeedReader } from './feed-reader.ts';
import { createPreparedFeeds } from './prepared-feeds.ts';
import { maxBusyTimes } from './settings.ts';

const freeBusy = operationOf('ics', 'calendar.freeBusy');
const listEvents = operationOf('ics', 'calendar.listEvents');
const listCalendars = operationOf('ics', 'calendar.listCalendars');

interface Reading {
  readonly operation: CallOperation;
  readonly connection: ConnectedAccount;
  readonly window: Parameters<ReadableCalendarProvider['freeBusy']>[2];
  readonly call: CallContext;
}

/** Creates the provider. `reportUnreadable` is called after each reading of a feed that has damaged events. */
export const createFeedCalendar = (
  feeds: Pick<FeedReader, 'read'>,
  reportUnreadable: ReportUnreadable,
): ReadableCalendarProvider => {
  const read = async ({ operation, connection, window, call }: Reading) => {
    try {
      const text = await feeds.read(connection, operation, call);
      const { busy, faults } = await readFeed(text, window, maxBusyTimes, call);
      reportDamagedEvents(connection, faults, reportUnreadable);
      if (busy.length <= maxBusyTimes) return busy;
      throw tooManyTimes(operation);
    } catch (error) {
      throw fromFeed(operation, error, call);
    }
  };

  const prepared = createPreparedFeeds();

  return {
    name: 'ics',
    calendarList: {
      scopes: [],
      list: async (connection, _scopes, call) => {
        const text = await feeds.read(connection, listCalendars, call);
        return [{ calendarId: feedCalendarId, name: feedName(text) ?? '', isMain: true, isWritable: false }];
      },
    },
    freeBusy: async (connection, _calendarIds, window, call) => {
      try {
        const text = await feeds.read(connection, freeBusy, call);
        const feed = await prepared.get(connection.id, text, call);
        reportDamagedEvents(connection, feed.calendar.faults, reportUnreadable);
        const spans = await busySpansOf(feed, window, maxBusyTimes, call);
        if (!spans) throw tooManyTimes(freeBusy);
        return spans.map(({ start, end }) => ({ start: toInstantWithin(start), end: toInstantWithin(end) }));
      } catch (error) {
        throw fromFeed(freeBusy, error, call);
      }
    },
    busyEvents: async (connection, _calendarId, window, call) => {
      const times = await read({ operation: listEvents, connection, window, call });
      return times.map(({ start, end, busy, uid = '' }) => ({ start, end, busy, eventId: uid }));
    },
  };
};

const tooManyTimes = (operation: CallOperation) =>
  feedError(operation, {
    code: 'too_many_events',
    message: `the calendar has more than ${maxBusyTimes} busy times in the window`,
  });
