/** Keeps feeds as they were read last, so that a feed that has not changed is not read again for another window. */
import type { ConnectionId } from '../../domain/ids.ts';
import type { CallContext } from '../ports.ts';
import { type PreparedFeed, prepareFeed } from './busy-times.ts';
import { largestPrepared } from './settings.ts';

export interface PreparedFeeds {
  /** Returns the feed of the connection with this text. */
  get(connection: ConnectionId, text: string, call: Pick<CallContext, 'signal'>): Promise<PreparedFeed>;
}

/** Creates the collection of one process. The least recently used feeds are dropped. */
export const createPreparedFeeds = (): PreparedFeeds => {
  const feeds = new Map<ConnectionId, PreparedFeed>();
  let size = 0;
  const drop = (connection: ConnectionId): void => {
    size -= feeds.get(connection)?.text.length ?? 0;
    feeds.delete(connection);
  };
  return {
    get: async (connection, text, call) => {
      const known = feeds.get(connection);
      const feed = known?.text === text ? known : await prepareFeed(text, call);
      drop(connection);
      feeds.set(connection, feed);
      size += text.length;
      for (const oldest of feeds.keys()) {
        if (size <= largestPrepared || oldest === connection) break;
        drop(oldest);
      }
      return feed;
    },
  };
};
