/**
 * Attention items of one audition: a failed step raises an item and waits until an operator resolves it. The item is in
 * the audition's state, its search attribute and its current details. It alerts again when the SLA passes.
 */
import { condition, isCancellation } from '@temporalio/workflow';
import type { AttentionAction, AttentionItem, AttentionStep } from '../../domain/audition/attention.ts';
import type { AttentionId, ConnectionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
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
  /** Returns whether the question no longer applies. The item is then withdrawn, and its step skipped. */
  readonly isMoot?: (() => boolean) | undefined;
  /** Whether the main coroutine continues without waiting for the resolution. */
  readonly isBackground?: boolean | undefined;
}

type Resolution =
  | { readonly action: 'retry' }
  | { readonly action: 'skip' }
  | { readonly action: 'abort' }
  | { readonly action: 'override'; readonly joinUrl: string };

export interface Attention {
  /** How many items were raised. Item ids are numbered from it. */
  readonly raised: number;
  /** How many of them blocked the main coroutine. */
  readonly blockingCount: number;
  /**
   * Raises an item and waits until it is resolved. A cancellation of the scope withdraws the item and is rethrown.
   * @param onAsked called when the item is raised
   */
  ask(request: AttentionRequest, onAsked?: () => void): Promise<Resolution>;
  /** Resolves the item with the operator's action. */
  resolve(command: ResolveAttentionCommand): void;
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

/** Creates the attention items of a run. @param raisedBefore how many items earlier runs have raised */
export const createAttention = (journal: Journal, slaMs: number, raisedBefore: number): Attention => {
  let raised = raisedBefore;
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
    raised += 1;
    const item: AttentionItem = {
      step,
      what,
      hint,
      code,
      provider,
      connection,
      id: `att_${journal.view.id}-${raised}`,
      actions: [...actions],
      raisedAt: toInstant(Date.now()),
      dueAt: toInstant(Date.now() + slaMs),
      overdue: false,
    };
    journal.record({ type: 'attention_raised', item });
    return item;
  };

  const withdraw = ({ id }: AttentionItem): void =>
    journal.record({ type: 'attention_resolved', id, action: 'withdrawn', by: 'system' });

  const awaitResolution = async (item: AttentionItem, isMoot: () => boolean): Promise<Resolution> => {
    for (;;) {
      await condition(() => resolutions.has(item.id) || isMoot(), slaMs, {
        summary: `SLA of ${item.step}: alert again`,
      });
      const resolution = resolutions.get(item.id);
      if (resolution) return resolution;
      if (isMoot()) {
        withdraw(item);
        return { action: 'skip' };
      }
      journal.record({ type: 'attention_overdue', id: item.id, dueAt: toInstant(Date.now() + slaMs) });
      journal.flushInBackground();
    }
  };

  return {
    get raised() {
      return raised;
    },
    get blockingCount() {
      return blockingCount;
    },
    async ask(request, onAsked) {
      const item = raise(request);
      if (!request.isBackground) blockingCount += 1;
      journal.flushInBackground();
      onAsked?.();
      try {
        return await awaitResolution(item, request.isMoot ?? never);
      } catch (error) {
        if (isCancellation(error)) withdraw(item);
        throw error;
      }
    },
    resolve(command) {
      resolutions.set(command.id, asResolution(command));
      const { id, action, by } = command;
      journal.record({ type: 'attention_resolved', id, action, by }, command.correlationId);
    },
    connectionRestored({ connection, correlationId }) {
      restorationCount += 1;
      restoredAs.set(connection, restorationCount);
      for (const item of journal.view.attention) {
        if (item.connection !== connection || !item.actions.includes('retry')) continue;
        resolutions.set(item.id, { action: 'retry' });
        journal.record(
          { type: 'attention_resolved', id: item.id, action: 'retry', by: 'system' },
          correlationId,
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

const never = (): boolean => false;

const asResolution = ({ action, joinUrl }: ResolveAttentionCommand): Resolution =>
  action === 'override' ? { action, joinUrl: joinUrl ?? '' } : { action };
