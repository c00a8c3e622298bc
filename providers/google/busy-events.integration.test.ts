import { describe, expect, test } from 'vitest';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  calendarEvent,
  calendarId,
  deletion,
  eventId,
  setUpGoogleCalendar,
  slot,
} from '../../tests/harness/google-calendar.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-03T00:00:00.000Z' } as const;
const lunch = { start: '2026-12-01T12:00:00.000Z', end: '2026-12-01T13:00:00.000Z' } as const;

const setup = async (options: SandboxOptions = {}) => {
  const test = await setUpGoogleCalendar(options);
  const { calendar, connection, control } = test;
  const { account } = connection;
  return {
    ...test,
    add: (time: Partial<Parameters<typeof control.addBusy>[0]>) =>
      control.addBusy({ account, ...lunch, ...time }),
    busyEvents: () => calendar.busyEvents(connection, calendarId, window, callContext()),
    kinds: async () =>
      (await calendar.busyEvents(connection, calendarId, window, callContext())).map(({ busy }) => busy),
    busy: async () =>
      (await calendar.busyEvents(connection, calendarId, window, callContext())).map(({ start, end }) => ({
        start,
        end,
      })),
    freeBusy: () => calendar.freeBusy(connection, [calendarId], window, callContext()),
  };
};

describe('busyEvents', () => {
  test('tells our event, under any generation of its id, from an event inside its time', async () => {
    const { calendar, connection, busyEvents, add } = await setup({ google: { revival: 'forbidden' } });
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await calendar.deleteEvent(connection, deletion, callContext());
    await calendar.putEvent(connection, calendarEvent({ revision: 2 }), callContext());
    const inside = { start: '2026-12-01T09:20:00.000Z', end: '2026-12-01T09:30:00.000Z' } as const;
    const { eventId: other } = add(inside);
    expect(await busyEvents()).toEqual([
      {
        start: slot.start,
        end: slot.end,
        busy: 'busy',
        eventId,
        uid: expect.stringContaining(eventId),
        reference: deletion.reference,
      },
      { ...inside, busy: 'busy', eventId: other, uid: expect.stringContaining(other) },
    ]);
  });

  test.each([
    ['an event that shows its owner as available', { transparency: 'transparent' }, false],
    ['an invitation that its owner has declined', { answer: 'declined' }, false],
    ['a tentative event', { status: 'tentative' }, 'tentative'],
    ['a private event', { visibility: 'private' }, 'busy'],
    ['an accepted invitation', { answer: 'accepted' }, 'busy'],
    ['an invitation without an answer', { answer: 'needsAction' }, 'tentative'],
    ['a tentative answer', { answer: 'tentative' }, 'tentative'],
    ['focus time', { eventType: 'focusTime' }, 'busy'],
    ['an absence', { eventType: 'outOfOffice' }, 'busy'],
    ['a working location', { eventType: 'workingLocation', transparency: 'transparent' }, false],
    ['an event of no duration', { end: lunch.start }, false],
  ] as const)('counts %s as a free/busy query does, and tells its kind', async (_name, change, expected) => {
    const { add, kinds, busy, freeBusy } = await setup();
    add(change);
    expect(await kinds()).toEqual(expected ? [expected] : []);
    expect(await busy()).toEqual(expected ? [lunch] : []);
    expect(await freeBusy()).toEqual(expected ? [lunch] : []);
  });

  test.each([
    ['UTC', '2026-12-01T00:00:00.000Z', '2026-12-02T00:00:00.000Z'],
    ['Europe/Paris', '2026-11-30T23:00:00.000Z', '2026-12-01T23:00:00.000Z'],
    ['America/New_York', '2026-12-01T05:00:00.000Z', '2026-12-02T05:00:00.000Z'],
  ])('counts an event that lasts all day in the zone of the calendar, %s', async (timeZone, start, end) => {
    const { add, busy } = await setup({ google: { timeZone } });
    add({ start: '2026-12-01', end: '2026-12-02' });
    expect(await busy()).toEqual([{ start, end }]);
  });

  test('ignores deleted events and events outside the window', async () => {
    const { calendar, connection, busy, add } = await setup();
    add({ start: '2026-11-30T12:00:00.000Z', end: window.from });
    add({ start: window.until, end: '2026-12-03T12:00:00.000Z' });
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await calendar.deleteEvent(connection, deletion, callContext());
    expect(await busy()).toEqual([]);
  });

  test('reads all pages', async () => {
    const { add, busy, calls } = await setup();
    for (let event = 0; event < 2_501; event += 1) add({});
    expect(await busy()).toHaveLength(2_501);
    expect(calls()['events.list']).toEqual({ 200: 2 });
  });

  test('reports a calendar that does not exist as an error, not as free', async () => {
    const { calendar, connection } = await setup();
    const asking = calendar.busyEvents(connection, 'nobody@example.test', window, callContext());
    await expect(asking).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });
});
