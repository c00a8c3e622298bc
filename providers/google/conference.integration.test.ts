import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  calendarEvent,
  calendarId,
  eventId,
  setUpGoogleCalendar,
  slot,
} from '../../tests/harness/google-calendar.ts';
import type { ConferenceEvent } from '../ports.ts';

const wish = (change: Partial<ConferenceEvent> = {}): ConferenceEvent => ({
  calendarId,
  eventId,
  topic: 'Nightfall: Ophelia',
  slot,
  revision: 1,
  requestId: 'request-1',
  ...change,
});
const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;

describe('putConference', () => {
  test('makes an event with a conference, and the same one when asked for again or moved', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    const first = await calendar.putConference(connection, wish(), callContext());
    expect(first.joinUrl).toMatch(/^https:\/\/meet\.google\.com\//);
    expect(await calendar.putConference(connection, wish(), callContext())).toEqual(first);
    expect(
      await calendar.putConference(connection, wish({ slot: moved, revision: 2 }), callContext()),
    ).toEqual(first);
    expect(events()).toMatchObject([{ id: eventId, summary: 'Nightfall: Ophelia' }]);
    expect(Date.parse(events()[0]?.start.dateTime ?? '')).toBe(Date.parse(moved.start));
  });

  test('leaves what the event says to the step that writes it, whichever comes last', async () => {
    const { connection, calendar, events, calls } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await calendar.putConference(connection, wish(), callContext());
    const words = { summary: 'Audition: Ophelia', description: 'First round' };
    expect(events()).toMatchObject([{ ...words, conferenceData: {} }]);
    await calendar.putConference(connection, wish({ slot: moved, revision: 2 }), callContext());
    expect(events()).toMatchObject([words]);
    expect(calls()['events.update']).toBeUndefined();
  });

  test('and putEvent at the same moment leave one event with the words of one and the conference of the other', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await Promise.all([
      calendar.putConference(connection, wish({ slot: moved, revision: 2 }), callContext()),
      calendar.putEvent(
        connection,
        calendarEvent({ slot: moved, revision: 2, summary: 'Second' }),
        callContext(),
      ),
    ]);
    expect(events()).toMatchObject([{ summary: 'Second', description: 'First round', conferenceData: {} }]);
  });

  test('never moves the event back when it comes late', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent({ slot: moved, revision: 2 }), callContext());
    await calendar.putConference(connection, wish(), callContext());
    expect(Date.parse(events()[0]?.start.dateTime ?? '')).toBe(Date.parse(moved.start));
    expect(events()).toMatchObject([{ conferenceData: {} }]);
  });

  test('waits while the conference is being made', async () => {
    const { connection, calendar } = await setUpGoogleCalendar({
      google: { conference: { pendingMs: 500 } },
    });
    expect((await calendar.putConference(connection, wish(), callContext())).id).toBeTruthy();
  });

  test('leaves it to the next attempt when that takes too long', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar({
      google: { conference: { pendingMs: 60_000 } },
    });
    await expect(calendar.putConference(connection, wish(), callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'unknown' },
    });
    expect(events()).toHaveLength(1);
  });

  test('asks again, under another request id, where the conference failed', async () => {
    const { connection, calendar, events } = await setUpGoogleCalendar({
      google: { conference: { outcome: 'failure_first' } },
    });
    expect((await calendar.putConference(connection, wish(), callContext())).joinUrl).toMatch(/^https:/);
    expect(events()).toMatchObject([{ conferenceData: { createRequest: { requestId: 'request-1-2' } } }]);
  });

  test('asks again where an earlier attempt left a failed one', async () => {
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
    expect((await calendar.putConference(connection, wish(), callContext())).joinUrl).toMatch(/^https:/);
  });

  test('gives up a conference that fails each time', async () => {
    const { connection, calendar } = await setUpGoogleCalendar({
      google: { conference: { outcome: 'failure' } },
    });
    await expect(calendar.putConference(connection, wish(), callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
    });
  });

  test('is content with a link, where the id is missing beside it', async () => {
    const { connection, calendar } = await setUpGoogleCalendar({ google: { conference: { withId: false } } });
    const { id, joinUrl } = await calendar.putConference(connection, wish(), callContext());
    expect(joinUrl).toBe(`https://meet.google.com/${id}`);
  });
});
