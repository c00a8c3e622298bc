/** Busy times: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query */
import { z } from 'zod';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import { googleError } from './errors.ts';

const freeBusyOperation = operationOf('google', 'calendar.freeBusy');

const instant = z.string().transform((text) => instantSchema.parse(new Date(text).toISOString()));

const answerSchema = z.object({
  errors: z.array(z.object({ reason: z.string().default('unknown') })).optional(),
  busy: z.array(z.object({ start: instant, end: instant })).default([]),
});
const freeBusySchema = z.object({ calendars: z.record(z.string(), answerSchema) });
type Answers = z.infer<typeof freeBusySchema>['calendars'];

const unknownCalendar: z.infer<typeof answerSchema> = { errors: [{ reason: 'notFound' }], busy: [] };

/** A calendar that cannot be read is an error, not a free one. */
export const queryFreeBusy = async (
  client: GoogleClient,
  connection: ConnectedAccount,
  calendarIds: readonly string[],
  window: { readonly from: string; readonly until: string },
  call: CallContext,
): Promise<readonly BusyInterval[]> => {
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
  const asked = calendarIds.map(
    (id) => calendars[id] ?? aliasOf(id, calendarIds, connection, calendars) ?? unknownCalendar,
  );
  const reason = asked.flatMap(({ errors }) => errors ?? []).at(0)?.reason;
  if (reason === undefined) return asked.flatMap(({ busy }) => busy);
  const passing = reason === 'internalError' || reason === 'backendError';
  throw googleError(freeBusyOperation, {
    code: passing ? 'calendar_busy' : 'calendar_unreadable',
    message: `a calendar could not be read: ${reason}`,
  });
};

/** `primary` may be answered under the calendar's real id: the account's address, or the one nobody asked for. */
const aliasOf = (
  id: string,
  calendarIds: readonly string[],
  { account }: ConnectedAccount,
  calendars: Answers,
): Answers[string] | undefined => {
  if (id !== 'primary') return undefined;
  const [unasked, ...others] = Object.keys(calendars).filter((known) => !calendarIds.includes(known));
  const only = unasked !== undefined && others.length === 0 ? calendars[unasked] : undefined;
  return calendars[account] ?? only;
};
