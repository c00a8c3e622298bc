import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { eventId, slot } from '../../tests/harness/google-calendar.ts';
import { outlookDeletion, outlookEvent, setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-03T00:00:00.000Z' } as const;
const lunch = { start: '2026-12-01T12:00:00.000Z', end: '2026-12-01T13:00:00.000Z' } as const;

const setup = async (options: SandboxOptions = {}, account?: string) => {
  const test = await setUpOutlookCalendar(options, account);
  const { calendar, connection, control } = test;
  const busyEvents = (within: { readonly from: `${string}Z`; readonly until: `${string}Z` } = window) =>
    calendar.busyEvents(connection, 'primary', within, callContext());
  return {
    ...test,
    add: (change: Partial<Parameters<typeof control.addOutlookEvent>[0]> = {}) =>
      control.addOutlookEvent({ account: connection.account, ...lunch, ...change }),
    busyEvents,
    kinds: async () => (await busyEvents()).map(({ busy }) => busy),
    busy: async () => (await busyEvents()).map(({ start, end }) => ({ start, end })),
    freeBusy: () => calendar.freeBusy(connection, ['primary'], window, callContext()),
  };
};

describe('busyEvents', () => {
  test('tells our event from an event inside its time', async () => {
    const { calendar, connection, busyEvents, add } = await setup();
    await calendar.putEvent(connection, outlookEvent(), callContext());
    const inside = { start: '2026-12-01T09:20:00.000Z', end: '2026-12-01T09:30:00.000Z' } as const;
    const { eventId: other } = add(inside);
    // Outlook chooses it.
    const uid: unknown = expect.stringMatching(/^\S{20,}$/);
    expect(await busyEvents()).toEqual([
      {
        start: slot.start,
        end: slot.end,
        busy: 'busy',
        eventId,
        uid,
        reference: outlookDeletion.reference,
        creation: { id: expect.stringMatching(/^[0-9a-f]{40}$/), uid },
      },
      { ...inside, busy: 'busy', eventId: other, uid, reference: undefined },
    ]);
  });

  test.each([
    ['a free event', { showAs: 'free' }, false],
    ['an event elsewhere', { showAs: 'workingElsewhere' }, false],
    ['a tentative event', { showAs: 'tentative' }, 'tentative'],
    ['an absence', { showAs: 'oof' }, 'busy'],
    ['an event of unknown status', { showAs: 'unknown' }, 'busy'],
    ['an event of a status that is new', { showAs: 'unknownFutureValue' }, 'busy'],
    ['a private event', { sensitivity: 'private' }, 'busy'],
    ['a tentative answer', { response: 'tentativelyAccepted' }, 'tentative'],
    ['an absence without an answer', { showAs: 'oof', response: 'notResponded' }, 'busy'],
    ['an invitation that its owner has declined', { response: 'declined' }, false],
    ['an invitation without an answer', { response: 'notResponded' }, 'tentative'],
    ['an event of no duration', { end: lunch.start }, false],
  ] as const)('counts %s as %o tells', async (_name, change, expected) => {
    const { add, kinds, busy, freeBusy } = await setup();
    add(change);
    expect(await kinds()).toEqual(expected ? [expected] : []);
    expect(await busy()).toEqual(expected ? [lunch] : []);
    expect(await freeBusy()).toEqual(expected ? [lunch] : []);
  });

  test.each([
    ['a Windows name', 'Pacific Standard Time', '2026-12-01T20:00:00.000Z'],
    ['an IANA name', 'Europe/Paris', '2026-12-01T11:00:00.000Z'],
  ])('reads the instant of an event in a zone with %s', async (_name, timeZone, start) => {
    const { add, busy } = await setup();
    add({ start: '2026-12-01T12:00:00', end: '2026-12-01T13:00:00', timeZone });
    expect(await busy()).toMatchObject([{ start }]);
  });

  test('reads all events although one has a zone that its owner defined', async () => {
    const { add, busy } = await setup();
    add({ originalTimeZone: 'tzone://Microsoft/Custom' });
    add({ start: '2026-12-02T12:00:00Z', end: '2026-12-02T13:00:00Z' });
    expect(await busy()).toHaveLength(2);
  });

  test.each([
    ['UTC', '2026-12-01T00:00:00.000Z', '2026-12-02T00:00:00.000Z'],
    ['W. Europe Standard Time', '2026-11-30T23:00:00.000Z', '2026-12-01T23:00:00.000Z'],
    ['Eastern Standard Time', '2026-12-01T05:00:00.000Z', '2026-12-02T05:00:00.000Z'],
    ['Samoa Standard Time', '2026-11-30T11:00:00.000Z', '2026-12-01T11:00:00.000Z'],
  ])('counts an event that lasts all day in the zone of the mailbox, %s', async (timeZone, start, end) => {
    const { add, busy, calls } = await setup({ microsoft: { timeZone } });
    add({ start: '2026-12-01', end: '2026-12-02' });
    expect(await busy()).toEqual([{ start, end }]);
    await busy();
    expect(calls()['calendar.getSchedule']).toEqual({ 200: 1 });
  });

  test.each([
    ['a personal account', {}, 'ada@outlook.com', 'Eastern Standard Time', '2026-12-01T05:00:00.000Z'],
    [
      'a zone that the owner defined',
      { timeZone: 'Mine' },
      undefined,
      'Eastern Standard Time',
      '2026-12-01T05:00:00.000Z',
    ],
    [
      'no zone at all',
      { timeZone: 'Mine' },
      undefined,
      'tzone://Microsoft/Custom',
      '2026-12-01T00:00:00.000Z',
    ],
  ])('counts it in the zone of its creation for %s', async (_name, microsoft, account, zone, start) => {
    const { add, busy } = await setup({ microsoft }, account);
    add({ start: '2026-12-01', end: '2026-12-02', originalTimeZone: zone });
    expect(await busy()).toMatchObject([{ start }]);
  });

  test.each([
    [
      'is skipped at midnight',
      'Middle East Standard Time',
      '2026-03-29',
      '2026-03-28T22:00:00.000Z',
      '2026-03-29T21:00:00.000Z',
    ],
    [
      'ends in the north',
      'W. Europe Standard Time',
      '2026-10-25',
      '2026-10-24T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ],
    [
      'begins in the south',
      'AUS Eastern Standard Time',
      '2026-10-04',
      '2026-10-03T14:00:00.000Z',
      '2026-10-04T13:00:00.000Z',
    ],
  ])('counts the whole day on which an hour %s', async (_name, timeZone, date, start, end) => {
    const { add, busyEvents } = await setup({ microsoft: { timeZone } });
    const next = new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
    add({ start: date, end: next });
    const [event] = await busyEvents({ from: '2026-01-01T00:00:00.000Z', until: '2026-12-31T00:00:00.000Z' });
    expect(event).toMatchObject({ start, end });
  });

  test('ignores deleted events and events outside the window, also those that last all day', async () => {
    const { calendar, connection, busy, add } = await setup();
    add({ start: '2026-11-30T12:00:00Z', end: '2026-12-01T00:00:00Z' });
    add({ start: '2026-12-03T00:00:00Z', end: '2026-12-03T12:00:00Z' });
    add({ start: '2026-11-30', end: '2026-12-01' });
    add({ start: '2026-12-03', end: '2026-12-04' });
    await calendar.putEvent(connection, outlookEvent(), callContext());
    await calendar.deleteEvent(connection, outlookDeletion, callContext());
    expect(await busy()).toEqual([]);
  });

  test('reads all pages', async () => {
    const { add, busy, calls } = await setup();
    for (let event = 0; event < 1_001; event += 1) add();
    expect(await busy()).toHaveLength(1_001);
    expect(calls()['calendarView.list']).toEqual({ 200: 2 });
  });

  test('reports a calendar that does not exist as an error, not as free', async () => {
    const { calendar, connection } = await setup();
    const asking = calendar.busyEvents(connection, 'AAMkAGunknown=', window, callContext());
    await expect(asking).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });
});

const timeOf = (instant: string) => ({ dateTime: instant.slice(0, -1), timeZone: 'UTC' });

test('a copy that a person has made of our event is busy, and is neither changed nor removed', async () => {
  const { calendar, connection, client, busyEvents, shown } = await setup();
  await calendar.putEvent(connection, outlookEvent(), callContext());
  const { singleValueExtendedProperties } = shown()[0] ?? {};
  const times = { start: timeOf(lunch.start), end: timeOf(lunch.end) };
  const { id: copy } = await client.exchange(
    { provider: 'microsoft', name: 'test', writes: true },
    connection,
    callContext(),
    z.looseObject({ id: z.string() }),
    // Outlook gives the events of its users transaction ids of another form.
    {
      method: 'post',
      path: '/me/calendar/events',
      body: { ...times, singleValueExtendedProperties, transactionId: 'localevent:4d1f' },
    },
  );
  expect(await busyEvents()).toMatchObject([
    { eventId, reference: outlookDeletion.reference },
    { ...lunch, eventId: copy },
  ]);
  await calendar.deleteEvent(connection, outlookDeletion, callContext());
  expect(await calendar.deleteEvent(connection, outlookDeletion, callContext())).toBe('absent');
  expect(shown().map(({ immutableId }) => immutableId)).toEqual([copy]);
  // The event is created again beside the copy.
  await calendar.putEvent(connection, outlookEvent({ revision: 2 }), callContext());
  expect(shown()).toHaveLength(2);
});

test.each([true, false])(
  'the occurrences of a series that a person has made of a copy are busy, with our transaction id: %s',
  async (keepsTransactionId) => {
    const { calendar, connection, control, busyEvents, shown, calls } = await setup();
    await calendar.putEvent(connection, outlookEvent(), callContext());
    const { account } = connection;
    const [ours] = shown();
    const about = { account, eventId: ours?.immutableId ?? '', keepsTransactionId };
    const { eventId: copy } = control.copyOutlookEvent({ ...about, laterMinutes: 120 });
    control.repeatOutlookEvent({ account, eventId: copy, everyDays: 1, times: 2 });
    const uid = shown().find(({ immutableId }) => immutableId === copy)?.iCalUId;
    const reads = () => calls()['events.get']?.[200] ?? 0;
    const before = reads();
    const [first, ...occurrences] = await busyEvents();
    expect(first).toMatchObject({ eventId, creation: { uid: ours?.iCalUId } });
    const proof = { eventId, creation: { id: ours?.transactionId, uid } };
    const expected = keepsTransactionId ? proof : { reference: undefined, creation: undefined };
    expect(
      occurrences.map(({ reference, creation, ...event }) => ({ reference, creation, ...event })),
    ).toEqual([expect.objectContaining(expected), expect.objectContaining(expected)]);
    // The series is read once.
    expect(reads()).toBe(before + 1);
  },
);

test('the occurrences of a series that a person has made of our event are ours', async () => {
  const { calendar, connection, control, busyEvents, shown } = await setup();
  await calendar.putEvent(connection, outlookEvent(), callContext());
  const [ours] = shown();
  const creation = { id: ours?.transactionId, uid: ours?.iCalUId };
  const about = { account: connection.account, eventId: ours?.immutableId ?? '' };
  control.repeatOutlookEvent({ ...about, everyDays: 1, times: 2 });
  const { reference } = outlookDeletion;
  expect(await busyEvents()).toMatchObject([
    { eventId, reference, creation },
    { eventId, reference, creation },
  ]);
});
