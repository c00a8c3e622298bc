/** Asks a CalDAV server which resources of a calendar exist or have changed, without their contents. */
import { type DAVResponse, davRequest } from 'tsdav';
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { day } from '../../domain/time/units.ts';
import { withoutEffect } from '../operations.ts';
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
    davRequest({
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
): Promise<readonly NamedResource[]> => {
  try {
    return await queryByTime(scope, url, {
      start: digitsOf(from),
      ...(hasEnd ? { end: digitsOf(from + farAheadMs) } : {}),
    });
  } catch (error) {
    // A server that lists changes also continues a list that it cuts off.
    if (!isQueryFault(error) && !(hasEnd && isTooLarge(error))) throw error;
    return listNames(scope, url);
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
  /** The state up to which changes were listed. */
  readonly token: string;
  /** The server has more changes after the token. */
  readonly isTruncated: boolean;
}

/** Statuses with which servers refuse a token that they no longer know. RFC 6578 names 403 and 409. */
const expiredStatuses: ReadonlySet<number | undefined> = new Set([400, 403, 409, 410, 412, 507]);

const deniedStatuses: ReadonlySet<number> = new Set([401, 403]);

const multistatusSchema = z.object({ multistatus: z.object({ syncToken: textValue }) });

/**
 * Returns the changes since the token (RFC 6578, section 3.2), or all resources for an empty one. Returns `expired` when
 * the server does not accept the token.
 *
 * @throws {ProviderError}
 */
export const listCollectionChanges = async (
  scope: CaldavScope,
  url: string,
  token: string,
): Promise<CollectionChanges | 'expired'> => {
  const reading = { ...scope, operation: withoutEffect(scope.operation) };
  let answers: readonly DAVResponse[];
  try {
    answers = await exchange(reading, ({ headers, fetch }) =>
      davRequest({
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
    const isExpired = error instanceof ProviderError && expiredStatuses.has(error.vendor.status);
    if (token !== '' && isExpired) return 'expired';
    throw error;
  }
  const parsed = multistatusSchema.safeParse(answers.at(0)?.raw);
  if (!parsed.success) {
    throw appleError(reading.operation, {
      code: 'not_a_calendar',
      message: 'the answer to sync-collection has no sync-token',
    });
  }
  const listed = answers.filter(({ href }) => href !== undefined && href !== '');
  const namedWith = (statuses: ReadonlySet<number>) =>
    listed
      .filter(({ status, href }) => statuses.has(status) && !isSame(href, url))
      .flatMap((answer) => resourceOf(answer, url).map(({ href }) => href));
  return {
    changed: listed.filter(({ status }) => status < 400).flatMap((answer) => resourceOf(answer, url)),
    // Section 3.5.2: a resource that the account may no longer read can be reported like a deleted one.
    removed: namedWith(goneStatuses),
    denied: namedWith(deniedStatuses),
    token: parsed.data.multistatus.syncToken,
    // Section 3.6.
    isTruncated: listed.some((answer) => isCutOff(answer, url)),
  };
};
