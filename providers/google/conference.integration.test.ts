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
import type { ConferenceEvent } from '../ports.ts';

const conferenceEvent = (change: Partial<ConferenceEvent> = {}): ConferenceEvent => ({
  calendarId,
  eventId,
  reference: deletion.reference,
  key: 'meeting:1',
  topic: 'Nightfall: Ophelia',
  slot,
  revision: 1,
  requestId: 'request-1',
  settings: {},
  ...change,
});
const testOperation = { provider: 'google', name: 'test', writes: true } as const;
/** The end of the meeting that `conferenceEvent` creates. */
const end = { ...deletion, keys: ['meeting:1'] };
const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;

describe('putConference', () => {
  test('creates one conference, and returns the same one when it is repeated or moved', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    const first = await calendar.putConference(connection, conferenceEvent(), callContext());
    expect(first.joinUrl).toMatch(/^https:\/\/meet\.google\.com\//);
    expect(await calendar.putConference(connection, conferenceEvent(), callContext())).toEqual(first);
    expect(
      await calendar.putConference(connection, conferenceEvent({ slot: moved, revision: 2 }), callContext()),
    ).toEqual(first);
    expect(events()).toMatchObject([{ id: eventId, summary: 'Nightfall: Ophelia' }]);
    expect(Date.parse(events()[0]?.start.dateTime ?? '')).toBe(Date.parse(moved.start));
  });

  test.each([[{}], [{ withEvent: true }]])(
    'is not permitted where the calendar allows no Meet, so that the next provider is asked: %j',
    async ({ withEvent = false }: { readonly withEvent?: boolean }) => {
      const { connection, calendar } = await setUpGoogleCalendar({
        google: { conference: { allowedTypes: [] } },
      });
      if (withEvent) await calendar.putEvent(connection, calendarEvent(), callContext());
      await expect(
        calendar.putConference(connection, conferenceEvent(), callContext()),
      ).rejects.toMatchObject({
        fault: { kind: 'not_permitted' },
      });
    },
  );

  test('returns the telephone number of a conference that has one', async () => {
    const phone = { label: '+33 1 23 45 67 89', pin: '123456789' };
    const { connection, calendar } = await setUpGoogleCalendar({ google: { conference: { phone } } });
    expect(await calendar.putConference(connection, conferenceEvent(), callContext())).toMatchObject({
      dialIn: '+33 1 23 45 67 89, 123456789#',
    });
  });

  test('keeps the texts that putEvent has written, in any order', async () => {
    const { connection, calendar, events, calls } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await calendar.putConference(connection, conferenceEvent(), callContext());
    const words = { summary: 'Audition: Ophelia', description: 'First round' };
    expect(events()).toMatchObject([{ ...words, conferenceData: {} }]);
    await calendar.putConference(connection, conferenceEvent({ slot: moved, revision: 2 }), callContext());
    expect(events()).toMatchObject([words]);
    expect(calls()['events.update']).toBeUndefined();
  });

  test('and a simultaneous putEvent leave one event with texts and conference', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await Promise.all([
      calendar.putConference(connection, conferenceEvent({ slot: moved, revision: 2 }), callContext()),
      calendar.putEvent(
        connection,
        calendarEvent({ slot: moved, revision: 2, summary: 'Second' }),
        callContext(),
      ),
    ]);
    expect(events()).toMatchObject([{ summary: 'Second', description: 'First round', conferenceData: {} }]);
  });

  test('never moves the event back when it arrives late', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent({ slot: moved, revision: 2 }), callContext());
    await calendar.putConference(connection, conferenceEvent(), callContext());
    expect(Date.parse(events()[0]?.start.dateTime ?? '')).toBe(Date.parse(moved.start));
    expect(events()).toMatchObject([{ conferenceData: {} }]);
  });

  test('waits while the conference is being created', async () => {
    const { connection, calendar } = await setUpGoogleCalendar({
      google: { conference: { pendingMs: 500 } },
    });
    expect((await calendar.putConference(connection, conferenceEvent(), callContext())).id).toBeTruthy();
  });

  test('throws retry when the conference takes too long', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar({
      google: { conference: { pendingMs: 60_000 } },
    });
    await expect(calendar.putConference(connection, conferenceEvent(), callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'unknown' },
    });
    expect(events()).toHaveLength(1);
  });

  test('requests a failed conference again under another request id', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar({
      google: { conference: { outcome: 'failure_first' } },
    });
    expect((await calendar.putConference(connection, conferenceEvent(), callContext())).joinUrl).toMatch(
      /^https:/,
    );
    expect(events()).toMatchObject([{ conferenceData: { createRequest: { requestId: 'request-1-2' } } }]);
  });

  test('requests a conference again that failed in an earlier attempt', async () => {
    const { connection, calendar, client } = await setUpGoogleCalendar({
      google: { conference: { outcome: 'failure_first' } },
    });
    const conferenceData = {
      createRequest: { requestId: 'request-1', conferenceSolutionKey: { type: 'hangoutsMeet' } },
    };
    const requestBody = {
      id: eventId,
      start: { dateTime: slot.start },
      end: { dateTime: slot.end },
      conferenceData,
    };
    await client.exchange(
      { provider: 'google', name: 'test', writes: true } as const,
      connection,
      callContext(),
      z.unknown(),
      (api, options) =>
        api.events.insert({ calendarId: connection.account, conferenceDataVersion: 1, requestBody }, options),
    );
    expect((await calendar.putConference(connection, conferenceEvent(), callContext())).joinUrl).toMatch(
      /^https:/,
    );
  });

  test('throws when the conference fails each time', async () => {
    const { connection, calendar } = await setUpGoogleCalendar({
      google: { conference: { outcome: 'failure' } },
    });
    await expect(calendar.putConference(connection, conferenceEvent(), callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
    });
  });

  test('accepts a conference with a link and without an id', async () => {
    const { connection, calendar } = await setUpGoogleCalendar({ google: { conference: { withId: false } } });
    const { id, joinUrl } = await calendar.putConference(connection, conferenceEvent(), callContext());
    expect(joinUrl).toBe(`https://meet.google.com/${id}`);
  });

  test('moves an event that a person has made to last all day', async () => {
    const { connection, calendar, client, events } = await setUpGoogleCalendar();
    const first = await calendar.putConference(connection, conferenceEvent(), callContext());
    const requestBody = {
      start: { date: '2026-12-01', dateTime: null, timeZone: null },
      end: { date: '2026-12-02', dateTime: null, timeZone: null },
    };
    await client.exchange(testOperation, connection, callContext(), z.unknown(), (api, options) =>
      api.events.patch({ calendarId, eventId, requestBody }, options),
    );
    expect(
      await calendar.putConference(connection, conferenceEvent({ slot: moved, revision: 2 }), callContext()),
    ).toEqual(first);
    expect(events()[0]?.start).not.toHaveProperty('date');
    expect(Date.parse(events()[0]?.start.dateTime ?? '')).toBe(Date.parse(moved.start));
  });

  test('creates another conference for an event that was deleted', async () => {
    const { connection, calendar, client, shown } = await setUpGoogleCalendar();
    const first = await calendar.putConference(connection, conferenceEvent(), callContext());
    await client.exchange(testOperation, connection, callContext(), z.unknown(), (api, options) =>
      api.events.delete({ calendarId, eventId }, options),
    );
    const move = conferenceEvent({
      slot: moved,
      revision: 2,
      requestId: 'request-2',
    });
    const second = await calendar.putConference(connection, move, callContext());
    expect(second.joinUrl).not.toBe(first.joinUrl);
    expect(await calendar.putConference(connection, move, callContext())).toEqual(second);
    expect(shown()).toMatchObject([{ hangoutLink: second.joinUrl }]);
    expect(await calendar.deleteEvent(connection, end, callContext())).toBe('deleted');
  });
});

