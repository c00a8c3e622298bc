/** Lists the names of the resources of a calendar, without their contents. */
import type { DAVResponse } from 'tsdav';
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { withoutEffect } from '../operations.ts';
import { requestAnswers } from './dav-answers.ts';
import { isSame, namespaces, textValue } from './dav-values.ts';
import { appleError } from './errors.ts';
import { type CaldavScope, exchange } from './exchange.ts';

/** A resource of a calendar. Its href is a path without a host: a server may not choose another one. */
export interface NamedResource {
  readonly href: string;
  readonly etag: string | undefined;
}

const etagSchema = z.object({ getetag: textValue.optional().catch(undefined) });

/** Servers also list the calendar itself, and collections inside it. */
export const resourceOf = ({ href = '', props }: DAVResponse, url: string): readonly NamedResource[] => {
  const { pathname } = new URL(href, url);
  if (pathname.endsWith('/') || isSame(href, url)) return [];
  return [{ href: pathname, etag: etagSchema.parse(props ?? {}).getetag }];
};

/**
 * Whether the server cannot answer a query with this filter: it does not support the filter (RFC 4791, section 7.8: 403 with
 * `supported-filter`; other servers answer 400 or 501), or it fails at one damaged event, as go-webdav 0.6 does at an unknown
 * TZID. A 403 can also mean that the account may not read the calendar: the next request says so again.
 */
export const isQueryFault = (error: unknown): boolean =>
  error instanceof ProviderError && queryFaults.has(error.vendor.status ?? 0);

const queryFaults: ReadonlySet<number> = new Set([400, 403, 500, 501]);

/** Whether the server or we refuse an answer because of its size. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof ProviderError &&
  (error.vendor.code === 'too_many_events' || error.vendor.code === 'answer_too_large');

/** Returns all resources of the calendar. @throws {ProviderError} */
export const listNames = async (scope: CaldavScope, url: string): Promise<readonly NamedResource[]> => {
  const reading = { ...scope, operation: withoutEffect(scope.operation) };
  const answers = await exchange(reading, ({ headers, fetch }) =>
    requestAnswers({
      url,
      init: {
        method: 'PROPFIND',
        namespace: 'd',
        headers: { ...headers, depth: '1' },
        body: { propfind: { _attributes: namespaces, prop: { 'd:getetag': {} } } },
      },
      fetch,
    }),
  );
  const failed = answers.find(({ status, href }) => status >= 400 && (status !== 404 || isSame(href, url)));
  if (failed) {
    throw appleError(reading.operation, {
      status: failed.status,
      message: `the server answered ${failed.status} for a part of the list`,
    });
  }
  const listed = answers.filter(({ status, href }) => status < 400 && href !== undefined && href !== '');
  return listed.flatMap((answer) => resourceOf(answer, url));
};
