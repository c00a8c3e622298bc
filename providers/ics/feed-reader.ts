/**
 * Downloads calendar feeds, and keeps a copy of each in memory. The copy saves downloads (RFC 9110, section 13: conditional
 * requests), and it counts for an hour while the server of the feed is down.
 */
import { isTransient, ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import { readLimited } from '../http/limited-body.ts';
import { decodeCalendar } from '../icalendar/calendar-bytes.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import { feedError, feedMessages, fromFeed } from './errors.ts';
import { kindOfFeed } from './feed-text.ts';
import { downloadDeadlineMs, freshMs, largestCopies, largestFeed, longestOutageMs } from './settings.ts';

/** Returns a guarded `fetch` for the server at this address. */
type FetchFor = (home: URL) => typeof globalThis.fetch;

export interface FeedReader {
  /** Downloads a calendar. @throws {ProviderError} */
  download(address: URL, operation: ProviderOperation, call: CallContext): Promise<string>;
  /**
   * Returns the calendar of a connection, at most a minute old; at most an hour old while its server is down.
   *
   * @throws {ProviderError} `reconnect` when the address gives no access any more. The connection is then marked.
   */
  read(connection: ConnectedAccount, operation: ProviderOperation, call: CallContext): Promise<string>;
}

/** What a server names to recognize a version of the feed. */
interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

interface Exchange {
  readonly operation: ProviderOperation;
  readonly call: CallContext;
}

interface Copy extends Validators {
  readonly text: string;
  /** The version of the connection's address. */
  readonly version: number;
  /** When the copy was last known to be up to date, in epoch milliseconds. */
  readonly checkedAt: number;
}

/** Creates the reader of one process. `fetchFor` must return a guarded `fetch`, because a person names the server. */
export const createFeedReader = (fetchFor: FetchFor, now: () => number = Date.now): FeedReader => {
  const copies = createCopies();

  const request = async (
    address: URL,
    { etag, lastModified }: Validators,
    { operation, call }: Exchange,
  ): Promise<'unchanged' | ({ readonly text: string } & Validators)> => {
    try {
      const response = await fetchFor(address)(address, {
        headers: {
          accept: 'text/calendar, */*;q=0.1',
          'user-agent': 'CastMatch (calendar feeds)',
          ...(etag !== null && { 'if-none-match': etag }),
          ...(lastModified !== null && { 'if-modified-since': lastModified }),
        },
        signal: withDeadline(call, downloadDeadlineMs),
      });
      const hasValidators = etag !== null || lastModified !== null;
      if (!response.ok) {
        await response.body?.cancel();
        if (response.status === 304 && hasValidators) return 'unchanged';
        throw refusedAnswer(operation, response);
      }
      const type = response.headers.get('content-type');
      const text = decodeCalendar(await readLimited(response, largestFeed), type);
      requireCalendar(operation, text, type);
      return {
        text,
        etag: response.headers.get('etag'),
        lastModified: response.headers.get('last-modified'),
      };
    } catch (error) {
      throw fromFeed(operation, error, call);
    }
  };

  /** Returns the present version of the feed, which replaces the copy. */
  const refresh = async (
    address: string,
    copy: Copy | undefined,
    exchange: Exchange,
  ): Promise<Omit<Copy, 'version'>> => {
    const answer = await request(new URL(address), copy ?? noValidators, exchange);
    if (answer !== 'unchanged') return { ...answer, checkedAt: now() };
    if (copy) return { ...copy, checkedAt: now() };
    throw feedError(exchange.operation, { status: 304, message: 'the server sent no calendar' });
  };

  return {
    download: async (address, operation, call) => {
      const answer = await request(address, noValidators, { operation, call });
      if (answer === 'unchanged') throw feedError(operation, { message: 'the server sent no calendar' });
      return answer.text;
    },

    read: async (connection, operation, call) => {
      const { address, version } = await connection.feedAddress(call);
      const stored = copies.get(connection.id);
      const copy = stored?.version === version ? stored : undefined;
      if (copy && now() - copy.checkedAt < freshMs) return copy.text;
      try {
        const refreshed = { ...(await refresh(address, copy, { operation, call })), version };
        copies.put(connection.id, refreshed);
        return refreshed.text;
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        if (error.fault.kind === 'reconnect') {
          copies.drop(connection.id);
          await connection.reportRejectedFeedAddress();
        }
        const isOutage = isTransient(error.fault) && !call.signal.aborted;
        if (isOutage && copy && now() - copy.checkedAt < longestOutageMs) return copy.text;
        throw error;
      }
    },
  };
};

const noValidators: Validators = { etag: null, lastModified: null };

const deniedStatuses: ReadonlySet<number> = new Set([401, 403, 404, 410]);

const refusedAnswer = (operation: ProviderOperation, { status, headers }: Response): ProviderError =>
  feedError(operation, {
    status,
    retryAfter: headers.get('retry-after') ?? undefined,
    message: deniedStatuses.has(status) ? feedMessages.denied : `the server answered ${status}`,
  });

const requireCalendar = (operation: ProviderOperation, text: string, contentType: string | null): void => {
  switch (kindOfFeed(text, contentType)) {
    case 'calendar':
      return;
    case 'incomplete':
      throw feedError(operation, { code: 'incomplete_calendar', message: feedMessages.incomplete });
    case 'web_page':
      throw feedError(operation, { code: 'web_page', message: feedMessages.webPage });
    case 'other':
      throw feedError(operation, { code: 'not_a_calendar', message: feedMessages.notCalendar });
  }
};

/** Keeps the copies of feeds within `largestCopies`. A `Map` is ordered by insertion: the first is the least recently used. */
const createCopies = () => {
  const copies = new Map<ConnectionId, Copy>();
  let size = 0;
  const drop = (id: ConnectionId): void => {
    size -= copies.get(id)?.text.length ?? 0;
    copies.delete(id);
  };
  return {
    drop,
    get: (id: ConnectionId): Copy | undefined => copies.get(id),
    put: (id: ConnectionId, copy: Copy): void => {
      drop(id);
      copies.set(id, copy);
      size += copy.text.length;
      for (const oldest of copies.keys()) {
        if (size <= largestCopies || oldest === id) break;
        drop(oldest);
      }
    },
  };
};
