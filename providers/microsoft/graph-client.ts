/**
 * Sends Graph requests through Microsoft's library `@microsoft/microsoft-graph-client`. Its address is configurable, every
 * exchange has a deadline, and only Temporal retries: the library's own chain of middleware would repeat a POST after a 504,
 * and sends no token to an address over http. A chain of one step replaces it. That step records the HTTP answer, because
 * the library drops the cause of a failed connection.
 */
import { Client, type Context, type Middleware } from '@microsoft/microsoft-graph-client';
import type { z } from 'zod';
import { addConnection, ProviderError } from '../../domain/errors.ts';
import { withoutNulls } from '../absent-fields.ts';
import type { ErrorRow, ProviderOperation } from '../errors/error-table.ts';
import { transportError, withDeadline } from '../errors/transport-errors.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import { timesInUtc } from './event-time.ts';
import { graphError, isAccessDenied, ownCalendarErrors, thrownFailure } from './graph-errors.ts';
import { type MicrosoftSettings, microsoftDeadlineMs } from './settings.ts';

export type GraphRequest = {
  /** The path below the version, with its query. The query must be encoded: the library sends it as it is. */
  readonly path: string;
  /** The ETag that the item must still have. */
  readonly ifMatch?: string | undefined;
  /** Whether the request concerns the main calendar of the account. Only a missing consent can forbid it. */
  readonly isOwnCalendar?: boolean;
  /** The most items in a page of a change query, which does not know `$top`. */
  readonly pageSize?: number | undefined;
  /** The table of errors. Default: that of calendars. */
  readonly errors?: readonly ErrorRow[] | undefined;
  /** Whether the answer contains values that were added to an enumeration later, in place of `unknownFutureValue`. */
  readonly withLaterValues?: boolean;
} & ({ readonly method: 'get' | 'delete' } | { readonly method: 'post' | 'patch'; readonly body: object });

export interface GraphClient {
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
    request: GraphRequest,
  ): Promise<z.output<Shape>>;
}

const version = 'v1.0';

/**
 * Ids stay the same when an item moves: https://learn.microsoft.com/graph/outlook-immutable-id. An application can send
 * several preferences in one header (RFC 7240, section 2).
 */
const preferences = `${timesInUtc}, IdType="ImmutableId"`;

/** https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations */
const preferencesOf = ({ pageSize, withLaterValues }: GraphRequest): string =>
  [
    preferences,
    ...(pageSize === undefined ? [] : [`odata.maxpagesize=${pageSize}`]),
    ...(withLaterValues ? ['include-unknown-enum-members'] : []),
  ].join(', ');

/** Creates the client; it holds no state of a connection. Node's `fetch` keeps connections alive. */
export const createGraphClient = ({ graphUrl }: Pick<MicrosoftSettings, 'graphUrl'>): GraphClient => {
  const send = async (
    operation: ProviderOperation,
    token: string,
    call: CallContext,
    sent: GraphRequest,
  ): Promise<unknown> => {
    const { path, ifMatch, isOwnCalendar, errors } = sent;
    const recorder = createRecorder();
    const library = Client.initWithMiddleware({
      baseUrl: graphUrl,
      defaultVersion: version,
      middleware: recorder.middleware,
    });
    const request = library
      .api(path)
      .headers({
        authorization: `Bearer ${token}`,
        prefer: preferencesOf(sent),
        'x-correlation-id': call.correlationId,
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      })
      .options({ signal: withDeadline(call, microsoftDeadlineMs), redirect: 'error' });
    try {
      return await ('body' in sent ? request[sent.method](sent.body) : request[sent.method]());
    } catch (error) {
      const { response, failure } = recorder;
      if (failure !== undefined) throw transportError(operation, failure, call);
      if (response === undefined || response.ok) throw transportError(operation, error, call);
      const answer = thrownFailure(error, response);
      throw graphError(
        operation,
        answer,
        isOwnCalendar && isAccessDenied(answer) ? ownCalendarErrors : errors,
      );
    }
  };

  /** Sends the request; with `retryOn401`, a rejected token is replaced and the request sent again. */
  const attempt = async (
    operation: ProviderOperation,
    connection: ConnectedAccount,
    call: CallContext,
    request: GraphRequest,
    retryOn401: boolean,
  ): Promise<unknown> => {
    const token = await connection.accessToken(call);
    try {
      return await send(operation, token, call, request);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (error.vendor.status !== 401) {
        if (error.fault.kind === 'reconnect') await connection.reportMissingScopes(token);
        throw error;
      }
      connection.reportRejectedToken(token);
      if (!retryOn401) throw error;
      return attempt(operation, connection, call, request, false);
    }
  };

  return {
    exchange: async (operation, connection, call, answer, request) => {
      try {
        return answer.parse(withoutNulls(await attempt(operation, connection, call, request, true)));
      } catch (error) {
        const failure = error instanceof ProviderError ? error : transportError(operation, error, call);
        throw addConnection(connection.id, failure);
      }
    },
  };
};

/**
 * Returns the path and the query of a link to the next page. The link's server is not called: ours is configured. A link can be
 * relative: https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html, 4.5.8
 */
export const pathOfLink = (link: string): string => {
  const at = link.indexOf(`/${version}/`);
  if (at >= 0) return link.slice(at + version.length + 1);
  return link.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/^\/?((v1\.0|beta)\/)?/, '/');
};

/** Sends requests with `fetch` and records the answer, or the failure that left none. */
const createRecorder = () => {
  const recorded: { response?: Response; failure?: unknown } = {};
  const middleware: Middleware = {
    execute: async (context: Context) => {
      try {
        recorded.response = await fetch(context.request, context.options);
      } catch (error) {
        recorded.failure = error;
        throw error;
      }
      context.response = recorded.response;
    },
  };
  return {
    middleware,
    get response() {
      return recorded.response;
    },
    get failure() {
      return recorded.failure;
    },
  };
};