describe('the event of a meeting and of participants in one calendar', () => {
  test('is kept for a participant when the meeting is removed late, without the conference', async () => {
    const { connection, calendar, shown } = await setUpGoogleCalendar();
    await calendar.putConference(connection, conferenceEvent(), callContext());
    await calendar.putEvent(connection, calendarEvent(), callContext());
    expect(await calendar.deleteEvent(connection, end, callContext())).toBe('deleted');
    expect(await calendar.deleteEvent(connection, end, callContext())).toBe('absent');
    expect(shown()).toMatchObject([{ summary: 'Audition: Ophelia' }]);
    expect(shown()[0]).not.toHaveProperty('hangoutLink');
    expect(await calendar.deleteEvent(connection, deletion, callContext())).toBe('deleted');
    expect(shown()).toEqual([]);
  });

  test('is kept for the meeting when the participant is removed', async () => {
    const { connection, calendar, shown } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const { joinUrl } = await calendar.putConference(connection, conferenceEvent(), callContext());
    expect(await calendar.deleteEvent(connection, deletion, callContext())).toBe('deleted');
    expect(shown()).toMatchObject([{ hangoutLink: joinUrl }]);
  });

  test('is kept for one of two participants when the other is removed', async () => {
    const { connection, calendar, shown } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const other = { name: 'carl', key: 'event:carl' };
    await calendar.putEvent(connection, calendarEvent({ use: other }), callContext());
    expect(await calendar.deleteEvent(connection, deletion, callContext())).toBe('deleted');
    expect(shown()).toHaveLength(1);
    expect(await calendar.deleteEvent(connection, { ...deletion, keys: ['event:carl'] }, callContext())).toBe(
      'deleted',
    );
    expect(shown()).toEqual([]);
  });

  test('is not deleted when only an earlier step of the participant is undone', async () => {
    const { connection, calendar, shown } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    const later = { name: 'ada', key: 'event:ada:r2' };
    await calendar.putEvent(connection, calendarEvent({ use: later, revision: 2 }), callContext());
    expect(await calendar.deleteEvent(connection, deletion, callContext())).toBe('absent');
    expect(shown()).toHaveLength(1);
  });

  test('keeps the conference of a second meeting when the first is removed late', async () => {
    const { connection, calendar, shown } = await setUpGoogleCalendar();
    await calendar.putConference(connection, conferenceEvent(), callContext());
    const second = conferenceEvent({ key: 'meeting:2', requestId: 'request-2' });
    const { joinUrl } = await calendar.putConference(connection, second, callContext());
    expect(await calendar.deleteEvent(connection, end, callContext())).toBe('absent');
    expect(shown()).toMatchObject([{ hangoutLink: joinUrl }]);
  });

  test('does not bring the former conference back when it is written after its deletion', async () => {
    const { connection, calendar, shown } = await setUpGoogleCalendar();
    await calendar.putConference(connection, conferenceEvent(), callContext());
    await calendar.deleteEvent(connection, end, callContext());
    await calendar.putEvent(connection, calendarEvent(), callContext());
    expect(shown()[0]).not.toHaveProperty('hangoutLink');
    expect(await calendar.deleteEvent(connection, deletion, callContext())).toBe('deleted');
    expect(shown()).toEqual([]);
  });

  test('is not deleted when it belongs to another program', async () => {
    const { connection, calendar, client, shown } = await setUpGoogleCalendar();
    const requestBody = {
      id: eventId,
      start: { dateTime: slot.start },
      end: { dateTime: slot.end },
      extendedProperties: { private: { castmatchReference: 'another' } },
    };
    await client.exchange(testOperation, connection, callContext(), z.unknown(), (api, options) =>
      api.events.insert({ calendarId, requestBody }, options),
    );
    expect(await calendar.deleteEvent(connection, deletion, callContext())).toBe('absent');
    expect(shown()).toHaveLength(1);
  });
});
