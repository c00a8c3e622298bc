/**
 * Reads when a CalDAV calendar is busy with no more than the privilege `CALDAV:read-free-busy` (RFC 4791, section 6.1.1). It
 * permits nothing but a free/busy query (section 7.10): the server refuses to list or to describe such a calendar.
 */
import { randomUUID } from 'node:crypto';
import { ProviderError } from '../../domain/errors.ts';
import { readBusyTimes } from '../icalendar/busy-times.ts';
import type { CalendarFault } from '../icalendar/faults.ts';
import type { Span } from '../icalendar/series.ts';
import { utc } from '../icalendar/zones/zone.ts';
import { operationOf, withoutEffect } from '../operations.ts';
import type { HiddenCalendars, HiddenTime, HiddenTimes } from '../ports.ts';
import { answerAbout } from './answers.ts';
import type { FetchFor } from './client.ts';
import { readCollectionState } from './collection.ts';
import { digitsOf } from './dav-values.ts';
import { appleError } from './errors.ts';
import { calendarUrlOf } from './event-resources.ts';
import { type CaldavScope, exchange, reportFaults } from './exchange.ts';

const freeBusy = operationOf('apple', 'calendar.freeBusy');

/** Creates the reader. `fetchFor` must return a guarded `fetch`, because a person names the server. */
export const createHiddenCalendars = (
  fetchFor: FetchFor,
  reportUnreadable: CaldavScope['reportUnreadable'],
): HiddenCalendars => ({
  // The query is about one calendar.
  mostPerQuery: 1,
  busyTimes: (connection, calendars, window, call) => {
    const scope = { fetchFor, reportUnreadable, operation: freeBusy, connection, call };
    return Promise.all(
      calendars.map(async ({ calendarId }): Promise<HiddenTimes> => {
        try {
          return { kind: 'times', times: await queryFreeBusy(scope, calendarId, window) };
        } catch (error) {
          if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect') throw error;
          return { kind: 'failed', error };
        }
      }),
    );
  },
});

const queryFreeBusy = async (
  scope: CaldavScope,
  calendarId: string,
  window: { readonly from: string; readonly until: string },
): Promise<readonly HiddenTime[]> => {
  const reading = { ...scope, operation: withoutEffect(scope.operation) };
  const url = calendarUrlOf(scope.operation, calendarId);
  const span = { start: Date.parse(window.from), end: Date.parse(window.until) };
  const text = await sendQuery(reading, url, span);
  const faults: CalendarFault[] = [];
  const query = { window: span, owner: utc, addresses: new Set<string>() };
  const times = readBusyTimes(text, query, (fault) => faults.push(fault));
  reportFaults(scope, url, faults);
  if (times.length === 0 && !(await isKnown(reading, url, span))) {
    throw appleError(reading.operation, { status: 404, message: 'the calendar does not exist' });
  }
  // Section 7.10: servers should join times of one type that follow each other or overlap.
  return times.map(({ start, end, busy }) => ({ kind: 'merged', start, end, busy }));
};

/** Returns the answer. @throws {ProviderError} when it is no calendar */
const sendQuery = async (scope: CaldavScope, url: string, span: Span): Promise<string> => {
  const text = await exchange(scope, async ({ headers, fetch }) => {
    const answer = await fetch(url, {
      method: 'REPORT',
      headers: { ...headers, 'content-type': 'application/xml; charset=utf-8', depth: '1' },
      body: queryText(span),
    });
    return answer.text();
  });
  // A login page answers 200.
  if (!/^BEGIN:VCALENDAR\s*$/im.test(text)) {
    throw appleError(scope.operation, {
      code: 'not_a_calendar',
      message: 'the answer to the free/busy query is no calendar',
    });
  }
  return text;
};

/**
 * Whether a calendar without busy times exists. A server exists that answers a free/busy query for any address (DAViCal): a
 * deleted calendar would seem to be free. Other servers deny that a hidden calendar exists, or fail to describe it. A query for an
 * address that no calendar has tells them apart.
 *
 * @throws {ProviderError} when the server fails to describe the calendar, and its answer to the query proves nothing
 */
const isKnown = async (scope: CaldavScope, url: string, span: Span): Promise<boolean> => {
  const described = await answerAbout(readCollectionState(scope, url));
  if (described.kind === 'answered' || described.kind === 'refused') return true;
  const nowhere = new URL(`../${randomUUID()}/`, url).href;
  const probe = await answerAbout(sendQuery(scope, nowhere, span));
  if (probe.kind !== 'answered') return true;
  if (described.kind === 'failed') throw described.error;
  return false;
};

const queryText = ({ start, end }: Span): string =>
  [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav">',
    `<c:time-range start="${digitsOf(start)}" end="${digitsOf(end)}"/>`,
    '</c:free-busy-query>',
  ].join('');
