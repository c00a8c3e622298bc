/**
 * Sends requests of the Calendar API, of the Admin SDK's Directory API, of the Meet API and of the Drive API through Google's
 * client library. Its addresses are configurable, every exchange has a deadline, and its retries are off: only Temporal
 * retries. Access tokens come from `../oauth/access-tokens.ts`, because the library's own refresh is not coordinated between
 * processes. Node's default agent keeps connections alive.
 */
import { admin_directory_v1 } from 'googleapis/build/src/apis/admin/directory_v1.js';
import { calendar, type calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import { drive, type drive_v3 } from 'googleapis/build/src/apis/drive/index.js';
import { meet, type meet_v2 } from 'googleapis/build/src/apis/meet/index.js';
import type { z } from 'zod';
import { addConnection } from '../../domain/errors.ts';
import { withoutNulls } from '../absent-fields.ts';
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
type Directory = admin_directory_v1.Admin;
type Meet = meet_v2.Meet;
type Drive = drive_v3.Drive;
type Exchange = (options: RequestOptions) => Promise<{ readonly data: unknown }>;

export interface GoogleClient {
  /**
   * Makes one exchange for a connection and parses the answer. A rejected token is refreshed once.
   *
   * @throws {ProviderError} with the connection id.
   */
  exchange<Shape extends z.ZodType>(
    operation: ProviderOperation,
    connection: ConnectedAccount,
    call: CallContext,
    answer: Shape,
    exchange: (calendar: Calendar, options: RequestOptions) => ReturnType<Exchange>,
  ): Promise<z.output<Shape>>;
  /** The same with the Directory API. */
  exchangeWithDirectory<Shape extends z.ZodType>(
    operation: ProviderOperation,
    connection: ConnectedAccount,
    call: CallContext,
    answer: Shape,
    exchange: (directory: Directory, options: RequestOptions) => ReturnType<Exchange>,
  ): Promise<z.output<Shape>>;
  /** The same with the Meet API. Its scopes are optional: a missing one is not reported as a loss of the consent. */
  exchangeWithMeet<Shape extends z.ZodType>(
    operation: ProviderOperation,
    connection: ConnectedAccount,
    call: CallContext,
    answer: Shape,
    exchange: (meet: Meet, options: RequestOptions) => ReturnType<Exchange>,
  ): Promise<z.output<Shape>>;
  /** The same with the Drive API, for the files of Meet. Its scope is optional, too. */
  exchangeWithDrive<Shape extends z.ZodType>(
    operation: ProviderOperation,
    connection: ConnectedAccount,
    call: CallContext,
    answer: Shape,
    exchange: (drive: Drive, options: RequestOptions) => ReturnType<Exchange>,
  ): Promise<z.output<Shape>>;
}

/** Creates the client; it holds no state of a connection. */
export const createGoogleClient = ({
  apiUrl,
  adminUrl = apiUrl,
  meetUrl = apiUrl,
}: Pick<GoogleSettings, 'apiUrl'> & Partial<Pick<GoogleSettings, 'adminUrl' | 'meetUrl'>>): GoogleClient => {
  const library = calendar({ version: 'v3', rootUrl: `${apiUrl}/` });
  const directory = new admin_directory_v1.Admin({ rootUrl: `${adminUrl}/` });
  const meetings = meet({ version: 'v2', rootUrl: `${meetUrl}/` });
  const files = drive({ version: 'v3', rootUrl: `${apiUrl}/` });

  /** Sends the request; with `retryOn401`, a rejected token is replaced and the request sent again. */
  const attempt = async (
    connection: ConnectedAccount,
    call: CallContext,
    exchange: Exchange,
    retryOn401: boolean,
  ): Promise<{ readonly data: unknown }> => {
    const token = await connection.accessToken(call);
    try {
      return await exchange({
        signal: withDeadline(call, googleDeadlineMs),
        timeout: googleDeadlineMs,
        retry: false,
        headers: { authorization: `Bearer ${token}`, 'x-correlation-id': call.correlationId },
      });
    } catch (error) {
      if (isScopeMissing(error)) await connection.reportMissingScopes(token);
      if (statusOf(error) !== 401) throw error;
      connection.reportRejectedToken(token);
      if (!retryOn401) throw error;
      return attempt(connection, call, exchange, false);
    }
  };

  const exchangeParsed = async <Shape extends z.ZodType>(
    operation: ProviderOperation,
    connection: ConnectedAccount,
    call: CallContext,
    answer: Shape,
    exchange: Exchange,
  ): Promise<z.output<Shape>> => {
    try {
      const { data } = await attempt(connection, call, exchange, true);
      return answer.parse(withoutNulls(data));
    } catch (error) {
      throw addConnection(connection.id, fromGoogle(operation, error, call));
    }
  };

  return {
    exchange: (operation, connection, call, answer, exchange) =>
      exchangeParsed(operation, connection, call, answer, (options) => exchange(library, options)),
    exchangeWithDirectory: (operation, connection, call, answer, exchange) =>
      exchangeParsed(operation, connection, call, answer, (options) => exchange(directory, options)),
    exchangeWithMeet: (operation, connection, call, answer, exchange) =>
      exchangeParsed(operation, withOptionalScopes(connection), call, answer, (options) =>
        exchange(meetings, options),
      ),
    exchangeWithDrive: (operation, connection, call, answer, exchange) =>
      exchangeParsed(operation, withOptionalScopes(connection), call, answer, (options) =>
        exchange(files, options),
      ),
  };
};

/** Returns the account without its report of missing scopes. */
const withOptionalScopes = (connection: ConnectedAccount): ConnectedAccount => ({
  ...connection,
  reportMissingScopes: async () => {},
});
