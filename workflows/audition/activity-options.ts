/** Returns the options of activities that call a provider. */
import type { TaskQueue } from '../../activities/contract.ts';
import { stepPriority } from '../../domain/audition/priority.ts';
import { day, second } from '../../domain/time/units.ts';
import { taskQueue } from '../task-queues.ts';
import type { AuditionRun } from './run.ts';

interface Step {
  readonly queue: TaskQueue;
  /** Shown in Temporal's Web UI. */
  readonly summary: string;
  /**
   * The policy setting that limits the total time of all attempts. `fallback`: minutes before a session, everyone waits for
   * the next provider. `recovery`: no step waits, and the provider is expected to be back within a day.
   */
  readonly patience?: 'stepPatience' | 'meetingPatience' | 'fallback' | 'recovery' | undefined;
  /** The longest pause between two attempts. */
  readonly maximumInterval?: '5 seconds' | '30 seconds' | '1 minute' | '5 minutes' | undefined;
  /** Set when the step cannot wait: a late reminder is useless, and the API caller waits for the free/busy query. */
  readonly isUrgent?: boolean | undefined;
  /** Set for a group: what fails in it is attempted alone. */
  readonly isSingleAttempt?: boolean | undefined;
}

/** Returns the timeouts, the retry policy and the priority of one step. */
export const activityOptions = (
  { plan, journal }: AuditionRun,
  {
    queue,
    summary,
    patience = 'stepPatience',
    maximumInterval = '30 seconds',
    isUrgent = false,
    isSingleAttempt = false,
  }: Step,
) => ({
  taskQueue: taskQueue(queue),
  startToCloseTimeout: '15 seconds' as const,
  scheduleToCloseTimeout: timeOf(patience, plan.policy),
  retry: {
    initialInterval: '1 second' as const,
    maximumInterval,
    ...(isSingleAttempt ? { maximumAttempts: 1 } : {}),
  },
  priority: stepPriority(plan.organization, {
    isUrgent,
    slot: journal.view.slot,
    now: Date.now(),
  }),
  summary,
});

const timeOf = (patience: NonNullable<Step['patience']>, policy: AuditionRun['plan']['policy']): number => {
  switch (patience) {
    case 'fallback':
      return Math.min(fallbackPatience, policy.meetingPatience);
    case 'recovery':
      return day;
    case 'stepPatience':
    case 'meetingPatience':
      return policy[patience];
  }
};

/** Per provider. With three providers, everyone is in another meeting within a minute. */
const fallbackPatience = 20 * second;

/**
 * Returns the options of a claim. It is retried without limit while the database is down; calendars that cannot be read
 * are part of its result.
 */
export const claimOptions = ({ plan }: AuditionRun, queue: TaskQueue) => ({
  taskQueue: taskQueue(queue),
  startToCloseTimeout: '20 seconds' as const,
  retry: { initialInterval: '1 second' as const, maximumInterval: '1 minute' as const },
  priority: stepPriority(plan.organization, { isUrgent: true, slot: undefined, now: Date.now() }),
  summary: 'Find and hold the slot',
});
