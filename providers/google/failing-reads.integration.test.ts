/** Tests a list of Google with events of ours, some of which cannot be read by themselves. */
import { describe, expect, it } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import { calendarId, setUpGoogleCalendar } from '../../tests/harness/google-calendar.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import { mostFailedReads } from '../failed-reads.ts';
import type { ListingPosition } from '../ports.ts';
import { createGoogleChanges } from './changes.ts';
import { googleError } from './errors.ts';
import { referenceProperty, textProperty } from './event.ts';

const slot = { start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T10:00:00.000Z' };
const itemOf = (id: string) => ({
  id,
  status: 'confirmed',
  start: { dateTime: slot.start },
  end: { dateTime: slot.end },
  extendedProperties: { private: { [referenceProperty]: 'aud_ophelia', [textProperty]: 'a.b.c' } },
});
const first: ListingPosition = { kind: 'all', since: '2026-11-01T00:00:00.000Z' };

interface Answers {
  /** The status of the read with this number, 1 for the first one. Undefined: the event is answered. */
  readonly read: (id: string, count: number) => number | undefined;
  /** The status of a list that follows the first one. */
  readonly control?: (() => number | undefined) | undefined;
}

/** A Google with 40 events of ours. */
const setUp = async ({ read, control = () => undefined }: Answers) => {
  const { client, connection } = await setUpGoogleCalendar();
  const ids = Array.from({ length: 40 }, (_, index) => `e${index}`);
  const requests: string[] = [];
  const changes = createGoogleChanges({
    ...client,
    exchange: async (operation, _account, _call, answer, request) => {
      let id = 'list';
      const library: unknown = {
        events: {
          list: () => {},
          get: ({ eventId }: { eventId: string }) => {
            id = eventId;
          },
        },
      };
      // The request is only looked at.
      await Reflect.apply(request, undefined, [library, {}]);
      requests.push(id);
      const isFirst = requests.length === 1;
      const reads = requests.filter((requested) => requested !== 'list').length;
      const status = id === 'list' ? (isFirst ? undefined : control()) : read(id, reads);
      if (status !== undefined) throw googleError(operation, { status, message: 'failed' });
      return answer.parse(
        id === 'list' ? { items: isFirst ? ids.map(itemOf) : [], nextSyncToken: 'next' } : itemOf(id),
      );
    },
  });
  const list = (position: ListingPosition = first) =>
    changes.listChanges(connection, calendarId, position, callContext(), nothingStored);
  const listPage = async (position?: ListingPosition) => {
    const page = await list(position);
    if (page.kind !== 'page') throw new Error(page.kind);
    return page;
  };
  const begin = async (): Promise<ListingPosition> => ({ ...first, page: (await listPage()).nextPage });
  return { list, listPage, begin, requests };
};

describe('an event of ours that Google does not return', () => {
  it.each([
    [500, mostFailedReads],
    [403, 1],
    [400, 1],
  ])('is left out when it is answered with %i, and the listing goes on', async (status, attempts) => {
    const { begin, listPage, requests } = await setUp({
      read: (id) => (id === 'e3' ? status : undefined),
    });
    const pages = [await listPage(await begin())];
    for (let next = pages[0]?.nextPage; next !== undefined; next = pages.at(-1)?.nextPage)
      pages.push(await listPage({ ...first, page: next }));
    const last = pages.pop();
    expect(last).toMatchObject({
      leftOut: { events: [{ by: 'id', id: 'e3' }], faults: [`unread_event: ${status}`] },
      nextCursor: 'next',
    });
    expect(pages.map(({ leftOut }) => leftOut)).toEqual(pages.map(() => undefined));
    const found = [...pages, ...(last ? [last] : [])].flatMap(({ changes }) => changes.map(({ id }) => id));
    expect(new Set(found).size).toBe(39);
    expect(requests.filter((id) => id === 'e3')).toHaveLength(attempts);
  });

  it('blocks the time that the list has of it', async () => {
    const { listPage } = await setUp({ read: () => 500 });
    const { changes } = await listPage();
    expect(changes).toHaveLength(40);
    expect(changes[3]).toMatchObject({ id: 'e3', isPartial: true, event: { ...slot, busy: 'busy' } });
  });

  it('is not left out while Google fails as a whole', async () => {
    const { begin, listPage } = await setUp({ read: () => 500, control: () => 500 });
    const position = await begin();
    for (let attempt = 0; attempt <= mostFailedReads; attempt += 1)
      await expect(listPage(position)).rejects.toMatchObject({ fault: { kind: 'retry' } });
  });

  it('does not hide the calendar, unless Google refuses the list as well', async () => {
    const { begin, listPage } = await setUp({ read: () => 403, control: () => 403 });
    await expect(listPage(await begin())).rejects.toMatchObject({ fault: { kind: 'not_permitted' } });
  });

  it('does not make the token expire: only a list tells that', async () => {
    const { begin, list } = await setUp({ read: () => 410, control: () => 400 });
    await expect(list(await begin())).rejects.toMatchObject({ fault: { kind: 'rejected_input' } });
  });
});

describe('a page of Google in which a late read fails', () => {
  it.each([429, 503])(
    'returns what was read before an answer with %i, and the rest of the place',
    async (status) => {
      let isRefused = true;
      const refuse = () => (isRefused ? status : undefined);
      const { begin, listPage, requests } = await setUp({
        read: (_id, count) => (count >= 34 ? refuse() : undefined),
        control: refuse,
      });
      const page = await listPage(await begin());
      expect(page.changes).toHaveLength(33);
      expect(page.leftOut).toBeUndefined();
      expect(page.interruptedBy?.vendor.status).toBe(status);
      isRefused = false;
      const before = requests.length;
      const rest = await listPage({ ...first, page: page.nextPage });
      expect(rest.changes).toHaveLength(7);
      expect(rest).toMatchObject({ nextCursor: 'next', interruptedBy: undefined });
      expect(requests.length - before).toBe(7);
    },
  );

  it('throws when nothing was read', async () => {
    const { begin, listPage } = await setUp({ read: () => 429 });
    await expect(listPage(await begin())).rejects.toMatchObject({ vendor: { status: 429 } });
  });
});
