/** The calls to a provider from within an activity: their deadline, their signal, and the lease that outlives them. */
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { CallContext } from '../../providers/ports.ts';
import type { Correlated } from '../contract.ts';

export interface CallTimeouts {
  /** How long all exchanges of one attempt may take together. */
  readonly deadlineMs: number;
  /** How long an attempt keeps others out: the deadline, and a margin for what runs before and after the calls. */
  readonly leaseMs: number;
  /** Whether the activity's cancellation ends a call that is under way, or waits for it. */
  readonly isInterruptible: boolean;
}

/**
 * Well under the 15 s of the activities' start-to-close timeout, so that an attempt ends and says why before the
 * server gives it up, and its lease is over before the server's next attempt. Calls this short need no heartbeat: the
 * server notices a dead worker at the start-to-close timeout, and a cancellation waits 8 s at most.
 */
export const defaultCallTimeouts: CallTimeouts = {
  deadlineMs: 8_000,
  leaseMs: 12_000,
  isInterruptible: true,
};

/**
 * For email, under a start-to-close timeout of 65 s: a mail server may take its time to take a message over, and who
 * hangs up on it cannot know whether it did (`replyTimeoutMs` in providers/smtp/settings.ts). So a cancellation waits
 * too; the activity tells by heartbeat that it lives.
 */
export const emailCallTimeouts: CallTimeouts = {
  deadlineMs: 55_000,
  leaseMs: 60_000,
  isInterruptible: false,
};

/** One attempt of an activity as the provider and the ledger know it. */
export interface AttemptContext {
  readonly leaseMs: number;
  /** The attempts of one activity execution have the same; what an operator has tried again has another. */
  readonly execution: string;
  /** The deadline starts now. Aborted by it and, where a call may be interrupted, by cancellation and shutdown. */
  readonly startCall: () => CallContext;
  /** For what must be taken back, whoever called the activity off: aborted by its deadline only. */
  readonly startCleanUp: () => CallContext;
}

/** Of the activity that is running. */
export const createAttemptContext = (
  { correlationId, organization }: Pick<Correlated, 'correlationId' | 'organization'>,
  timeouts = defaultCallTimeouts,
): AttemptContext => {
  const { activityId, workflowExecution } = activityInfo();
  const cancelled = cancellationSignal();
  const withDeadline = (...signals: readonly AbortSignal[]): CallContext => ({
    correlationId,
    organization,
    signal: AbortSignal.any([...signals, AbortSignal.timeout(timeouts.deadlineMs)]),
  });
  return {
    leaseMs: timeouts.leaseMs,
    execution: `${workflowExecution?.runId ?? ''}/${activityId}`,
    startCall: () => (timeouts.isInterruptible ? withDeadline(cancelled) : withDeadline()),
    startCleanUp: () => withDeadline(),
  };
};
