/** Holds webhook calls back, and sends them in the reverse order, one after the other. */
import { setTimeout as wait } from 'node:timers/promises';
import type { WebhookRequest } from './post-with-retries.ts';

interface HeldWebhook {
  readonly webhook: WebhookRequest;
  readonly settle: (outcome: string) => void;
}

export interface HeldWebhooks {
  /** Sends the call with the others once `count` are held, or `withinMs` after the first one. Resolves with its outcome. */
  hold(
    webhook: WebhookRequest,
    until: { readonly count: number; readonly withinMs: number },
  ): Promise<string>;
}

/** Creates an empty store. The calls that are held when `signal` aborts are not sent. */
export const createHeldWebhooks = (
  send: (webhook: WebhookRequest) => Promise<string>,
  signal: AbortSignal,
): HeldWebhooks => {
  let held: readonly HeldWebhook[] = [];

  const release = async (): Promise<void> => {
    const released = held.toReversed();
    held = [];
    for (const { webhook, settle } of released) settle(await send(webhook));
  };

  const releaseAfter = async (withinMs: number): Promise<void> => {
    try {
      await wait(withinMs, undefined, { signal, ref: false });
    } catch {
      for (const { settle } of held) settle('lost');
      held = [];
      return;
    }
    await release();
  };

  return {
    hold: (webhook, { count, withinMs }) =>
      new Promise((settle) => {
        held = [...held, { webhook, settle }];
        if (held.length >= count) void release();
        else if (held.length === 1) void releaseAfter(withinMs);
      }),
  };
};
