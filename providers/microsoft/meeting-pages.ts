/** Reads all pages of what Graph knows of an online meeting: https://learn.microsoft.com/graph/paging */
import { z } from 'zod';
import type { ProviderOperation } from '../errors/error-table.ts';
import { nextPageField } from '../next-page.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import { type GraphClient, pathOfLink } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import { onlineMeetingErrors } from './meeting-errors.ts';

/** More pages than any audition has. A webinar can have thousands of people. */
const maxPages = 20;

export interface MeetingCall {
  readonly client: GraphClient;
  readonly operation: ProviderOperation;
  readonly connection: ConnectedAccount;
  readonly call: CallContext;
}

/** Returns the items of all pages. @throws {ProviderError} when there are more pages than are read */
export const readMeetingPages = async <Item extends z.ZodType>(
  { client, operation, connection, call }: MeetingCall,
  first: string,
  item: Item,
): Promise<readonly z.output<Item>[]> => {
  const pageSchema = z.object({ value: z.array(item), '@odata.nextLink': nextPageField });
  const all: z.output<Item>[] = [];
  let path: string | undefined = first;
  for (let page = 0; page < maxPages && path !== undefined; page += 1) {
    const answer: z.output<typeof pageSchema> = await client.exchange(
      operation,
      connection,
      call,
      pageSchema,
      {
        method: 'get',
        path,
        errors: onlineMeetingErrors,
      },
    );
    all.push(...answer.value);
    const next = answer['@odata.nextLink'];
    path = next === undefined ? undefined : pathOfLink(next);
  }
  if (path === undefined) return all;
  const message = `more than ${maxPages} pages`;
  throw graphError(operation, { code: 'too_many_reports', message }, onlineMeetingErrors);
};
