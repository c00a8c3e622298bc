/** Step 1: queries when the participants are busy. */
import { proxyActivities } from '@temporalio/workflow';
import type { CalendarActivities } from '../../../activities/contract.ts';
import { correlatedIds } from '../../../domain/audition/plan.ts';
import type { CalendarRef } from '../../../domain/audition/request.ts';
import type { BusyInterval, Slot } from '../../../domain/audition/slot.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { queueOfCalendar } from '../../task-queues.ts';
import { activityOptions } from '../activity-options.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';

type Window = { readonly from: Slot['start']; readonly until: Slot['end'] };

/** Returns the busy times in all connected calendars. Queries each connection once, all concurrently. */
export const findBusyTimes = async (run: AuditionRun, window: Window): Promise<readonly BusyInterval[]> => {
  const queries = byConnection(calendarsOf(run).map(({ calendar }) => calendar)).map((calendars) =>
    findBusyOfConnection(run, calendars, window),
  );
  return (await Promise.all(queries)).flat();
};

const findBusyOfConnection = async (
  run: AuditionRun,
  [first, ...rest]: readonly [CalendarRef, ...CalendarRef[]],
  window: Window,
): Promise<readonly BusyInterval[]> => {
  const calendars = proxyActivities<CalendarActivities>(
    activityOptions(run, {
      queue: queueOfCalendar(first.provider),
      summary: `Free/busy of ${first.provider} ${first.connection}`,
      isUrgent: true,
    }),
  );
  const outcome = await retryUntilResolved(
    run,
    {
      step: 'conflict_check',
      purpose: `read the calendars of connection ${first.connection}`,
      hint: 'Retry when the calendar works again, skip to continue without this check, or abort.',
      actions: ['retry', 'skip', 'abort'],
      onAsked: () => {
        run.firstResult ??= { kind: 'needs_attention', view: run.journal.view };
      },
    },
    () =>
      calendars.findBusy({
        ...correlatedIds(run.plan),
        provider: first.provider,
        connection: first.connection,
        calendarIds: [first, ...rest].map(({ calendarId }) => calendarId),
        window,
      }),
  );
  return outcome.kind === 'done' ? outcome.result : [];
};

export interface OwnedCalendar {
  readonly owner: ParticipantId;
  readonly calendar: CalendarRef;
}

/** Returns the calendars to read and write: one for each participant with a connected calendar, without duplicates. */
export const calendarsOf = ({ plan }: AuditionRun): readonly OwnedCalendar[] => {
  const all = plan.participants.flatMap(({ id, calendar }) => (calendar ? [{ owner: id, calendar }] : []));
  return all.filter(
    ({ calendar }, index) => all.findIndex((other) => isSameCalendar(calendar, other.calendar)) === index,
  );
};

const isSameCalendar = (a: CalendarRef, b: CalendarRef): boolean =>
  a.connection === b.connection && a.calendarId === b.calendarId;

const byConnection = (calendars: readonly CalendarRef[]): readonly [CalendarRef, ...CalendarRef[]][] => {
  const groups = new Map<CalendarRef['connection'], [CalendarRef, ...CalendarRef[]]>();
  for (const calendar of calendars) {
    const group = groups.get(calendar.connection);
    if (group) group.push(calendar);
    else groups.set(calendar.connection, [calendar]);
  }
  return [...groups.values()];
};
