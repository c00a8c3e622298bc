/** Follows one audition: its audit trail from the API, and its history and pending retries from Temporal. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { AttentionItem } from '../../../domain/audition/attention.ts';
import type { AuditionView } from '../../../domain/audition/view.ts';
import type { AuditionId } from '../../../domain/ids.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import type { DemoApiClient } from './api-client.ts';
import { createActivityReader, followHistory } from './history.ts';
import type { Timeline } from './timeline.ts';

export interface AuditionWatch {
  /**
   * Resolves with the first view that meets the condition.
   *
   * @throws {DemoFailed} after `withinMs`, naming `what`.
   */
  until(what: string, condition: (view: AuditionView) => boolean, withinMs: number): Promise<AuditionView>;
  /** Resolves with the whole history when the workflow has ended. */
  readonly history: Promise<readonly temporal.api.history.v1.IHistoryEvent[]>;
  /** Stops following. Resolves when no call is pending. */
  stop(): Promise<void>;
}

export interface WatchSettings {
  readonly platform: DemoApiClient;
  readonly client: Client;
  readonly namespace: string;
  readonly timeline: Timeline;
  /** Called once for each attention item. */
  readonly onAttention: (item: AttentionItem) => Promise<void>;
}

/** Starts following an audition. */
export const watchAudition = (id: AuditionId, settings: WatchSettings): AuditionWatch => {
  const { platform, client, namespace, timeline, onAttention } = settings;
  let view: AuditionView | undefined;
  let failure: unknown;
  const abortController = new AbortController();
  const isOver = () => abortController.signal.aborted || view?.state === 'closed';

  const followTrail = async (): Promise<void> => {
    for (let seen = 0; !isOver(); await delay(250)) {
      for (const event of await platform.eventsAfter(id, seen)) {
        view = timeline.event(event);
        seen = event.sequence;
        if (event.fact.type === 'attention_raised') void keepError(onAttention(event.fact.item));
      }
    }
  };

  const followActivities = async () => {
    const events: temporal.api.history.v1.IHistoryEvent[] = [];
    const read = createActivityReader();
    for await (const event of followHistory(client, namespace, auditionWorkflowId(id))) {
      events.push(event);
      const line = read(event);
      if (line) timeline.activity(line);
    }
    return events;
  };

  const followRetries = async (): Promise<void> => {
    const seen = new Set<string>();
    for (; !isOver(); await delay(500)) {
      const { raw } = await client.workflow.getHandle(auditionWorkflowId(id)).describe();
      for (const { activityId, activityType, attempt, lastFailure } of raw.pendingActivities ?? []) {
        const key = `${activityId}:${attempt}`;
        if ((attempt ?? 1) < 2 || seen.has(key)) continue;
        seen.add(key);
        timeline.retrying({
          activity: activityType?.name ?? '',
          attempt: attempt ?? 1,
          reason: lastFailure?.applicationFailureInfo?.type ?? 'the previous attempt failed',
        });
      }
    }
  };

  const keepError = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      failure ??= error;
    }
  };
  // A long poll ends only when it is aborted.
  const history = client.connection.withAbortSignal(abortController.signal, followActivities);
  const following = [keepError(followTrail()), keepError(followRetries()), history];

  return {
    history,
    async stop() {
      abortController.abort();
      await Promise.allSettled(following);
    },
    async until(what, condition, withinMs) {
      for (const end = Date.now() + withinMs; Date.now() < end; await delay(100)) {
        if (failure !== undefined) throw failure;
        if (view && condition(view)) return view;
        if (view?.state === 'closed') break;
      }
      const now = view
        ? `it is ${view.state}${view.outcome ? ` (${view.outcome})` : ''}`
        : 'it has no recorded event';
      throw new DemoFailed(`The audition did not reach: ${what}; ${now}.`);
    },
  };
};

/** The audition did not end as expected. */
export class DemoFailed extends Error {
  override readonly name = 'DemoFailed';
}
