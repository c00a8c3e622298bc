/** The calls to the vendor about the subscriptions in one round. They share a budget of time. */
import type { CalendarPush, CallContext } from '../../providers/ports.ts';
import { type SyncRound, startCall } from './sync-round.ts';

/** For all calls to the vendor in one round. The next round continues. */
const budgetMs = 10_000;
const shortestDeadlineMs = 1_000;

/** What the calls of a round share. */
export interface WatchCalls {
  readonly round: SyncRound;
  readonly push: CalendarPush;
  readonly isOver: () => boolean;
  readonly startCall: () => CallContext;
}

/** Starts the budget. */
export const startCalls = (round: SyncRound, push: CalendarPush): WatchCalls => {
  const until = Date.now() + budgetMs;
  return {
    round,
    push,
    isOver: () => Date.now() >= until,
    startCall: () => startCall(round, Math.max(until - Date.now(), shortestDeadlineMs)),
  };
};
