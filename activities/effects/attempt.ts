/** Sets the deadline, the abort signal and the lease of the provider calls that an activity makes. */
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { CallContext } from '../../providers/ports.ts';
import type { Correlated } from '../contract.ts';

export interface CallTimeouts {
  /** The total time of all calls of one attempt. */
  readonly deadlineMs: number;
  /**
   * How long an attempt excludes other attempts: the deadline plus a margin for the work before and after the calls.
   */
  readonly leaseMs: number;
  /** Whether a cancellation of the activity aborts a running call, or waits for it. */
  readonly isInterruptible: boolean;
}

/**
 * Shorter than the start-to-close timeout of 15 s: an attempt reports its error before the server times it out, and its
 * lease expires before the server's next attempt. Calls this short need no heartbeat. The server detects a dead worker
 * at the start-to-close timeout, and a cancellation waits at most 8 s.
 */
export const defaultCallTimeouts: CallTimeouts = {
  deadlineMs: 8_000,
  leaseMs: 12_000,
  isInterruptible: true,
};

/**
 * For email, under a start-to-close timeout of 65 s. A mail server may take long to accept a message, and a client that
 * disconnects cannot know whether it did (`replyTimeoutMs` in providers/smtp/settings.ts). A cancellation therefore
 * waits for the call, and the activity sends heartbeats.
 */
export const emailCallTimeouts: CallTimeouts = {
  deadlineMs: 55_000,
  leaseMs: 60_000,
  isInterruptible: false,
};

/** One attempt of an activity, for the provider calls and the ledger. */
export interface AttemptContext {
  readonly leaseMs: number;
  /**
   * Identifies the activity execution. Its attempts share it; a retry by an operator starts a new execution. Undefined for
   * an activity that attempts several effects: it neither asks an operator nor acts on the operator's decision.
   */
  readonly execution: string | undefined;
  /** Starts the deadline. The call is aborted by it and, when it is interruptible, by cancellation and shutdown. */
  readonly startCall: () => CallContext;
  /** Like `startCall`, for the removal of surplus effects: aborted only by its deadline, not by cancellation. */
  readonly startCleanUp: () => CallContext;
}

/**
 * Returns the context of an attempt at several effects. Each is attempted once. When the outcome of an effect is unknown,
 * the attempt at that effect alone, which follows, asks the operator.
 */
export const createGroupContext = (
  caller: Pick<Correlated, 'correlationId' | 'organization'>,
  timeouts?: CallTimeouts,
): AttemptContext => ({ ...createAttemptContext(caller, timeouts), execution: undefined });

/**
 * Returns the context of the attempt that is running. Must be called within an activity.
 * @param timeouts all in milliseconds.
 */
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
