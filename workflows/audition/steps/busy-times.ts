/** Step 1: is everybody free, and if a window was given, when? */
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

/** When the participants' connected calendars are taken, one question per connection, all asked at once. */
export const findBusyTimes = async (run: AuditionRun, window: Window): Promise<readonly BusyInterval[]> => {
  const questions = byConnection(calendarsOf(run).map(({ calendar }) => calendar)).map((calendars) =>
    findBusyOfConnection(run, calendars, window),
  );
  return (await Promise.all(questions)).flat();
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
      hint: 'Retry when the calendar answers again, skip to go on without looking, or abort.',
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

/** The calendars that are written to and looked at: one for each participant who has connected one. */
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
