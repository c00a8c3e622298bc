/** Makes requests to the CalDAV server of a connection, with its app-specific password. */
import { ZodError } from 'zod';
import { addConnection, ProviderError, unreadableAnswer } from '../../domain/errors.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import { wholeAnswer } from '../errors/unreadable-answers.ts';
import { AnswerTooLarge } from '../http/limited-body.ts';
import { type CalendarFault, textsOf } from '../icalendar/faults.ts';
import { parseWebAddress } from '../outbound/early-check.ts';
import { maySendCredentials } from '../outbound/guarded-fetch.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import { differentFaults, type UnreadableEvents } from '../unreadable-events.ts';
import { type Fetch, type FetchFor, IncompleteAnswer, type Outcome, recordingFetch } from './client.ts';
import { answeringDigest } from './digest-authentication.ts';
import { appleError, fromApple, userMessages } from './errors.ts';
import { largestEventsAnswer, requestDeadlineMs } from './settings.ts';

/** What a function of `tsdav` needs for one request. */
interface RequestParts {
  readonly serverUrl: string;
  readonly headers: Record<string, string>;
  readonly fetch: Fetch;
}

export interface CaldavScope {
  readonly fetchFor: FetchFor;
  readonly reportUnreadable: (events: UnreadableEvents) => void;
  readonly operation: ProviderOperation;
  /** The deadline of one request. Default: `requestDeadlineMs`. */
  readonly deadlineMs?: number | undefined;
  readonly connection: ConnectedAccount;
  readonly call: CallContext;
}

/** Reports what was wrong with the events of a calendar. */
export const reportFaults = (
  { connection: { id: connection, organization }, reportUnreadable }: CaldavScope,
  calendarId: string,
  faults: readonly Pick<CalendarFault, 'code' | 'about'>[],
): void => {
  if (faults.length === 0) return;
  const different = differentFaults(textsOf(faults));
  reportUnreadable({ connection, organization, calendarId, count: faults.length, faults: different });
};

/**
 * Makes one request. A rejected password marks the connection, so that the server does not see it again and again: many
 * servers lock an account after a few failed logins.
 *
 * @throws {ProviderError} with the connection id, for every status from 400 on. Its code is the precondition that the
 *   server names (RFC 4918, section 16), such as `no-uid-conflict`.
 */
export const exchange = async <Result>(
  { fetchFor, operation, deadlineMs = requestDeadlineMs, connection, call }: CaldavScope,
  request: (parts: RequestParts) => Promise<Result>,
): Promise<Result> => {
  const outcomes: Outcome[] = [];
  try {
    const { serverUrl, username, password } = await connection.appPassword(call);
    const server = parseWebAddress(serverUrl);
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    const signal = withDeadline(call, deadlineMs);
    const parts = {
      serverUrl: server.href,
      headers: { authorization: `Basic ${basic}`, 'x-correlation-id': call.correlationId },
      fetch: recordingFetch(
        answeringDigest(fetchFor(server), server, { username, password }),
        signal,
        outcomes,
        largestEventsAnswer,
      ),
    };
    const [result] = await Promise.allSettled([request(parts)]);
    const answer = refusalIn(outcomes, result.status === 'rejected');
    if (!answer) {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    }
    if (answer.status === 401) {
      if (!maySendCredentials(server, answer.url)) {
        throw appleError(operation, { code: 'leads_elsewhere', message: userMessages.leadsElsewhere });
      }
      await connection.reportRejectedPassword();
      throw appleError(operation, { status: 401, message: userMessages.wrongPassword });
    }
    throw appleError(operation, {
      status: answer.status,
      // RFC 4918, section 11.5. To a reading, it is an answer that is cut off.
      code:
        codeOf(answer.problem ?? '') ??
        (answer.status === 507 && operation.writes ? 'storage_full' : undefined),
      retryAfter: answer.retryAfter,
      message: `the server answered ${answer.status}`,
    });
  } catch (error) {
    throw addConnection(connection.id, toProviderError(operation, outcomes, error, call));
  }
};

