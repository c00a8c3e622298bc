import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  calendarEvent,
  calendarId,
  deletion,
  eventId,
  setUpGoogleCalendar,
  slot,
} from '../../tests/harness/google-calendar.ts';
import { createGoogleClient } from './client.ts';

describe('putEvent', () => {
  test('writes an event once when it is repeated', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    expect(await calendar.putEvent(connection, calendarEvent(), callContext())).toEqual({ eventId: eventId });
    expect(await calendar.putEvent(connection, calendarEvent(), callContext())).toEqual({ eventId: eventId });
    expect(events()).toMatchObject([
      {
        id: eventId,
        status: 'confirmed',
        summary: 'Audition: Ophelia',
        extendedProperties: { private: { castmatchReference: 'aud_ophelia', castmatchRevision: '1' } },
      },
    ]);
  });

  test('writes the same instants in UTC when Google does not know the zone', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar({
      google: { unknownZones: ['Europe/Paris'] },
    });
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;
    await calendar.putEvent(connection, calendarEvent({ slot: moved, revision: 2 }), callContext());
    expect(events()).toMatchObject([{ start: { dateTime: '2026-12-02T09:00:00Z', timeZone: 'UTC' } }]);
  });

  test('does not write an unchanged event', async () => {
    const { connection, calendar, calls } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await calendar.putEvent(connection, calendarEvent(), callContext());
    expect(calls()['events.update']).toBeUndefined();
  });

  test('moves the event, and ignores a late older revision', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;
    await calendar.putEvent(connection, calendarEvent({ slot: moved, revision: 2 }), callContext());
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const [event] = events();
    expect(Date.parse(event?.start.dateTime ?? '')).toBe(Date.parse(moved.start));
    expect(event?.sequence).toBeGreaterThanOrEqual(2);
  });

  test('keeps the texts that a person has edited until ours are others', async () => {
    const { connection, calendar, client, events } = await setUpGoogleCalendar();
    const put = (change: Parameters<typeof calendarEvent>[0] = {}) =>
      calendar.putEvent(connection, calendarEvent(change), callContext());
    await put();
    await client.exchange(
      { provider: 'google', name: 'test', writes: true },
      connection,
      callContext(),
      z.unknown(),
      (library, options) =>
        library.events.patch(
          { calendarId, eventId, requestBody: { summary: 'My big day', description: 'Bring a hat' } },
          options,
        ),
    );
    await put();
    const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;
    await put({ slot: moved, revision: 2 });
    expect(events()).toMatchObject([
      {
        summary: 'My big day',
        description: 'Bring a hat',
        start: { dateTime: moved.start.replace('.000', '') },
      },
    ]);
    await put({ slot: moved, revision: 2, summary: 'Audition: Hamlet' });
    expect(events()).toMatchObject([{ summary: 'Audition: Hamlet', description: 'Bring a hat' }]);
    await put({ slot: moved, revision: 3, summary: 'Audition: Hamlet', location: 'Attic' });
    expect(events()).toMatchObject([{ description: 'Bring a hat', location: 'Attic' }]);
    const second = { summary: 'Audition: Hamlet', location: 'Attic', description: 'Second round' };
    await put({ slot: moved, revision: 4, ...second });
    expect(events()).toMatchObject([second]);
  });

  test('writes the reminders once, and keeps those that a person has set since', async () => {
    const { connection, calendar, client, events } = await setUpGoogleCalendar();
    const put = (change: Parameters<typeof calendarEvent>[0] = {}) =>
      calendar.putEvent(connection, calendarEvent(change), callContext());
    const remind = (requestBody: object) =>
      client.exchange(
        { provider: 'google', name: 'test', writes: true },
        connection,
        callContext(),
        z.unknown(),
        (library, options) => library.events.patch({ calendarId, eventId, requestBody }, options),
      );
    await put({ reminders: [1440, 30] });
    const written = [
      { method: 'popup', minutes: 1440 },
      { method: 'popup', minutes: 30 },
    ];
    expect(events()).toMatchObject([{ reminders: { useDefault: false, overrides: written } }]);
    const theirs = { useDefault: false, overrides: [{ method: 'email', minutes: 5 }] };
    await remind({ reminders: theirs });
    const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;
    await put({ reminders: [1440, 30], slot: moved, revision: 2 });
    expect(events()).toMatchObject([{ start: { dateTime: '2026-12-02T09:00:00Z' }, reminders: theirs }]);
  });

  test('switches the reminders of the calendar off, also for an event that a conference has created', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    const put = (change: Parameters<typeof calendarEvent>[0] = {}) =>
      calendar.putEvent(connection, calendarEvent(change), callContext());
    await put();
    expect(events()[0]?.reminders).toEqual({ useDefault: true });
    await put({ reminders: [] });
    expect(events()[0]?.reminders).toEqual({ useDefault: false });
  });

  test('revives an event that was deleted', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await calendar.deleteEvent(connection, deletion, callContext());
    expect(events()).toMatchObject([{ status: 'cancelled' }]);
    await calendar.putEvent(connection, calendarEvent({ revision: 2 }), callContext());
    expect(events()).toMatchObject([{ status: 'confirmed' }]);
  });

  test('does not overwrite a later revision written between its read and its write', async () => {
    const { connection, calendar, control, events } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    control.setFault('google', { kind: 'latency', operation: 'events.update', latencyMs: 500, times: 1 });
    const late = calendar.putEvent(
      connection,
      calendarEvent({ revision: 2, summary: 'Second' }),
      callContext(),
    );
    await expect.poll(() => control.faults().google).toEqual([]);
    await calendar.putEvent(connection, calendarEvent({ revision: 3, summary: 'Third' }), callContext());
    await late;
    expect(events()).toMatchObject([{ summary: 'Third' }]);
  });

  test('leaves one event when attempts overlap', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    const attempts = Array.from({ length: 5 }, (_, index) =>
      calendar.putEvent(connection, calendarEvent({ revision: index + 1 }), callContext()),
    );
    const results = await Promise.allSettled(attempts);
    // An attempt that lost every race can be retryable; no failure may be permanent.
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(lost.every(({ fault }) => fault.kind === 'retry')).toBe(true);
    await calendar.putEvent(connection, calendarEvent({ revision: 5 }), callContext());
    expect(events()).toHaveLength(1);
    expect(events()[0]?.extendedProperties?.private).toMatchObject({ castmatchRevision: '5' });
  });

  test('keeps what people added to the event', async () => {
    const { connection, calendar, events, settings } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const other = createGoogleClient(settings);
    await other.exchange(
      { provider: 'google', name: 'test', writes: true } as const,
      connection,
      callContext(),
      z.unknown(),
      (api, options) =>
        api.events.patch({ calendarId, eventId: eventId, requestBody: { colorId: '7' } }, options),
    );
    await calendar.putEvent(
      connection,
      calendarEvent({ revision: 2, summary: 'Audition: Hamlet' }),
      callContext(),
    );
    expect(events()).toMatchObject([{ colorId: '7', summary: 'Audition: Hamlet' }]);
  });

  test('rejects an event with another mark and accepts one without a mark', async () => {
    const { connection, calendar, client, events } = await setUpGoogleCalendar();
    const insert = (id: string, mark: Record<string, string>) => {
      const when = { start: { dateTime: slot.start }, end: { dateTime: slot.end } };
      const requestBody = { id, ...when, extendedProperties: { private: mark } };
      return client.exchange(
        { provider: 'google', name: 'test', writes: true } as const,
        connection,
        callContext(),
        z.unknown(),
        (api, options) => api.events.insert({ calendarId, requestBody }, options),
      );
    };
    await insert(eventId, { castmatchReference: 'another' });
    await expect(calendar.putEvent(connection, calendarEvent(), callContext())).rejects.toMatchObject({
      fault: { kind: 'conflict' },
    });
    await insert('fffff', {});
    await calendar.putEvent(connection, calendarEvent({ eventId: 'fffff' }), callContext());
    expect(events()).toContainEqual(expect.objectContaining({ id: 'fffff', summary: 'Audition: Ophelia' }));
  });

  test.each([
    ['the gap of spring', '2027-03-28T00:30:00.000Z', '2027-03-28T01:30:00.000Z'],
    ['the overlap of autumn 2026', '2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'],
    ['the overlap of autumn 2027', '2027-10-31T00:15:00.000Z', '2027-10-31T01:45:00.000Z'],
  ] as const)('keeps its instants across %s', async (_name, start, end) => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    await calendar.putEvent(
      connection,
      calendarEvent({ slot: { start, end, zone: 'Europe/Paris' } }),
      callContext(),
    );
    const [event] = events();
    expect(Date.parse(event?.start.dateTime ?? '')).toBe(Date.parse(start));
    expect(Date.parse(event?.end.dateTime ?? '')).toBe(Date.parse(end));
    expect(event?.start.timeZone).toBe('Europe/Paris');
    const window = { from: '2026-10-01T00:00:00.000Z', until: '2026-11-30T00:00:00.000Z' } as const;
    const around = start.startsWith('2026') ? window : ({ from: start, until: end } as const);
    expect(await calendar.freeBusy(connection, [calendarId], around, callContext())).toEqual([
      { start, end },
    ]);
  });
});

