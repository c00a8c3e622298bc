/** Queries busy times: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query */
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

/**
 * Returns the busy intervals of up to 50 calendars. A calendar that cannot be read is an error, never free.
 *
 * @throws {ProviderError}
 */
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
  const answers = calendarIds.map(
    (id) => calendars[id] ?? aliasOf(id, calendarIds, connection, calendars) ?? unknownCalendar,
  );
  const reason = answers.flatMap(({ errors }) => errors ?? []).at(0)?.reason;
  if (reason === undefined) return answers.flatMap(({ busy }) => busy);
  const isTransient = reason === 'internalError' || reason === 'backendError';
  throw googleError(freeBusyOperation, {
    code: isTransient ? 'calendar_busy' : 'calendar_unreadable',
    message: `a calendar could not be read: ${reason}`,
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