type Answer = Extract<Outcome, { kind: 'answered' }>;

/**
 * Returns the answer with which the server has refused the request: the last one, or the one for which the library has thrown an error
 * that does not name it.
 */
const refusalIn = (outcomes: readonly Outcome[], isThrown: boolean): Answer | undefined => {
  const last = outcomes.at(-1);
  if (last?.kind !== 'answered') return undefined;
  const answer = isThrown ? mostSpecific(outcomes, last) : last;
  return answer.status >= 400 ? answer : undefined;
};

/** The library tries several addresses, and the server may have named none of those that it tries last. */
const mostSpecific = (outcomes: readonly Outcome[], last: Answer): Answer => {
  const answers = outcomes.filter((outcome) => outcome.kind === 'answered');
  return (
    answers.findLast(({ status }) => status === 401) ??
    answers.findLast(({ status }) => status === 429 || status >= 500) ??
    last
  );
};

const toProviderError = (
  operation: ProviderOperation,
  outcomes: readonly Outcome[],
  error: unknown,
  call: CallContext,
) => {
  const tooLarge = outcomes.some(
    (outcome) => outcome.kind === 'failed' && outcome.error instanceof AnswerTooLarge,
  );
  if (tooLarge) return appleError(operation, { code: 'answer_too_large', message: userMessages.tooLarge });
  const isRead = error instanceof ProviderError || error instanceof ZodError;
  const last = outcomes.at(-1);
  // The library throws errors without a code for a document that it cannot read.
  const isAnswered = last?.kind === 'answered' || last?.error instanceof IncompleteAnswer;
  if (isRead || !isAnswered) return fromApple(operation, error, call);
  return appleError(operation, {
    code: unreadableAnswer,
    message: 'the answer of the server cannot be read',
    unreadable: wholeAnswer,
  });
};

/** The preconditions that say more than the status. Without a reference: RFC 4791, section 5.3.2.1. */
const conditions = [
  'no-uid-conflict',
  // RFC 6638, section 3.2.4.1. Cyrus names it for every event.
  'unique-scheduling-object-resource',
  'max-resource-size',
  // RFC 4331, section 6.
  'quota-not-exceeded',
  'sufficient-disk-space',
  'valid-calendar-data',
  'valid-calendar-object-resource',
  'supported-calendar-component',
  // RFC 6578, section 3.2.
  'valid-sync-token',
  // RFC 4791, section 7.8.
  'supported-filter',
  // RFC 4791, section 7.8, and RFC 6578, section 3.2.
  'number-of-matches-within-limits',
] as const;

/** Nextcloud names no precondition, and explains itself in a message. */
const explanations: readonly (readonly [pattern: RegExp, code: string])[] = [
  // https://github.com/nextcloud/server/issues/30096, with 400.
  [/deleted calendar object with uid already exists/i, 'uid_in_trash'],
  // https://github.com/nextcloud/server/pull/7042, with 400.
  [/calendar object with uid already exists/i, 'no-uid-conflict'],
  // https://github.com/python-caldav/caldav/issues/371, with 403.
  [/can('|&#0?39;|&apos;)t be moved into the trashbin/i, 'name_in_trash'],
];

const codeOf = (problem: string): string | undefined => {
  const explained = explanations.find(([pattern]) => pattern.test(problem));
  if (explained) return explained[1];
  const condition = conditionOf(problem);
  return condition === undefined ? undefined : (sameConditions.get(condition) ?? condition);
};

/** Preconditions that are known under another code. */
const sameConditions: ReadonlyMap<string, string> = new Map([
  // A server may refuse a query with too many results as a whole.
  ['number-of-matches-within-limits', 'too_many_events'],
  ['unique-scheduling-object-resource', 'no-uid-conflict'],
  ['quota-not-exceeded', 'storage_full'],
  ['sufficient-disk-space', 'storage_full'],
]);

const conditionOf = (problem: string): string | undefined =>
  conditions.find((condition) => new RegExp(`<(?:[A-Za-z0-9]+:)?${condition}[\\s/>]`).test(problem));