/** Google forbids reviving the deleted event. */
const withoutRevival = async () => {
  const test = await setUpGoogleCalendar({ google: { revival: 'forbidden' } });
  const { connection, calendar } = test;
  const put = (revision: number) => calendar.putEvent(connection, calendarEvent({ revision }), callContext());
  const remove = () => calendar.deleteEvent(connection, deletion, callContext());
  return { ...test, put, remove };
};

describe('an event that a person deleted and that cannot be revived', () => {
  test('is written again under the next generation of its id and keeps it', async () => {
    const { put, remove, shown } = await withoutRevival();
    await put(1);
    await remove();
    const second = await put(2);
    expect(second.eventId).not.toBe(eventId);
    expect(await put(2)).toEqual(second);
    expect(await put(3)).toEqual(second);
    expect(shown()).toMatchObject([{ id: second.eventId, sequence: 3 }]);
  });

  test('is written again after each deletion', async () => {
    const { put, remove, shown } = await withoutRevival();
    await put(1);
    for (const revision of [2, 3]) {
      await remove();
      await put(revision);
    }
    expect(shown()).toHaveLength(1);
  });

  test('is deleted in every generation', async () => {
    const { put, remove, shown } = await withoutRevival();
    await put(1);
    await remove();
    await put(2);
    expect(await remove()).toBe('deleted');
    expect(await remove()).toBe('absent');
    expect(shown()).toEqual([]);
  });
});

