/** Asks a CalDAV server which resources of a calendar exist or have changed, without their contents. */
import type { DAVResponse } from 'tsdav';
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { day } from '../../domain/time/units.ts';
import { wholeAnswer } from '../errors/unreadable-answers.ts';
import { withoutEffect } from '../operations.ts';
import { requestAnswers } from './dav-answers.ts';
import { digitsOf, isCutOff, isSame, namespaces, textValue } from './dav-values.ts';
import { appleError } from './errors.ts';
import { goneStatuses, queryWhere } from './event-resources.ts';
import { type CaldavScope, exchange } from './exchange.ts';
import { isQueryFault, isTooLarge, listNames, type NamedResource, resourceOf } from './resource-names.ts';

/** What tells that a calendar has changed. */
export interface CollectionState {
  /** Of a server that can list changes (RFC 6578, section 4). */
  readonly token: string | undefined;
  /** https://github.com/apple/ccs-calendarserver/blob/master/doc/Extensions/caldav-ctag.txt */
  readonly ctag: string | undefined;
}

const privilegesSchema = z.record(z.string(), z.unknown());

const statePropsSchema = z.object({
  syncToken: textValue.optional().catch(undefined),
  getctag: textValue.optional().catch(undefined),
  currentUserPrivilegeSet: z
    .object({
      privilege: z.union([z.array(privilegesSchema), privilegesSchema.transform((only) => [only])]),
    })
    .optional()
    .catch(undefined)
    .describe('What the account may do (RFC 3744, section 5.5). Not every server says it'),
});

/**
 * Returns the state of the calendar.
 * @throws {ProviderError} `not_found` when it is gone, `not_permitted` when the account may not read it any more
 */
export const readCollectionState = async (scope: CaldavScope, url: string): Promise<CollectionState> => {
  const reading = { ...scope, operation: withoutEffect(scope.operation) };
  const [answer] = await exchange(reading, ({ headers, fetch }) =>
    requestAnswers({
      url,
      init: {
        method: 'PROPFIND',
        namespace: 'd',
        headers: { ...headers, depth: '0' },
        body: {
          propfind: {
            _attributes: { ...namespaces, 'xmlns:cs': 'http://calendarserver.org/ns/' },
            prop: { 'd:sync-token': {}, 'cs:getctag': {}, 'd:current-user-privilege-set': {} },
          },
        },
      },
      fetch,
    }),
  );
  if (answer && answer.status >= 400) {
    throw appleError(reading.operation, {
      status: answer.status,
      message: `the server answered ${answer.status} for the calendar`,
    });
  }
  // A login page answers 200.
  if (answer?.props === undefined) {
    throw appleError(reading.operation, {
      code: 'not_a_calendar',
      message: 'the URL is not that of a CalDAV calendar',
      unreadable: wholeAnswer,
    });
  }
  const {
    syncToken: token,
    getctag: ctag,
    currentUserPrivilegeSet: privileges,
  } = statePropsSchema.parse(answer.props);
  const isReadable = privileges?.privilege.some((granted) => 'read' in granted || 'all' in granted) ?? true;
  if (!isReadable) {
    throw appleError(reading.operation, { status: 403, message: 'the account may not read the calendar' });
  }
  return { token: token === '' ? undefined : token, ctag };
};

/** An end of the query, where it needs one. Every vendor lists the events of a year. In milliseconds. */
const farAheadMs = 1_830 * day;

export interface ListedResources {
  readonly resources: readonly NamedResource[];
  /** Whether the calendar has no other resources. */
  readonly areAll: boolean;
}

/**
 * Returns the events of the calendar that can end after `from`: all of its resources when the server cannot find events by time.
 *
 * @param hasEnd Servers exist that find no series in a range without an end (go-webdav 0.6). They list no changes either.
 * @throws {ProviderError} `too_many_events` when the server cuts the answer off
 */
export const listResources = async (
  scope: CaldavScope,
  url: string,
  from: number,
  { hasEnd }: { readonly hasEnd: boolean },
): Promise<ListedResources> => {
  try {
    const range = { start: digitsOf(from), ...(hasEnd ? { end: digitsOf(from + farAheadMs) } : {}) };
    return { resources: await queryByTime(scope, url, range), areAll: false };
  } catch (error) {
    // A server that lists changes also continues a list that it cuts off.
    if (!isQueryFault(error) && !(hasEnd && isTooLarge(error))) throw error;
    return { resources: await listNames(scope, url), areAll: true };
  }
};

