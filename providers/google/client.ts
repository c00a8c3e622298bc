/**
 * Google's own client library, kept to our rules: its address can be set, nothing is retried below Temporal, every
 * exchange has a deadline. The access token is the connection's, refreshed elsewhere (`../oauth/access-tokens.ts`): the
 * library's own refresh knows of one process only. Connections are kept alive by Node's own agent.
 */
import { calendar, type calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import type { z } from 'zod';
import { addConnection } from '../../domain/errors.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import { fromGoogle, isScopeMissing, statusOf } from './errors.ts';
import { type GoogleSettings, googleDeadlineMs } from './settings.ts';

interface RequestOptions {
  readonly signal: AbortSignal;
  readonly timeout: number;
  readonly retry: false;
  readonly headers: Record<string, string>;
}

type Calendar = calendar_v3.Calendar;
type Exchange = (calendar: Calendar, options: RequestOptions) => Promise<{ readonly data: unknown }>;

export interface GoogleClient {
  /**
   * One exchange in the name of a connection, its answer parsed. A token that Google refuses is renewed once.
   * Throws `ProviderError`, which names the connection.
   */
  exchange<Shape extends z.ZodType>(
    operation: ProviderOperation,
    connection: ConnectedAccount,
    call: CallContext,
    answer: Shape,
    exchange: Exchange,
  ): Promise<z.output<Shape>>;
}

export const createGoogleClient = ({ apiUrl }: Pick<GoogleSettings, 'apiUrl'>): GoogleClient => {
  const library = calendar({ version: 'v3', rootUrl: `${apiUrl}/` });

  /** `again`: with another token, should Google refuse this one. */
  const attempt = async (
    connection: ConnectedAccount,
    call: CallContext,
    exchange: Exchange,
    again: boolean,
  ): Promise<{ readonly data: unknown }> => {
    const token = await connection.accessToken(call);
    try {
      return await exchange(library, {
        signal: withDeadline(call, googleDeadlineMs),
        timeout: googleDeadlineMs,
        retry: false,
        headers: { authorization: `Bearer ${token}`, 'x-correlation-id': call.correlationId },
      });
    } catch (error) {
      if (isScopeMissing(error)) await connection.reportMissingScopes(token);
      if (statusOf(error) !== 401) throw error;
      connection.reportRejectedToken(token);
      if (!again) throw error;
      return attempt(connection, call, exchange, false);
    }
  };

  return {
    exchange: async (operation, connection, call, answer, exchange) => {
      try {
        const { data } = await attempt(connection, call, exchange, true);
        return answer.parse(data);
      } catch (error) {
        throw addConnection(connection.id, fromGoogle(operation, error, call));
      }
    },
  };
};
