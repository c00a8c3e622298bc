/** Reads all pages of a list: https://developers.google.com/workspace/calendar/api/guides/pagination */
import type { ProviderOperation } from '../errors/error-table.ts';
import { googleError } from './errors.ts';

/** More pages than any organization has, of 500 rooms or 250 calendars. */
const maxPages = 40;

/**
 * Returns the items of all pages.
 *
 * @throws {ProviderError} when there are more pages than are read
 */
export const readPages = async <Item>(
  operation: ProviderOperation,
  read: (page: { readonly pageToken?: string }) => Promise<{
    readonly items: readonly Item[];
    readonly nextPageToken?: string | undefined;
  }>,
): Promise<readonly Item[]> => {
  const all: Item[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const { items, nextPageToken } = await read(pageToken === undefined ? {} : { pageToken });
    all.push(...items);
    pageToken = nextPageToken;
    if (pageToken === undefined) return all;
  }
  throw googleError(operation, { code: 'too_many_pages', message: `more than ${maxPages} pages` });
};
