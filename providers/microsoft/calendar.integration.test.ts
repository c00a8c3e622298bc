import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { consentingUserAt } from '../../tests/harness/authorizer-suite.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { eventId, slot } from '../../tests/harness/google-calendar.ts';
import { outlookDeletion, outlookEvent, setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';
import type { ConnectedAccount } from '../ports.ts';
import type { GraphRequest } from './graph-client.ts';

const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;

const midnight = (date: string) => ({ dateTime: `${date}T00:00:00`, timeZone: 'UTC' });

const setup = async (...options: Parameters<typeof setUpOutlookCalendar>) => {
  const test = await setUpOutlookCalendar(...options);
  const { calendar, connection, client, shown } = test;
  /** Makes a request as another program of the owner does. */
  const asOwner = (request: GraphRequest) =>
    client.exchange(
      { provider: 'microsoft', name: 'test', writes: true },
      connection,
      callContext(),
      z.looseObject({}).optional(),
      request,
    );
  const pathOfEvent = () => `/me/calendar/events/${shown()[0]?.immutableId}`;
  return {
    ...test,
    put: (change: Parameters<typeof outlookEvent>[0] = {}) =>
      calendar.putEvent(connection, outlookEvent(change), callContext()),
    remove: (keys = outlookDeletion.keys) =>
      calendar.deleteEvent(connection, { ...outlookDeletion, keys }, callContext()),
    asOwner,
    editAsOwner: (body: object) => asOwner({ method: 'patch', path: pathOfEvent(), body }),
    deleteAsOwner: () => asOwner({ method: 'delete', path: pathOfEvent() }),
  };
};

describe('putEvent', () => {
  test('writes an event once when it is repeated', async () => {
    const { put, shown, calls } = await setup();
    const first = await put();
    expect(await put()).toEqual(first);
    expect(shown()).toMatchObject([
      {
        immutableId: first.eventId,
        subject: 'Audition: Ophelia',
        body: { contentType: 'text', content: 'First round' },
        showAs: 'busy',
        start: { dateTime: '2026-12-01T09:00:00.0000000', timeZone: 'UTC' },
      },
    ]);
    expect(calls()['events.create']).toEqual({ 201: 1 });
    expect(calls()['events.update']).toBeUndefined();
  });

  test('writes the last reminder once, and keeps that of the owner', async () => {
    const { put, shown, editAsOwner } = await setup();
    await put({ reminders: [1440, 30] });
    expect(shown()).toMatchObject([{ isReminderOn: true, reminderMinutesBeforeStart: 30 }]);
    await editAsOwner({ reminderMinutesBeforeStart: 5 });
    await put({ reminders: [1440, 30], slot: moved, revision: 2 });
    expect(shown()).toMatchObject([
      { start: { dateTime: '2026-12-02T09:00:00.0000000' }, reminderMinutesBeforeStart: 5 },
    ]);
  });

  test('switches the reminder of the mailbox off, and leaves it on without a setting', async () => {
    const { put, shown } = await setup();
    await put();
    expect(shown()).toMatchObject([{ isReminderOn: true }]);
    await put({ reminders: [] });
    expect(shown()).toMatchObject([{ isReminderOn: false }]);
    await put({ slot: moved, revision: 2 });
    expect(shown()).toMatchObject([{ isReminderOn: false }]);
  });

  test('returns the edit of the owner that it writes over, unless it is known', async () => {
    const { put, editAsOwner, deleteAsOwner } = await setup();
    const known = { times: [slot], isPresent: true };
    await put();
    expect(await put({ slot: moved, revision: 2, known })).toMatchObject({ overwrote: undefined });
    const edit = {
      start: { dateTime: '2026-12-03T09:00:00', timeZone: 'UTC' },
      end: { dateTime: '2026-12-03T09:30:00', timeZone: 'UTC' },
    };
    const edited = { start: '2026-12-03T09:00:00.000Z', end: '2026-12-03T09:30:00.000Z' } as const;
    await editAsOwner(edit);
    expect(await put({ revision: 3, known: { ...known, times: [moved] } })).toMatchObject({
      overwrote: { kind: 'moved', ...edited },
    });
    await editAsOwner(edit);
    expect(await put({ revision: 4, known: { ...known, times: [slot, edited] } })).toMatchObject({
      overwrote: undefined,
    });
    await editAsOwner({ isAllDay: true, start: midnight('2026-12-03'), end: midnight('2026-12-04') });
    expect(await put({ revision: 5, known })).toMatchObject({ overwrote: { kind: 'moved' } });
    await deleteAsOwner();
    expect(await put({ revision: 6, known })).toMatchObject({ overwrote: { kind: 'deleted' } });
  });

  test('returns the texts of the owner that it writes over, and keeps the others', async () => {
    const { put, editAsOwner, shown } = await setup();
    await put({ location: 'Studio 2' });
    await editAsOwner({ subject: 'My big day', location: { displayName: 'Studio 2, ring twice' } });
    expect(await put({ location: 'Studio 2', slot: moved, revision: 2 })).not.toHaveProperty(
      'overwroteTexts',
    );
    expect(await put({ location: 'Attic', revision: 3 })).toMatchObject({ overwroteTexts: ['place'] });
    expect(shown()).toMatchObject([{ subject: 'My big day' }]);
    expect(await put({ location: 'Cellar', revision: 4 })).not.toHaveProperty('overwroteTexts');
  });

  test('creates one event when the answer of the first attempt is lost', async () => {
    const { put, shown, control } = await setup();
    control.setFault('microsoft', { kind: 'lost_answer', operation: 'events.create', times: 1 });
    await expect(put()).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
    await put();
    expect(shown()).toHaveLength(1);
  });

  test.each(['compared', 'earlier_event', 'error'] as const)(
    'leaves one event with the last revision when attempts overlap (%s)',
    async (duplicateTransaction) => {
      const { put, shown } = await setup({ microsoft: { duplicateTransaction, mailboxConcurrency: 0 } });
      const attempts = Array.from({ length: 4 }, (_, index) =>
        put({ revision: index + 1, use: { name: `p${index}`, key: `event:p${index}` } }),
      );
      const results = await Promise.allSettled(attempts);
      // An attempt that lost every race can be retryable; no failure may be permanent.
      const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(lost.every(({ fault }) => fault.kind === 'retry')).toBe(true);
      await put({ revision: 5, summary: 'Last' });
      expect(shown()).toMatchObject([{ subject: 'Last' }]);
    },
  );

  test.each(['compared', 'earlier_event', 'error'] as const)(
    'creates the event again after a person deleted it (%s)',
    async (duplicateTransaction) => {
      const { put, remove, shown, deleteAsOwner } = await setup({ microsoft: { duplicateTransaction } });
      const first = await put();
      await deleteAsOwner();
      const again = await put({ revision: 2 });
      expect(again).not.toEqual(first);
      expect(shown()).toMatchObject([{ immutableId: again.eventId }]);
      expect(await remove()).toBe('deleted');
      expect(shown()).toEqual([]);
    },
  );

  test('moves the event and keeps what a person edited', async () => {
    const { put, shown, editAsOwner } = await setup();
    const { eventId: id } = await put();
    await editAsOwner({ subject: 'Ophelia, finally', categories: ['Red category'], showAs: 'tentative' });
    expect(await put({ revision: 2, slot: moved })).toMatchObject({ eventId: id });
    expect(shown()).toMatchObject([
      {
        subject: 'Ophelia, finally',
        categories: ['Red category'],
        showAs: 'tentative',
        start: { dateTime: '2026-12-02T09:00:00.0000000' },
        body: { content: 'First round' },
      },
    ]);
  });

  test('keeps the title that a person edited when only the room is another one', async () => {
    const { put, shown, editAsOwner } = await setup();
    await put({ location: 'Room 1' });
    await editAsOwner({ subject: 'Ophelia, finally' });
    await put({ revision: 2, slot: moved, location: 'Room 2' });
    expect(shown()).toMatchObject([
      { subject: 'Ophelia, finally', location: { displayName: 'Room 2' }, body: { content: 'First round' } },
    ]);
    await editAsOwner({ location: { displayName: 'Room 2, third floor' } });
    await put({ revision: 3, slot: moved, location: 'Room 2', description: 'Second round' });
    expect(shown()).toMatchObject([
      {
        subject: 'Ophelia, finally',
        location: { displayName: 'Room 2, third floor' },
        body: { content: 'Second round' },
      },
    ]);
  });

  test('keeps the description that a person edited until ours is another one', async () => {
    const { put, shown, editAsOwner } = await setup();
    await put({ location: 'Room 1' });
    const edited = { contentType: 'html', content: 'Bring a hat' };
    await editAsOwner({ body: edited });
    await put({ revision: 2, slot: moved, location: 'Room 1' });
    await put({ revision: 3, slot: moved, location: 'Room 2', summary: 'Audition: Hamlet' });
    expect(shown()).toMatchObject([{ body: edited, location: { displayName: 'Room 2' } }]);
    await put({ revision: 4, slot: moved, location: 'Room 2', description: 'Second round' });
    expect(shown()).toMatchObject([{ body: { contentType: 'text', content: 'Second round' } }]);
  });

  test('writes its texts when they change', async () => {
    const { put, shown } = await setup();
    await put({ location: 'Room 1' });
    await put({ revision: 2, summary: 'Audition: Hamlet', description: 'Second round' });
    expect(shown()).toMatchObject([
      { subject: 'Audition: Hamlet', body: { content: 'Second round' }, location: { displayName: '' } },
    ]);
  });

  test('keeps the body of an event to which a person added an online meeting', async () => {
    const { put, shown, editAsOwner } = await setup();
    await put();
    await editAsOwner({ isOnlineMeeting: true, body: { contentType: 'html', content: 'Join here' } });
    await put({ revision: 2, description: 'Second round', summary: 'Audition: Hamlet' });
    expect(shown()).toMatchObject([{ subject: 'Audition: Hamlet', body: { content: 'Join here' } }]);
  });

  test('restores the time of an event that a person made last all day', async () => {
    const { put, shown, editAsOwner } = await setup();
    await put();
    await editAsOwner({ isAllDay: true, start: midnight('2026-12-05'), end: midnight('2026-12-06') });
    await put({ revision: 2 });
    expect(shown()).toMatchObject([{ isAllDay: false, start: { dateTime: '2026-12-01T09:00:00.0000000' } }]);
  });

  test('ignores a late older revision, but begins to use the event', async () => {
    const { put, shown, remove } = await setup();
    await put({ revision: 2, slot: moved });
    await put({ revision: 1, use: { name: 'carl', key: 'event:carl' } });
    expect(shown()).toMatchObject([{ start: { dateTime: '2026-12-02T09:00:00.0000000' } }]);
    expect(await remove(['event:ada'])).toBe('deleted');
    expect(shown()).toHaveLength(1);
    expect(await remove(['event:carl'])).toBe('deleted');
    expect(shown()).toEqual([]);
  });

  test('does not overwrite a change that a person makes between its read and its write', async () => {
    const { put, shown, control, editAsOwner, calls } = await setup();
    await put();
    control.setFault('microsoft', { kind: 'latency', operation: 'events.update', latencyMs: 400, times: 1 });
    const late = put({ revision: 2, slot: moved });
    await expect.poll(() => control.faults().microsoft).toEqual([]);
    await editAsOwner({ location: { displayName: 'Stage door' } });
    await late;
    expect(shown()).toMatchObject([
      { location: { displayName: 'Stage door' }, start: { dateTime: '2026-12-02T09:00:00.0000000' } },
    ]);
    expect(calls()['events.update']).toEqual({ 200: 2, 412: 1 });
  });

  test.each([
    ['the gap of spring', '2027-03-28T00:30:00.000Z', '2027-03-28T01:30:00.000Z', 'Europe/Paris'],
    ['the overlap of autumn', '2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z', 'Europe/Paris'],
    [
      'the overlap of April in the south',
      '2027-04-03T15:15:00.000Z',
      '2027-04-03T16:45:00.000Z',
      'Australia/Sydney',
    ],
    ['a zone unknown to Windows', '2026-12-01T09:00:00.000Z', '2026-12-01T10:00:00.000Z', 'Antarctica/Troll'],
  ] as const)('keeps its instants across %s', async (_name, start, end, zone) => {
    const { put, calendar, connection } = await setup();
    await put({ slot: { start, end, zone } });
    const window = { from: start, until: end };
    expect(await calendar.freeBusy(connection, ['primary'], window, callContext())).toEqual([{ start, end }]);
  });

  test('reports the calendar that does not exist', async () => {
    const { put } = await setup();
    await expect(put({ calendarId: 'AAMkAGunknown=' })).rejects.toMatchObject({
      fault: { kind: 'not_found' },
    });
  });
});

describe('deleteEvent', () => {
  test('deletes the event once, then reports it as absent', async () => {
    const { put, remove, shown } = await setup();
    await put();
    expect(await remove()).toBe('deleted');
    expect(shown()).toEqual([]);
    expect(await remove()).toBe('absent');
  });

  test('reports an event that never existed, or whose use has ended, as absent', async () => {
    const { put, remove } = await setup();
    expect(await remove()).toBe('absent');
    await put();
    expect(await remove(['event:other'])).toBe('absent');
  });

  test('keeps the event when another participant begins to use it meanwhile', async () => {
    const { put, remove, shown, control } = await setup();
    await put();
    control.setFault('microsoft', { kind: 'latency', operation: 'events.delete', latencyMs: 400, times: 1 });
    const removing = remove();
    await expect.poll(() => control.faults().microsoft).toEqual([]);
    await put({ use: { name: 'carl', key: 'event:carl' } });
    expect(await removing).toBe('deleted');
    expect(shown()).toHaveLength(1);
  });
});

describe('resolveAlias', () => {
  test('recognizes the id of the main calendar, and asks once', async () => {
    const { calendar, connection, control, asOwner, calls } = await setup();
    const main = control.openMailbox(connection.account);
    const other = z
      .object({ id: z.string() })
      .parse(await asOwner({ method: 'post', path: '/me/calendars', body: { name: 'Sessions' } })).id;
    const resolve = async (id: string) => calendar.resolveAlias?.(connection, id, callContext());
    expect(await Promise.all(['primary', main, other].map(resolve))).toEqual(['primary', 'primary', other]);
    expect(calls()['calendars.get']).toEqual({ 200: 1 });
  });
});

describe('a calendar other than the main one', () => {
  test('has an event of its own', async () => {
    const { put, shown, asOwner, control, calendar, connection } = await setup();
    const { id } = z
      .object({ id: z.string() })
      .parse(await asOwner({ method: 'post', path: '/me/calendars', body: { name: 'Sessions' } }));
    await put();
    await put({ calendarId: id });
    expect(shown()).toHaveLength(2);
    // The id of the main calendar and `primary` lead to one event.
    await put({ calendarId: control.openMailbox(connection.account) });
    expect(shown()).toHaveLength(2);
    await calendar.deleteEvent(connection, { ...outlookDeletion, calendarId: id }, callContext());
    expect(shown()).toHaveLength(1);
  });
});

describe('a failed request', () => {
  test.each([
    [
      { kind: 'rate_limit', retryAfterSeconds: 7 },
      { kind: 'retry_after', delayMs: 7_000 },
    ],
    [
      { kind: 'outage', status: 503, retryAfterSeconds: 3 },
      { kind: 'outage', delayMs: 3_000 },
    ],
    [{ kind: 'outage', status: 500 }, { kind: 'retry' }],
    [
      { kind: 'outage', reset: true },
      { kind: 'outage', effect: 'none' },
    ],
  ] as const)(
    'of the kind %o has the fault %o, and is not repeated by the library',
    async (fault, expected) => {
      const { calendar, connection, control, calls } = await setup();
      control.setFault('microsoft', { ...fault, operation: 'calendarView.list' });
      const window = { from: slot.start, until: slot.end };
      const asking = calendar.busyEvents(connection, 'primary', window, callContext());
      await expect(asking).rejects.toMatchObject({ connection: 'conn_1', fault: expected });
      expect(Object.values(calls()['calendarView.list'] ?? {})).toEqual([1]);
    },
  );

  test('is repeated once with a new token after a 401', async () => {
    const { put, shown, control } = await setup();
    control.setFault('microsoft', { kind: 'unauthorized', operation: 'events.list', times: 1 });
    await put();
    expect(shown()).toHaveLength(1);
  });

  test('asks the owner to consent again when the consent does not cover calendars', async () => {
    const { calendar, connection, authorizer, control } = await setup();
    const user = consentingUserAt(authorizer);
    const { grant } = await user.connect({ account: connection.account, grantedScopes: ['offline_access'] });
    const reported: string[] = [];
    const withoutScope: ConnectedAccount = {
      ...connection,
      accessToken: async () => grant.accessToken?.value ?? '',
      reportMissingScopes: async (token) => void reported.push(token),
    };
    const window = { from: slot.start, until: slot.end };
    const read = (id: string) => calendar.busyEvents(withoutScope, id, window, callContext());
    await expect(read('primary')).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
    expect(reported).toEqual([grant.accessToken?.value]);
    // Another person's calendar can be forbidden although the consent is complete.
    const other = control.openMailbox('else@contoso.example');
    await expect(read(other)).rejects.toMatchObject({ fault: { kind: 'not_permitted' } });
    expect(reported).toHaveLength(1);
  });

  test('has the delay that Microsoft names when the mailbox has too many simultaneous requests', async () => {
    const { calendar, connection, control } = await setup({ microsoft: { mailboxConcurrency: 1 } });
    control.setFault('microsoft', {
      kind: 'latency',
      operation: 'calendarView.list',
      latencyMs: 300,
      times: 1,
    });
    const window = { from: slot.start, until: slot.end };
    const read = () => calendar.busyEvents(connection, 'primary', window, callContext());
    const [first, second] = await Promise.allSettled([read(), read()]);
    expect([first?.status, second?.status].sort()).toEqual(['fulfilled', 'rejected']);
    const rejected = [first, second].find((result) => result?.status === 'rejected');
    expect(rejected).toMatchObject({ reason: { fault: { kind: 'retry_after', delayMs: 1_000 } } });
  });
});

test('our id is stored with the event, and immutable ids are asked for', async () => {
  const { put, shown } = await setup();
  await put();
  expect(JSON.stringify(shown()[0]?.singleValueExtendedProperties)).toContain(eventId);
});
