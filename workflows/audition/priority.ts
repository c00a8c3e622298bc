/** How urgent a step at an outside service is. Internal steps have no backlog to be put in order. */
import type { Priority } from '@temporalio/common';
import { stepPriority } from '../../domain/audition/priority.ts';
import type { AuditionRun } from './run.ts';

/**
 * `deadline` says that the step itself cannot wait: a reminder is of no use afterwards, and whoever requested the
 * audition waits for the look into the calendars.
 */
export const priorityOf = ({ plan, journal }: AuditionRun, deadline?: 'deadline'): Priority =>
  stepPriority(plan.organization, {
    hasDeadline: deadline !== undefined,
    slot: journal.view.slot,
    now: Date.now(),
  });
