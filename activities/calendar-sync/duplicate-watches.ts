/**
 * Ends subscriptions that keep another from being opened, at a vendor that refuses a second one to the same calendars. Such a
 * subscription is left when a process is killed between the vendor's answer and its storing, and when an account is disconnected.
 */
import type { WatchSubscriptions } from '../../db/inbox/watch-subscriptions.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ListedWatch } from '../../providers/ports.ts';
import type { WatchCalls } from './watch-calls.ts';

/**
 * `other_connection`: another connection with the same account has the subscription. `conflict`: the subscription is not known to be
 * of this service, or is so recent that another process may be about to store it.
 */
export type DuplicateRefusal = 'other_connection' | 'conflict';

export interface DuplicateWatches {
  /**
   * Returns the account's subscription to our address that was opened within the last minutes and is not stored: the answer to its
   * opening was lost. Undefined: there is none, or several, or the vendor does not list them.
   */
  findUnanswered(calls: WatchCalls, address: string): Promise<ListedWatch | undefined>;
  /**
   * Ends the account's subscriptions to our address, unless they are stored for another connection. Returns why one is left, or why
   * none was found; undefined when another can be opened. Idempotent.
   *
   * @param isOurs whether a recent subscription that is not stored is known to be of this connection
   */
  end(calls: WatchCalls, address: string, isOurs: boolean): Promise<DuplicateRefusal | undefined>;
}

/** Creates the part. */
export const createDuplicateWatches = ({
  watchSubscriptions,
}: {
  readonly watchSubscriptions: Pick<WatchSubscriptions, 'findConnections' | 'remove'>;
}): DuplicateWatches => ({
  findUnanswered: async (calls, address) => {
    const { push, round } = calls;
    try {
      const listed = (await push.list?.(round.account, address, calls.startCall())) ?? [];
      const ids = listed.map(({ id }) => id);
      const owners = await watchSubscriptions.findConnections(round.input.provider, ids);
      const [found, ...others] = listed.filter(({ id, isRecent }) => isRecent && !owners.has(id));
      return others.length === 0 ? found : undefined;
    } catch (error) {
      // The next poll replaces what was opened.
      if (!(error instanceof ProviderError)) throw error;
      return undefined;
    }
  },

  end: async (calls, address, isOurs) => {
    const { push, round } = calls;
    const { provider, connection } = round.input;
    const listed = (await push.list?.(round.account, address, calls.startCall())) ?? [];
    const ids = listed.map(({ id }) => id);
    const owners = await watchSubscriptions.findConnections(provider, ids);
    // Two connections must not end each other's subscription again and again.
    if (ids.some((id) => (owners.get(id) ?? connection) !== connection)) return 'other_connection';
    const isLeft = listed.some(({ id, isRecent }) => isRecent && !isOurs && !owners.has(id));
    if (isLeft || listed.length === 0) return 'conflict';
    for (const { id, resourceId } of listed) {
      await push.stopWatching(round.account, { id, resourceId }, calls.startCall());
      await watchSubscriptions.remove(id);
    }
    return undefined;
  },
});
