/**
 * Attention items of one audition: a failed step raises an item and waits until an operator resolves it. The item is in
 * the audition's state, its search attribute and its current details. It alerts again when the SLA passes.
 */
import { condition, isCancellation } from '@temporalio/workflow';
import type { AttentionAction, AttentionItem, AttentionStep } from '../../domain/audition/attention.ts';
import type { AttentionId, ConnectionId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { day, minute } from '../../domain/time/units.ts';
import type { Journal } from './journal.ts';
import type { ConnectionRestored, ResolveAttentionCommand } from './messages.ts';

interface AttentionRequest {
  readonly step: AttentionStep;
  readonly what: string;
  readonly hint: string;
  readonly actions: readonly AttentionAction[];
  readonly code?: string | undefined;
  readonly provider?: string | undefined;
  readonly connection?: ConnectionId | undefined;
  /** Returns whether the question no longer applies. The item is then withdrawn. */
  readonly isMoot?: (() => boolean) | undefined;
  /** Returns why the question no longer applies, where the trail does not say it. */
  readonly mootBecause?: (() => string | undefined) | undefined;
  /** Whether the main coroutine continues without waiting for the resolution. */
  readonly isBackground?: boolean | undefined;
}

type Resolution =
  | { readonly action: Exclude<AttentionAction, 'override'> }
  | { readonly action: 'override'; readonly joinUrl: string }
  /** The question no longer applies. */
  | { readonly action: 'withdrawn' };

export interface Attention {
  /** How many items have blocked the main coroutine. */
  readonly blockingCount: number;
  /**
   * Raises an item and waits until it is resolved. A cancellation of the scope withdraws the item and is rethrown.
   * @param onAsked called when the item is raised
   */
  ask(request: AttentionRequest, onAsked?: () => void): Promise<Resolution>;
  /** Resolves the item with the operator's action. */
  resolve(command: ResolveAttentionCommand): void;
  /** Withdraws the items of an earlier run, for which no code waits. */
  withdrawAll(): void;
  /** Retries the steps that wait for this connection. */
  connectionRestored(restoration: ConnectionRestored): void;
  /** The number of restorations of all connections so far. A step remembers it when it begins. */
  readonly restorationCount: number;
  /**
   * Returns whether the connection was restored after the given number of restorations. A step that began earlier can
   * have failed for a cause that is already gone.
   */
  wasConnectionRestoredSince(restorations: number, connection: ConnectionId | undefined): boolean;
}

/** Creates the attention items of a run. */
export const createAttention = (journal: Journal, slaMs: number): Attention => {
  let blockingCount = 0;
  let restorationCount = 0;
  const restoredAs = new Map<ConnectionId, number>();
  const resolutions = new Map<AttentionId, Resolution>();

  const raise = ({
    step,
    what,
    hint,
    actions,
    code,
    provider,
    connection,
  }: AttentionRequest): AttentionItem => {
    const item: AttentionItem = {
      step,
      what,
      hint,
      code,
      provider,
      connection,
      // The number of the fact is unique in the audition, in all its runs.
      id: `att_${journal.view.id}-${journal.number + 1}`,
      actions: [...actions],
      raisedAt: toInstant(Date.now()),
      dueAt: toInstant(Date.now() + firstDueIn(slaMs)),
      overdue: false,
    };
    journal.record({ type: 'attention_raised', item });
    return item;
  };

  const withdraw = ({ id }: AttentionItem, note?: string): void =>
    journal.record({
      type: 'attention_resolved',
      id,
      action: 'withdrawn',
      by: 'system',
      ...(note !== undefined && { note }),
    });

  /** The item becomes due when the SLA passes, or shortly before the slot begins: then most questions decide themselves. */
  const dueIn = (intervalMs: number): number => {
    const { slot } = journal.view;
    const untilLastCall = slot ? toEpochMs(slot.start) - lastCall - Date.now() : Number.POSITIVE_INFINITY;
    return untilLastCall > 0 ? Math.min(intervalMs, untilLastCall) : intervalMs;
  };

  /** An item that is raised in the last minutes becomes due when the slot begins. */
  const firstDueIn = (intervalMs: number): number => {
    const { slot } = journal.view;
    const untilStart = slot ? toEpochMs(slot.start) - Date.now() : 0;
    return untilStart > 0 ? Math.min(dueIn(intervalMs), untilStart) : dueIn(intervalMs);
  };

  const awaitResolution = async (
    item: AttentionItem,
    { isMoot = never, mootBecause }: Pick<AttentionRequest, 'isMoot' | 'mootBecause'>,
  ): Promise<Resolution> => {
    let intervalMs = slaMs;
    let dueMs = toEpochMs(item.dueAt) - Date.now();
    for (;;) {
      await condition(() => resolutions.has(item.id) || isMoot(), dueMs, {
        summary: `SLA of ${item.step}: alert again`,
      });
      const resolution = resolutions.get(item.id);
      if (resolution) return resolution;
      if (isMoot()) {
        withdraw(item, mootBecause?.());
        return { action: 'withdrawn' };
      }
      // Each alert waits twice as long as the one before, so that a forgotten item does not fill the history.
      intervalMs = Math.max(slaMs, Math.min(2 * intervalMs, longestAlertInterval));
      dueMs = dueIn(intervalMs);
      journal.record({ type: 'attention_overdue', id: item.id, dueAt: toInstant(Date.now() + dueMs) });
      journal.flushInBackground();
    }
  };

  return {
    get blockingCount() {
      return blockingCount;
    },
    async ask(request, onAsked) {
      const item = raise(request);
      if (!request.isBackground) blockingCount += 1;
      journal.flushInBackground();
      onAsked?.();
      try {
        return await awaitResolution(item, request);
      } catch (error) {
        if (isCancellation(error)) withdraw(item);
        throw error;
      }
    },
    withdrawAll() {
      for (const item of journal.view.attention) withdraw(item);
    },
    resolve(command) {
      resolutions.set(command.id, asResolution(command));
      const { id, action, by, note, correlationId, principal } = command;
      journal.record(
        { type: 'attention_resolved', id, action, by, ...(note !== undefined && { note }) },
        { correlationId, principal },
      );
    },
    connectionRestored({ connection, correlationId }) {
      restorationCount += 1;
      restoredAs.set(connection, restorationCount);
      for (const item of journal.view.attention) {
        if (item.connection !== connection || !item.actions.includes('retry')) continue;
        resolutions.set(item.id, { action: 'retry' });
        journal.record(
          { type: 'attention_resolved', id: item.id, action: 'retry', by: 'system' },
          { correlationId },
        );
      }
    },
    get restorationCount() {
      return restorationCount;
    },
    wasConnectionRestoredSince: (since, connection) =>
      connection !== undefined && (restoredAs.get(connection) ?? 0) > since,
  };
};

/** How long before its slot an open item alerts at the latest. */
const lastCall = 2 * minute;

/** Alerts of one item do not become rarer than this, unless the SLA is longer. */
const longestAlertInterval = day;

const never = (): boolean => false;

const asResolution = ({ action, joinUrl }: ResolveAttentionCommand): Resolution =>
  action === 'override' ? { action, joinUrl: joinUrl ?? '' } : { action };
