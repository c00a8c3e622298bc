/**
 * Google's own client library, kept to our rules: its addresses can be set, nothing is retried below Temporal, every
 * exchange has a deadline, and a connection's access token is used until it nearly expires.
 */
import { createHash } from 'node:crypto';
import { calendar, type calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import type { z } from 'zod';
import type { Operation } from '../error-table.ts';
import { withDeadline } from '../no-answer.ts';
import type { CallContext, OpenConnection } from '../ports.ts';
import { fromGoogle, statusOf, tokenOperation } from './errors.ts';
import { createOAuthClient, type OAuthClient } from './oauth-client.ts';
import { cachedConnections, type GoogleSettings, googleDeadlineMs } from './settings.ts';

interface RequestOptions {
  readonly signal: AbortSignal;
  readonly timeout: number;
  readonly headers: Record<string, string>;
}

type Calendar = calendar_v3.Calendar;
type Exchange = (calendar: Calendar, options: RequestOptions) => Promise<{ readonly data: unknown }>;

export interface GoogleClient {
  /**
   * One exchange in the name of a connection, its answer parsed. A token that Google refuses is renewed once.
   * Throws `ProviderError`.
   */
  exchange<Shape extends z.ZodType>(
    operation: Operation,
    connection: OpenConnection,
    call: CallContext,
    answer: Shape,
    exchange: Exchange,
  ): Promise<z.output<Shape>>;
}

export const createGoogleClient = (settings: GoogleSettings): GoogleClient => {
  const sessions = createSessions(settings);
  return {
    exchange: async (operation, connection, call, answer, exchange) => {
      const session = sessions.of(connection);
      const options: RequestOptions = {
        signal: withDeadline(call, googleDeadlineMs),
        timeout: googleDeadlineMs,
        headers: { 'x-correlation-id': call.correlationId },
      };
      const attempt = async () => {
        await accessToken(session, operation, options.signal, call);
        return exchange(session.calendar, options);
      };
      try {
        const { data } = await attempt().catch((error: unknown) => {
          if (statusOf(error) !== 401) throw error;
          session.forgetAccessToken();
          return attempt();
        });
        return answer.parse(data);
      } catch (error) {
        throw fromGoogle(operation, error, call);
      }
    },
  };
};

interface Session {
  readonly oauth: OAuthClient;
  readonly calendar: Calendar;
  forgetAccessToken(): void;
}

/** Settles with the token, or as soon as the signal aborts: the library's own refresh cannot be aborted. */
const accessToken = async (
  { oauth }: Session,
  operation: Operation,
  signal: AbortSignal,
  call: CallContext,
): Promise<void> => {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  try {
    signal.throwIfAborted();
    signal.addEventListener('abort', abort, { once: true });
    await Promise.race([oauth.getAccessToken(), aborted.promise]);
  } catch (error) {
    throw fromGoogle(tokenOperation(operation), error, call);
  } finally {
    signal.removeEventListener('abort', abort);
  }
};

/**
 * One OAuth client per connection and credential, so that its access token is reused and concurrent refreshes are one
 * request. The one used longest ago makes room.
 */
const createSessions = (settings: GoogleSettings) => {
  const sessions = new Map<string, Session>();
  return {
    of: (connection: OpenConnection): Session => {
      const key = sessionKey(connection);
      const session = sessions.get(key) ?? createSession(settings, connection.refreshToken);
      sessions.delete(key);
      sessions.set(key, session);
      const [oldest] = sessions.keys();
      if (sessions.size > cachedConnections && oldest !== undefined) sessions.delete(oldest);
      return session;
    },
  };
};

/** A connection that was connected again carries another credential, and gets another session. */
const sessionKey = ({ id, refreshToken }: OpenConnection): string =>
  `${id}:${createHash('sha256').update(refreshToken).digest('base64url')}`;

const createSession = (settings: GoogleSettings, refreshToken: string): Session => {
  const oauth = createOAuthClient(settings);
  const forgetAccessToken = () => oauth.setCredentials({ refresh_token: refreshToken });
  forgetAccessToken();
  return {
    oauth,
    forgetAccessToken,
    calendar: calendar({ version: 'v3', auth: oauth, rootUrl: `${settings.apiUrl}/` }),
  };
};
