/** Tests that one odd event of Outlook does not hide the others, and is not silently free. */
import { describe, expect, it } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { UnreadableEvents } from '../unreadable-events.ts';
import { createOutlookCalendar } from './calendar.ts';
import { createOutlookChanges } from './changes.ts';
import type { GraphClient } from './graph-client.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-31T00:00:00.000Z' } as const;
const at = (dateTime: string | null) => ({ dateTime, timeZone: 'UTC' });
const sound = {
  id: 'sound',
  start: at('2026-12-01T15:00:00.0000000'),
  end: at('2026-12-01T16:00:00.0000000'),
};
const odd = { ...sound, id: 'odd' };

/** @param single the answer to a request for one event */
const setup = (value: readonly unknown[], single?: unknown) => {
  const client: GraphClient = {
    exchange: async (_operation, _connection, _call, answer, { path }) =>
      answer.parse(
        path.includes('/events/')
          ? path.includes('/instances')
            ? { value: single }
            : single
          : { value, '@odata.nextLink': null, '@odata.deltaLink': 'https://graph.test/delta?token=1' },
      ),
  };
  const reported: UnreadableEvents[] = [];
  const reportUnreadable = (events: UnreadableEvents) => reported.push(events);
  const connection = caldavAccount('http://graph.test');
  const calendar = createOutlookCalendar(client, reportUnreadable);
  const changes = createOutlookChanges(client, { reportUnreadable, now: () => Date.parse(window.from) });
  return {
    busy: async () =>
      (await calendar.busyEvents(connection, 'primary', window, callContext())).map(({ eventId }) => eventId),
    list: async () => {
      const position = { kind: 'all', since: window.from } as const;
      const answer = await changes.listChanges(connection, 'primary', position, callContext(), nothingStored);
      if (answer.kind !== 'page') throw new Error(answer.kind);
      const kept = (answer.leftOut?.events ?? []).map((event) => `kept ${Object.values(event).join(' ')}`);
      return [...answer.changes.map(({ id, event }) => `${id} ${event?.busy ?? 'gone'}`), ...kept];
    },
    counts: () => reported.map(({ count }) => count),
  };
};

describe('an odd event of Outlook', () => {
  it('with fields that are null or of another form blocks its time', async () => {
    const { busy, list, counts } = setup([
      {
        ...odd,
        isAllDay: null,
        isCancelled: 'no',
        showAs: 7,
        responseStatus: 'none',
        originalStartTimeZone: 1,
      },
      sound,
    ]);
    expect(await busy()).toEqual(['odd', 'sound']);
    expect(await list()).toEqual(['odd busy', 'sound busy']);
    expect(counts()).toEqual([]);
  });

  it.each([
    ['has no id', { ...odd, id: null }],
    ['is null', null],
  ])('that %s is left out and reported', async (_what, item) => {
    const { busy, list, counts } = setup([item, sound]);
    expect(await busy()).toEqual(['sound']);
    expect(await list()).toEqual(['sound busy', 'kept unknown']);
    expect(counts()).toEqual([1, 1]);
  });

  it.each([
    ['cannot be read', { ...odd, end: at('garbage') }],
    ['is missing', { ...odd, end: at(null) }],
    ['is null', { ...odd, end: null }],
  ])('whose end %s is left out and reported, and not listed as deleted', async (_what, item) => {
    const { busy, list, counts } = setup([item, sound], item);
    expect(await busy()).toEqual(['sound']);
    expect(await list()).toEqual(['sound busy', 'kept id odd']);
    expect(counts()).toEqual([1, 1]);
  });

  it('that ends before it starts blocks no time, and is listed', async () => {
    const { busy, list, counts } = setup([{ ...odd, end: at('2026-12-01T14:00:00.0000000') }, sound]);
    expect(await busy()).toEqual(['sound']);
    expect(await list()).toEqual(['odd busy', 'sound busy']);
    expect(counts()).toEqual([]);
  });

  it('among the occurrences of a series does not hide the others', async () => {
    const occurrences = [
      { ...odd, end: null },
      { ...sound, id: 'occurrence' },
    ];
    const { list, counts } = setup([{ ...sound, id: 'series', type: 'seriesMaster' }], occurrences);
    expect(await list()).toEqual(['series gone', 'occurrence busy', 'kept id odd']);
    expect(counts()).toEqual([1]);
  });
});
