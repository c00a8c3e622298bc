/** Queries busy times: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query */
import { DateTime } from 'luxon';
import { z } from 'zod';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import type { ProviderError } from '../../domain/errors.ts';
import { nearestInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { operationOf } from '../operations.ts';
import { optionalField } from '../optional-field.ts';
import type { CallContext, ConnectedAccount, HiddenTimes } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import { googleError } from './errors.ts';

const freeBusyOperation = operationOf('google', 'calendar.freeBusy');

/**
 * A time without an offset is in UTC, the zone of the answer to a query that names none (`timeZone` of the query): never in the
 * zone of this process. Undefined for a text that is no time.
 */
const instant = z.string().transform((text): Instant | undefined => {
  const read = DateTime.fromISO(text, { zone: 'utc' });
  return read.isValid ? nearestInstant(read.toMillis()) : undefined;
});

const answerSchema = z.object({
  errors: z.array(z.object({ reason: optionalField(z.string()) }).catch({ reason: undefined })).optional(),
  busy: z
    .array(
      z
        .object({ start: instant, end: instant })
        .transform(({ start, end }): BusyInterval | 'unreadable' =>
          start !== undefined && end !== undefined && start <= end ? { start, end } : 'unreadable',
        ),
    )
    .default([]),
});
const freeBusySchema = z.object({ calendars: z.record(z.string(), answerSchema) });
type Answers = z.infer<typeof freeBusySchema>['calendars'];

const unknownCalendar: z.infer<typeof answerSchema> = { errors: [{ reason: 'notFound' }], busy: [] };

/**
 * Returns the answer for each of up to 50 calendars, in their order. A calendar that cannot be read has an error of its own:
 * https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query (`calendars.(key).errors`).
 *
 * @throws {ProviderError} when the query fails as a whole.
 */
const queryAnswers = async (
  client: GoogleClient,
  connection: ConnectedAccount,
  calendarIds: readonly string[],
  window: { readonly from: string; readonly until: string },
  call: CallContext,
): Promise<readonly Answers[string][]> => {
  const requestBody = {
    timeMin: window.from,
    timeMax: window.until,
    items: calendarIds.map((id) => ({ id })),
  };
  const { calendars } = await client.exchange(
    freeBusyOperation,
    connection,
    call,
    freeBusySchema,
    (calendar, options) => calendar.freebusy.query({ requestBody }, options),
  );
  return calendarIds.map(
    (id) => calendars[id] ?? aliasOf(id, calendarIds, connection, calendars) ?? unknownCalendar,
  );
};

/**
 * Returns the busy intervals of up to 50 calendars. A calendar that cannot be read is an error, never free.
 *
 * @throws {ProviderError}
 */
export const queryFreeBusy = async (
  ...query: Parameters<typeof queryAnswers>
): Promise<readonly BusyInterval[]> => {
  const answers = await queryAnswers(...query);
  const unreadable = answers.map(errorIn).find((error) => error !== undefined);
  if (unreadable) throw unreadable;
  return answers.flatMap(timesIn);
};

/**
 * Returns the busy times of up to 50 calendars, each with its own error. Google does not tell tentative events from others,
 * and can join times that touch or overlap.
 *
 * @throws {ProviderError} when the query fails as a whole.
 */
export const queryHiddenTimes = async (
  ...query: Parameters<typeof queryAnswers>
): Promise<readonly HiddenTimes[]> => {
  const answers = await queryAnswers(...query);
  return answers.map((answer): HiddenTimes => {
    const error = errorIn(answer);
    return error
      ? { kind: 'failed', error }
      : { kind: 'times', times: timesIn(answer).map((time) => ({ ...time, kind: 'merged', busy: 'busy' })) };
  });
};

const timesIn = ({ busy }: Answers[string]): readonly BusyInterval[] =>
  busy.filter((time) => time !== 'unreadable');

/** A calendar with a time that cannot be read cannot be read itself: the time must not count as free. */
const errorIn = ({ errors = [], busy }: Answers[string]): ProviderError | undefined => {
  const [first] = errors;
  if (!first) {
    return busy.includes('unreadable')
      ? googleError(freeBusyOperation, {
          code: 'busy_time_unreadable',
          message: 'the answer has a busy time that cannot be read',
        })
      : undefined;
  }
  const isTransient = first.reason === 'internalError' || first.reason === 'backendError';
  return googleError(freeBusyOperation, {
    code: isTransient ? 'calendar_busy' : 'calendar_unreadable',
    message: `a calendar could not be read: ${first.reason ?? 'unknown'}`,
  });
};

/** Google can answer `primary` under the calendar's real id: the account's address, or the only id that was not requested. */
const aliasOf = (
  id: string,
  calendarIds: readonly string[],
  { account }: ConnectedAccount,
  calendars: Answers,
): Answers[string] | undefined => {
  if (id !== 'primary') return undefined;
  const [unrequested, ...others] = Object.keys(calendars).filter((key) => !calendarIds.includes(key));
  const only = unrequested !== undefined && others.length === 0 ? calendars[unrequested] : undefined;
  return calendars[account] ?? only;
};
