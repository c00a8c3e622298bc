/**
 * Reads when mailboxes are busy, as far as the account may see it: https://learn.microsoft.com/graph/api/calendar-getschedule.
 * A schedule is that of the main calendar of a mailbox.
 */
import { z } from 'zod';
import type { ProviderError } from '../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { hour, minute } from '../../domain/time/units.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, ConnectedAccount, HiddenTime, HiddenTimes } from '../ports.ts';
import { graphTimeOf, graphTimeSchema, instantOf } from './event-time.ts';
import type { GraphClient } from './graph-client.ts';
import { graphError } from './graph-errors.ts';

const freeBusy = operationOf('microsoft', 'calendar.freeBusy');

/** https://learn.microsoft.com/graph/api/resources/scheduleinformation */
const schedulesSchema = z.object({
  value: z.array(
    z.object({
      scheduleId: z.string().nullish().describe('The address, as it was requested'),
      error: z
        .object({ message: z.string().nullish(), responseCode: z.string().nullish() })
        .nullish()
        .describe('Why this schedule cannot be read'),
      availabilityView: z.string().nullish().describe('One digit for each interval'),
      scheduleItems: z
        .array(z.object({ status: z.string().nullish(), start: graphTimeSchema, end: graphTimeSchema }))
        .nullish()
        .describe('Absent when the account may only see when the mailbox is busy'),
    }),
  ),
});
type Schedule = z.infer<typeof schedulesSchema>['value'][number];

/** The most schedules in one request: https://learn.microsoft.com/graph/outlook-get-free-busy-schedule#limits-and-error-conditions */
export const mostSchedules = 20;

/** The shortest interval: https://learn.microsoft.com/graph/api/calendar-getschedule#request-body */
const viewMinutes = 5;
const intervalMs = viewMinutes * minute;

/**
 * Returns the busy times of up to 20 mailboxes within the window, in the order of the addresses. A mailbox that cannot be read
 * has an error of its own.
 *
 * @throws {ProviderError} when the request fails as a whole.
 */
export const querySchedules = async (
  client: GraphClient,
  connection: ConnectedAccount,
  addresses: readonly string[],
  window: { readonly from: Instant; readonly until: Instant },
  call: CallContext,
): Promise<readonly HiddenTimes[]> => {
  if (addresses.length === 0) return [];
  // A window shorter than the interval of the view would be refused.
  const start = Math.floor(toEpochMs(window.from) / hour) * hour;
  const end = Math.ceil(toEpochMs(window.until) / hour) * hour;
  const { value } = await client.exchange(freeBusy, connection, call, schedulesSchema, {
    method: 'post',
    path: '/me/calendar/getSchedule',
    body: {
      schedules: addresses,
      startTime: graphTimeOf(toInstant(start)),
      endTime: graphTimeOf(toInstant(end)),
      availabilityViewInterval: viewMinutes,
    },
  });
  return addresses.map((address, index) => {
    const named = value.find(({ scheduleId }) => scheduleId?.toLowerCase() === address.toLowerCase());
    // The documentation does not promise the order. An answer without names has that of the request.
    const schedule = named ?? (value.some(({ scheduleId }) => scheduleId) ? undefined : value[index]);
    const times = schedule && !schedule.error ? timesOf(schedule, start) : undefined;
    if (times === 'unreadable') return { kind: 'failed', error: unreadableTime() };
    if (!times) return { kind: 'failed', error: scheduleError(schedule?.error) };
    return {
      kind: 'times',
      times: times.filter((time) => time.end > window.from && time.start < window.until),
    };
  });
};

const unreadableTime = (): ProviderError =>
  graphError(freeBusy, {
    code: 'schedule_unreadable',
    message: 'the schedule has an event with a time that cannot be read',
  });

/** Returns the error of one schedule. Undefined: the answer lacks it. */
export const scheduleError = (error: Schedule['error']): ProviderError =>
  graphError(freeBusy, {
    code: error?.responseCode ?? 'schedule_missing',
    message: error?.message ?? 'the answer has no schedule of the mailbox',
  });

/**
 * Returns undefined when the answer has neither events nor a view. The view stands for events of which one has a time that
 * cannot be read, because the time must not count as free; without a view, the schedule is unreadable.
 */
const timesOf = (
  { scheduleItems, availabilityView }: Schedule,
  start: number,
): readonly HiddenTime[] | 'unreadable' | undefined => {
  const inView =
    availabilityView === null || availabilityView === undefined
      ? undefined
      : timesInView(availabilityView, start);
  if (!scheduleItems) return inView;
  const times = scheduleItems.map(timeOf);
  return times.includes('unreadable')
    ? (inView ?? 'unreadable')
    : times.filter((time) => time !== undefined && time !== 'unreadable');
};

/** Returns undefined for an event that takes no time. */
const timeOf = ({
  status,
  start,
  end,
}: NonNullable<Schedule['scheduleItems']>[number]): HiddenTime | 'unreadable' | undefined => {
  const busy = busyKindOf(status ?? '');
  if (!busy) return undefined;
  const [begins, ends] = [instantOf(start), instantOf(end)];
  if (begins === undefined || ends === undefined || begins > ends) return 'unreadable';
  return begins === ends ? undefined : { kind: 'time', start: begins, end: ends, busy };
};

/** https://learn.microsoft.com/graph/api/resources/scheduleitem. The documentation spells the values in both cases. */
const busyKindOf = (status: string): HiddenTime['busy'] | undefined => {
  switch (status.toLowerCase()) {
    case 'free':
    case 'workingelsewhere':
      return undefined;
    case 'tentative':
      return 'tentative';
    default:
      return 'busy';
  }
};

/** Free is 0, and 4 for someone who works elsewhere. Tentative is 1. Equal intervals that follow each other are one time. */
const timesInView = (view: string, start: number): readonly HiddenTime[] =>
  [...view.matchAll(/1+|[^014]+/g)].map(({ 0: digits, index }) => ({
    kind: 'merged',
    start: toInstant(start + index * intervalMs),
    end: toInstant(start + (index + digits.length) * intervalMs),
    busy: digits.startsWith('1') ? 'tentative' : 'busy',
  }));