describe('deleteEvent', () => {
  test('deletes the event once, then reports it as absent', async () => {
    const { connection, calendar } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const remove = () => calendar.deleteEvent(connection, deletion, callContext());
    expect(await remove()).toBe('deleted');
    expect(await remove()).toBe('absent');
  });

  test('reports an event that never existed as absent', async () => {
    const { connection, calendar } = await setUpGoogleCalendar();
    expect(await calendar.deleteEvent(connection, deletion, callContext())).toBe('absent');
  });
});

describe('freeBusy', () => {
  const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-02T00:00:00.000Z' } as const;

  test('returns the busy intervals', async () => {
    const { connection, calendar, control } = await setUpGoogleCalendar();
    const busy = { start: '2026-12-01T14:00:00.000Z', end: '2026-12-01T15:00:00.000Z' };
    control.addBusy({ account: connection.account, ...busy, timeZone: 'UTC', summary: 'Lunch' });
    expect(await calendar.freeBusy(connection, [calendarId], window, callContext())).toEqual([busy]);
  });

  test('accepts an answer for the primary calendar under its real id', async () => {
    const { connection, calendar, control } = await setUpGoogleCalendar({
      google: { freeBusyPrimary: 'resolved' },
    });
    const busy = { start: '2026-12-01T14:00:00.000Z', end: '2026-12-01T15:00:00.000Z' };
    control.addBusy({ account: connection.account, ...busy, timeZone: 'UTC', summary: 'Lunch' });
    const renamed = { ...connection, account: 'an alias' };
    expect(await calendar.freeBusy(connection, ['primary'], window, callContext())).toEqual([busy]);
    expect(await calendar.freeBusy(renamed, ['primary'], window, callContext())).toEqual([busy]);
  });

  test('reports an unreadable calendar as an error, not as free', async () => {
    const { connection, calendar } = await setUpGoogleCalendar();
    const asking = calendar.freeBusy(connection, [calendarId, 'nobody@example.test'], window, callContext());
    await expect(asking).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });
});
