/** Sends requests whose answers have a schema, and reads lists that Zoom divides into pages. */
import type { z } from 'zod';
import type { ProviderOperation } from '../errors/error-table.ts';
import type { CallContext, HostAccount } from '../ports.ts';
import type { ZoomClient } from './client.ts';
import { fromZoom, zoomError, zoomErrors } from './errors.ts';
import { maxPages, meetingsPerPage } from './settings.ts';

type PageSchema = z.ZodType<{ readonly next_page_token?: string | null | undefined }>;

interface ListRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** What the list contains, for the error. */
  readonly what: string;
}

export interface ZoomExchange {
  /** @throws {ProviderError} also for an answer of another shape */
  send<Shape extends z.ZodType>(
    operation: ProviderOperation,
    host: HostAccount,
    request: Parameters<ZoomClient['send']>[2],
    answer: Shape,
    call: CallContext,
  ): Promise<z.output<Shape>>;
  /**
   * Reads the pages of a list one after the other.
   * @throws {ProviderError} also when the list does not end: an incomplete one must not count as "not there"
   */
  readPages<Page extends PageSchema>(
    operation: ProviderOperation,
    host: HostAccount,
    list: ListRequest,
    page: Page,
    call: CallContext,
  ): AsyncGenerator<z.output<Page>>;
}

/** Creates the exchange of a client. */
export const createZoomExchange = (client: Pick<ZoomClient, 'send'>): ZoomExchange => {
  const send: ZoomExchange['send'] = async (operation, host, request, answer, call) => {
    const body = await client.send(operation, host, request, call);
    try {
      return answer.parse(body);
    } catch (error) {
      throw fromZoom(operation, error, call);
    }
  };
  return {
    send,
    async *readPages(operation, host, { path, query, what }, page, call) {
      let pageToken = '';
      for (let read = 0; read < maxPages; read += 1) {
        const parameters = new URLSearchParams({
          ...query,
          page_size: String(meetingsPerPage),
          ...(pageToken ? { next_page_token: pageToken } : {}),
        });
        const request = { method: 'GET', path: `${path}?${parameters.toString()}` } as const;
        const answer = await send(operation, host, request, page, call);
        yield answer;
        pageToken = answer.next_page_token ?? '';
        if (!pageToken) return;
      }
      throw zoomError(zoomErrors, operation, {
        status: 500,
        retryAfter: undefined,
        body: { message: `the list of ${what} has more than ${maxPages} pages` },
      });
    },
  };
};
