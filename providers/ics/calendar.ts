/**
 * Implements the reading of calendars for ICS feeds: an address at which a calendar is published (RFC 5545 over HTTP). A
 * feed has one calendar, with the id `primary`, and cannot be written.
 */
import { toInstantWithin } from '../icalendar/instant-range.ts';
import { type CallOperation, operationOf } from '../operations.ts';
import type { CallContext, ConnectedAccount, ReadableCalendarProvider } from '../ports.ts';
import type { ReportUnreadable } from '../unreadable-events.ts';
import { createBusySpans } from './busy-spans.ts';
import { busyEventsIn, busyPartsOf, feedName, type PreparedFeed } from './busy-times.ts';
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
  readonly call: CallContext;
}

/** Creates the provider. `reportUnreadable` is called after each reading of a feed that has damaged events. */
export const createFeedCalendar = (
  feeds: Pick<FeedReader, 'read'>,
  reportUnreadable: ReportUnreadable,
): ReadableCalendarProvider => {
  const prepared = createPreparedFeeds();
  const spansOf = createBusySpans();

  const prepare = async ({ operation, connection, call }: Reading): Promise<PreparedFeed> => {
    try {
      const text = await feeds.read(connection, operation, call);
      const feed = await prepared.get(connection.id, text, call);
      reportDamagedEvents(connection, feed.calendar.faults, reportUnreadable);
      return feed;
    } catch (error) {
      throw fromFeed(operation, error, call);
    }
  };

  const read = async <Times>(
    reading: Reading,
    timesOf: (feed: PreparedFeed) => Promise<Times | undefined>,
  ): Promise<Times> => {
    const feed = await prepare(reading);
    const { operation, call } = reading;
    try {
      const times = await timesOf(feed);
      if (!times) throw tooManyTimes(operation);
      return times;
    } catch (error) {
      throw fromFeed(operation, error, call);
    }
  };

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
      const spans = await read({ operation: freeBusy, connection, call }, (feed) =>
        spansOf.in(feed, window, call),
      );
      return spans.map(({ start, end }) => ({ start: toInstantWithin(start), end: toInstantWithin(end) }));
    },
    busyEvents: async (connection, _calendarId, window, call) =>
      busyEventsIn(
        await read({ operation: listEvents, connection, call }, (feed) =>
          busyPartsOf(feed, window, maxBusyTimes, call),
        ),
      ),
    hasEventNamed: async (connection, isWanted, call) => {
      const { calendar } = await prepare({ operation: listEvents, connection, call });
      for (const uid of calendar.uids) if (isWanted(uid)) return true;
      return false;
    },
  };
};

const tooManyTimes = (operation: CallOperation) =>
  feedError(operation, {
    code: 'too_many_events',
    message: `the calendar has more than ${maxBusyTimes} busy times in the window`,
  });
