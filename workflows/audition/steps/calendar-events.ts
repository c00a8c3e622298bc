/** Step 3: writes the event to every connected calendar, concurrently. */
import { proxyActivities } from '@temporalio/workflow';
import type { CalendarActivities } from '../../../activities/contract.ts';
import { correlatedIds } from '../../../domain/audition/plan.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { queueOfCalendar } from '../../task-queues.ts';
import { activityOptions } from '../activity-options.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { calendarsOf, type OwnedCalendar } from './busy-times.ts';

/** Writes the events for this revision of the slot. Creates them at first; moves the same events later. */
export const writeCalendarEvents = async (run: AuditionRun, slot: Slot, revision: number): Promise<void> => {
  await Promise.all(calendarsOf(run).map((owned) => writeEvent(run, owned, slot, revision)));
};

const writeEvent = async (
  run: AuditionRun,
  { owner, calendar }: OwnedCalendar,
  slot: Slot,
  revision: number,
): Promise<void> => {
  const { plan, journal, saga } = run;
  const key = run.idempotencyKeyOf(`calendar-event:${owner}:r${revision}`);
  const activities = proxyActivities<CalendarActivities>(
    activityOptions(run, {
      queue: queueOfCalendar(calendar.provider),
      summary: `Write the event to ${calendar.provider} ${calendar.connection}`,
    }),
  );
  saga.register({ id: key, stage: 'calendar_events', kind: 'remove_event', key, calendar });
  const outcome = await retryUntilResolved(
    run,
    {
      step: 'calendar_event',
      purpose: `write the event to the calendar of connection ${calendar.connection}`,
      hint: 'Retry when the calendar works again or is reconnected, skip to continue without this event, or abort.',
      actions: ['retry', 'skip', 'abort'],
    },
    () =>
      activities.writeEvent({
        ...correlatedIds(plan),
        key,
        calendar,
        slot,
        revision,
        summary: `Audition: ${plan.role.name}, ${plan.project.title}`,
        description: [journal.view.meeting?.joinUrl, plan.notes].filter(Boolean).join('\n\n'),
        location: slot.room ?? journal.view.meeting?.joinUrl,
      }),
  );
  if (outcome.kind === 'done') {
    const { provider, connection } = calendar;
    const { eventId } = outcome.result;
    run.record({ type: 'calendar_event_written', participant: owner, provider, connection, eventId });
  }
};
