/** Lists the names of the resources of a calendar, without their contents. */
import { type DAVResponse, davRequest } from 'tsdav';
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { withoutEffect } from '../operations.ts';
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
 * Whether the server cannot find events by time: it knows no such filter (RFC 4791, section 7.8, `supported-filter`), or it
 * fails at one damaged event, as go-webdav 0.6 does at an unknown TZID.
 */
export const isQueryFault = (error: unknown): boolean =>
  error instanceof ProviderError &&
  (error.vendor.code === 'supported-filter' || error.vendor.status === 500 || error.vendor.status === 501);

/** Whether the server or we refuse an answer because of its size. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof ProviderError &&
  (error.vendor.code === 'too_many_events' || error.vendor.code === 'answer_too_large');

/** Returns all resources of the calendar. @throws {ProviderError} */
export const listNames = async (scope: CaldavScope, url: string): Promise<readonly NamedResource[]> => {
  const reading = { ...scope, operation: withoutEffect(scope.operation) };
  const answers = await exchange(reading, ({ headers, fetch }) =>
    davRequest({
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