const queryByTime = async (
  scope: CaldavScope,
  url: string,
  range: { readonly start: string; readonly end?: string },
): Promise<readonly NamedResource[]> => {
  const answers = await queryWhere(scope, url, { 'time-range': { _attributes: range } }, { 'd:getetag': {} });
  const whole = answers.find(({ status, href }) => status === 507 || (status >= 400 && isSame(href, url)));
  if (whole) {
    throw appleError(withoutEffect(scope.operation), {
      status: whole.status,
      // RFC 4791, section 7.8: a truncated answer contains a 507 for the calendar.
      ...(whole.status === 507 ? { code: 'too_many_events' } : {}),
      message: `the server answered ${whole.status} for a part of the query`,
    });
  }
  return answers.filter(({ status }) => status < 400).flatMap((answer) => resourceOf(answer, url));
};

export interface CollectionChanges {
  readonly changed: readonly NamedResource[];
  readonly removed: readonly string[];
  /** Exist, but the account may not read them. */
  readonly denied: readonly string[];
  /** The state up to which changes were listed. Undefined: the server has listed all resources, and named no state. */
  readonly token: string | undefined;
  /** The server has more changes after the token. */
  readonly isTruncated: boolean;
}

/** Statuses with which servers refuse a token that they no longer know. RFC 6578 names 403 and 409. */
const expiredStatuses: ReadonlySet<number | undefined> = new Set([400, 403, 409, 410, 412, 507]);

/**
 * Statuses with which servers refuse a report that they do not know (RFC 9110, sections 15.5.6, 15.5.16 and 15.6.2; a report
 * that is not supported is a 403 in RFC 3253, section 3.6).
 */
const unsupportedStatuses: ReadonlySet<number | undefined> = new Set([405, 415, 501]);

const deniedStatuses: ReadonlySet<number> = new Set([401, 403]);

/** Servers exist that send no token, or an empty one, although RFC 6578, section 3.2, demands one. */
const multistatusSchema = z.object({
  multistatus: z.object({
    syncToken: textValue
      .optional()
      .catch(undefined)
      .transform((token) => (token === '' ? undefined : token)),
  }),
});

/**
 * Returns the changes since the token (RFC 6578, section 3.2), or all resources for an empty one. Returns `expired` when
 * the server does not accept the token, and `unsupported` when it lists no changes although it has given a token, lists them
 * without a token to continue from, or cuts the list off without a later token: it would cut off the same list again.
 *
 * @throws {ProviderError}
 */
export const listCollectionChanges = async (
  scope: CaldavScope,
  url: string,
  token: string,
): Promise<CollectionChanges | 'expired' | 'unsupported'> => {
  const reading = { ...scope, operation: withoutEffect(scope.operation) };
  let answers: readonly DAVResponse[];
  try {
    answers = await exchange(reading, ({ headers, fetch }) =>
      requestAnswers({
        url,
        init: {
          method: 'REPORT',
          namespace: 'd',
          // Section 3.2: the depth is 0, the level says how deep the server looks.
          headers: { ...headers, depth: '0' },
          body: {
            'sync-collection': {
              _attributes: namespaces,
              'sync-token': token,
              'sync-level': '1',
              prop: { 'd:getetag': {} },
            },
          },
        },
        fetch,
      }),
    );
  } catch (error) {
    const status = error instanceof ProviderError ? error.vendor.status : undefined;
    if (token !== '' && expiredStatuses.has(status)) return 'expired';
    if (token !== '' && unsupportedStatuses.has(status)) return 'unsupported';
    throw error;
  }
  const parsed = multistatusSchema.safeParse(answers.at(0)?.raw);
  if (!parsed.success) {
    throw appleError(reading.operation, {
      code: 'not_a_calendar',
      message: 'the answer to sync-collection is no multistatus',
      unreadable: wholeAnswer,
    });
  }
  const { syncToken: next } = parsed.data.multistatus;
  if (next === undefined && token !== '') return 'unsupported';
  const listed = answers.filter(({ href }) => href !== undefined && href !== '');
  // Section 3.6.
  const isTruncated = listed.some((answer) => isCutOff(answer, url));
  if (isTruncated && next === undefined) {
    throw appleError(reading.operation, {
      code: 'too_many_events',
      message: 'the server cuts off its list of the resources, and names no state to continue from',
    });
  }
  if (isTruncated && next === token) return 'unsupported';
  const namedWith = (statuses: ReadonlySet<number>) =>
    listed
      .filter(({ status, href }) => statuses.has(status) && !isSame(href, url))
      .flatMap((answer) => resourceOf(answer, url).map(({ href }) => href));
  return {
    changed: listed.filter(({ status }) => status < 400).flatMap((answer) => resourceOf(answer, url)),
    // Section 3.5.2: a resource that the account may no longer read can be reported like a deleted one.
    removed: namedWith(goneStatuses),
    denied: namedWith(deniedStatuses),
    token: next,
    isTruncated,
  };
};
