/**
 * Tests answers in the other forms that the JSON of Google's messages permits (https://protobuf.dev/programming-guides/json/):
 * null for a field without a value, a text for an integer, and a number for an integer of 64 bits.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { hour } from '../../domain/time/units.ts';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  calendarEvent,
  calendarId,
  deletion,
  eventId,
  openConnectionWith,
  slot,
} from '../../tests/harness/google-calendar.ts';
import { startRewritingProxy } from '../../tests/harness/rewriting-proxy.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import { createGoogleCalendar } from './calendar.ts';
import { listCalendars } from './calendar-list.ts';
import { createGoogleChanges } from './changes.ts';
import { createGoogleClient } from './client.ts';

/** The fields of https://developers.google.com/workspace/calendar/api/v3/reference/events that an event can do without. */
const absentInEvent = {
  description: null,
  location: null,
  summary: null,
  sequence: null,
  colorId: null,
  hangoutLink: null,
  conferenceData: null,
  attendees: null,
  recurrence: null,
  recurringEventId: null,
  extendedProperties: null,
  iCalUID: null,
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const inOtherForm = (answer: unknown): unknown => {
  if (Array.isArray(answer)) return answer.map(inOtherForm);
  if (!isObject(answer)) return answer;
  const fields = Object.fromEntries(
    Object.entries(answer).map(([name, value]) => [name, inOtherForm(value)]),
  );
  switch (Object(answer).kind) {
    case 'calendar#event':
      return { ...absentInEvent, ...fields, sequence: String(Object(answer).sequence ?? 0) };
    case 'api#channel':
      return { ...fields, expiration: Number(Object(answer).expiration), token: null };
    case 'calendar#events':
      return { nextPageToken: null, nextSyncToken: null, timeZone: null, ...fields };
    case 'calendar#calendarListEntry':
      return { summaryOverride: null, description: null, primary: null, deleted: null, ...fields };
    default:
      return { nextPageToken: null, ...fields };
  }
};

const setUp = async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const { google: settings } = sandboxSettings(await startRewritingProxy(sandbox.url, inOtherForm));
  const client = createGoogleClient(settings);
  const connection = openConnectionWith(settings, 'sandbox-refresh-casting@example.test');
  return {
    sandbox,
    client,
    connection,
    calendar: createGoogleCalendar(client),
    changes: createGoogleChanges(client, { pageSize: 10 }),
  };
};

describe('a server of Google Calendar that states absent fields as null', () => {
  it('gets an event once, moved and removed', async () => {
    const { connection, calendar, sandbox } = await setUp();
    const events = () => sandbox.control.state().google.calendars.flatMap((one) => one.events);
    expect(await calendar.putEvent(connection, calendarEvent(), callContext())).toEqual({ eventId });
    expect(await calendar.putEvent(connection, calendarEvent(), callContext())).toEqual({ eventId });
    const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;
    await calendar.putEvent(connection, calendarEvent({ slot: moved, revision: 2 }), callContext());
    expect(events()).toMatchObject([{ summary: 'Audition: Ophelia', status: 'confirmed' }]);
    expect(Date.parse(events()[0]?.start.dateTime ?? '')).toBe(Date.parse(moved.start));
    await calendar.deleteEvent(connection, deletion, callContext());
    expect(events()).toMatchObject([{ status: 'cancelled' }]);
  });

  it('is listed, with its events', async () => {
    const { connection, changes, client, sandbox } = await setUp();
    sandbox.control.addBusy({ account: calendarId, start: slot.start, end: slot.end });
    const position = { kind: 'all', since: slot.start } as const;
    const page = await changes.listChanges(connection, 'primary', position, callContext(), nothingStored);
    expect(page).toMatchObject({ kind: 'page', changes: [{ event: { start: slot.start, end: slot.end } }] });
    expect(await listCalendars(client, connection, callContext())).toMatchObject([{ calendarId: 'primary' }]);
  });

  it('opens a channel that ends at a time in milliseconds as a number', async () => {
    const { connection, changes } = await setUp();
    const channel = await changes.push?.watch(
      connection,
      {
        calendarId: 'primary',
        id: 'channel-1',
        secret: 'secret',
        address: 'https://castmatch.test/v1/webhooks/google',
        expiresAt: toInstant(Date.now() + 1 * hour),
      },
      callContext(),
    );
    expect(channel?.id).toBe('channel-1');
    expect(Date.parse(channel?.expiresAt ?? '')).toBeGreaterThan(Date.now());
  });
});
