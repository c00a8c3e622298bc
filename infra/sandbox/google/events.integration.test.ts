import { describe, expect, it } from 'vitest';
import { eventBody, googleErrorOf, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';

const primary = { calendarId: 'primary' };

describe('the events API of the Google sandbox', () => {
  it('stores an inserted event and returns it with the fields that Google adds', async () => {
    const { calendar } = await startGoogleSandbox();
    const { data } = await calendar.events.insert({ ...primary, requestBody: eventBody('abc01') });
    expect(data).toMatchObject({
      kind: 'calendar#event',
      id: 'abc01',
      status: 'confirmed',
      iCalUID: 'abc01@google.com',
      sequence: 0,
      organizer: { email: 'ann@example.com', self: true },
    });
    const read = await calendar.events.get({ calendarId: 'ann@example.com', eventId: 'abc01' });
    expect(read.data).toEqual(data);
  });

  it.each(['abcd', 'wxyz1', 'ABCDE', 'a-b-c-d-e', 'a'.repeat(1025)])(
    'rejects the event id %.12s',
    async (id) => {
      const { calendar } = await startGoogleSandbox();
      expect(
        await googleErrorOf(calendar.events.insert({ ...primary, requestBody: eventBody(id) })),
      ).toMatchObject({
        status: 400,
        reason: 'invalid',
      });
    },
  );

  it('answers 409 to an existing event id, deleted events included', async () => {
    const { calendar, sandbox } = await startGoogleSandbox();
    const again = { ...primary, requestBody: eventBody('abc01') };
    await calendar.events.insert(again);
    const duplicate = {
      status: 409,
      reason: 'duplicate',
      data: { error: { code: 409, message: 'The requested identifier already exists.' } },
    };
    expect(await googleErrorOf(calendar.events.insert(again))).toMatchObject(duplicate);
    await calendar.events.delete({ ...primary, eventId: 'abc01' });
    expect(await googleErrorOf(calendar.events.insert(again))).toMatchObject(duplicate);
    expect(sandbox.control.state().calls.google['events.insert']).toEqual({ 200: 1, 409: 2 });
  });

  it('shows a deleted event as cancelled and answers 410 to a second deletion', async () => {
    const { calendar } = await startGoogleSandbox();
    await calendar.events.insert({ ...primary, requestBody: eventBody('abc01') });
    const target = { ...primary, eventId: 'abc01' };
    await calendar.events.delete(target);
    expect((await calendar.events.get(target)).data.status).toBe('cancelled');
    expect(await googleErrorOf(calendar.events.delete(target))).toMatchObject({
      status: 410,
      reason: 'deleted',
    });
    expect((await calendar.events.list(primary)).data.items).toEqual([]);
    expect((await calendar.events.list({ ...primary, showDeleted: true })).data.items).toHaveLength(1);
  });

  it('answers 404 for an unknown event and an unknown calendar', async () => {
    const { calendar, connect } = await startGoogleSandbox();
    await connect('bea@example.com').calendar.events.list(primary);
    const notFound = { status: 404, reason: 'notFound' };
    expect(await googleErrorOf(calendar.events.delete({ ...primary, eventId: 'abc01' }))).toMatchObject(
      notFound,
    );
    expect(await googleErrorOf(calendar.events.list({ calendarId: 'bea@example.com' }))).toMatchObject(
      notFound,
    );
  });

  it('revives a deleted event by an update to confirmed', async () => {
    const { calendar } = await startGoogleSandbox();
    await calendar.events.insert({ ...primary, requestBody: eventBody('abc01') });
    await calendar.events.delete({ ...primary, eventId: 'abc01' });
    const { data } = await calendar.events.update({
      ...primary,
      eventId: 'abc01',
      requestBody: { ...eventBody('abc01', '2026-12-02'), status: 'confirmed' },
    });
    expect(data).toMatchObject({ status: 'confirmed', sequence: 1 });
    expect((await calendar.events.list(primary)).data.items).toHaveLength(1);
  });

  it('answers 403 to reviving a deleted event with the setting revival: forbidden', async () => {
    const { calendar } = await startGoogleSandbox({ google: { revival: 'forbidden' } });
    await calendar.events.insert({ ...primary, requestBody: eventBody('abc01') });
    await calendar.events.delete({ ...primary, eventId: 'abc01' });
    const revive = calendar.events.patch({
      ...primary,
      eventId: 'abc01',
      requestBody: { status: 'confirmed' },
    });
    expect(await googleErrorOf(revive)).toMatchObject({ status: 403 });
  });

  it('changes only the given fields in a patch and removes null fields', async () => {
    const { calendar } = await startGoogleSandbox();
    const properties = { private: { a: '1', b: '2' } };
    const requestBody = { ...eventBody('abc01'), description: 'Sides', extendedProperties: properties };
    await calendar.events.insert({ ...primary, requestBody });
    const { data } = await calendar.events.patch({
      ...primary,
      eventId: 'abc01',
      requestBody: { location: 'Room 2', description: null, extendedProperties: { private: { b: '3' } } },
    });
    expect(data).toMatchObject({
      summary: 'Audition',
      location: 'Room 2',
      extendedProperties: { private: { a: '1', b: '3' } },
    });
    expect(data).not.toHaveProperty('description');
  });

  it('increases the sequence when an event moves and rejects an older sequence', async () => {
    const { calendar } = await startGoogleSandbox();
    await calendar.events.insert({ ...primary, requestBody: { ...eventBody('abc01'), sequence: 3 } });
    const end = { dateTime: '2026-12-01T11:00:00Z' };
    const target = { ...primary, eventId: 'abc01' };
    const moved = await calendar.events.patch({ ...target, requestBody: { end } });
    expect(moved.data.sequence).toBe(4);
    const behind = calendar.events.patch({ ...target, requestBody: { sequence: 3 } });
    expect(await googleErrorOf(behind)).toMatchObject({ status: 400, reason: 'invalid' });
  });

  it('answers 412 to an outdated entity tag', async () => {
    const { calendar } = await startGoogleSandbox();
    const { data } = await calendar.events.insert({ ...primary, requestBody: eventBody('abc01') });
    const target = { ...primary, eventId: 'abc01' };
    const ifMatch = { headers: { 'If-Match': data.etag ?? '' } };
    await calendar.events.patch({ ...target, requestBody: { summary: 'Callback' } }, ifMatch);
    const stale = calendar.events.patch({ ...target, requestBody: { summary: 'Late' } }, ifMatch);
    expect(await googleErrorOf(stale)).toMatchObject({ status: 412, reason: 'conditionNotMet' });
    expect(await googleErrorOf(calendar.events.delete(target, ifMatch))).toMatchObject({ status: 412 });
  });

  it.each([
    ['no start', { start: undefined }, 'required'],
    ['no zone for a local time', { start: { dateTime: '2026-12-01T09:00:00' } }, 'required'],
    ['an unknown zone', { start: { dateTime: '2026-12-01T09:00:00', timeZone: 'Mars/Base' } }, 'invalid'],
    ['an end before the start', { end: { dateTime: '2026-12-01T08:00:00Z' } }, 'timeRangeEmpty'],
    [
      'reminders beside those of the calendar',
      { reminders: { useDefault: true, overrides: [{ method: 'popup', minutes: 30 }] } },
      'cannotUseDefaultRemindersAndSpecifyOverride',
    ],
    [
      'a sixth reminder',
      {
        reminders: {
          useDefault: false,
          overrides: [5, 10, 15, 20, 25, 30].map((minutes) => ({ method: 'popup', minutes })),
        },
      },
      'invalid',
    ],
    [
      'a reminder more than four weeks before',
      { reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 40_321 }] } },
      'invalid',
    ],
    [
      'a reminder by text message',
      { reminders: { useDefault: false, overrides: [{ method: 'sms', minutes: 30 }] } },
      'invalid',
    ],
    ['both an id and an iCalUID', { iCalUID: 'x@example.com' }, 'invalid'],
    ['a recurrence', { recurrence: ['RRULE:FREQ=DAILY'] }, 'invalid'],
  ])('rejects %s', async (_what, change, reason) => {
    const { calendar } = await startGoogleSandbox();
    const call = calendar.events.insert({ ...primary, requestBody: { ...eventBody('abc01'), ...change } });
    expect(await googleErrorOf(call)).toMatchObject({ status: 400, reason });
  });

  it('lists the events that overlap the window in pages', async () => {
    const { calendar } = await startGoogleSandbox();
    const days = ['2026-12-03', '2026-12-01', '2026-12-02', '2026-12-04'];
    for (const [index, day] of days.entries()) {
      await calendar.events.insert({ ...primary, requestBody: eventBody(`event${index}`, day) });
    }
    const query = {
      ...primary,
      timeMin: '2026-12-01T09:30:00Z',
      timeMax: '2026-12-04T09:00:00Z',
      singleEvents: true,
      orderBy: 'startTime',
      maxResults: 2,
    };
    const first = await calendar.events.list(query);
    expect(first.data.items?.map((event) => event.id)).toEqual(['event1', 'event2']);
    const second = await calendar.events.list({ ...query, pageToken: first.data.nextPageToken ?? '' });
    expect(second.data.items?.map((event) => event.id)).toEqual(['event0']);
    expect(second.data).not.toHaveProperty('nextPageToken');
  });

  it('finds events by iCalUID, private property and words', async () => {
    const { calendar } = await startGoogleSandbox();
    const extendedProperties = { private: { audition: 'aud_1', round: 'first' } };
    await calendar.events.insert({ ...primary, requestBody: { ...eventBody('abc01'), extendedProperties } });
    await calendar.events.insert({
      ...primary,
      requestBody: { ...eventBody('abc02'), summary: 'Chemistry read' },
    });
    const ids = async (query: object) =>
      (await calendar.events.list({ ...primary, ...query })).data.items?.map((event) => event.id);
    expect(await ids({ iCalUID: 'abc02@google.com' })).toEqual(['abc02']);
    expect(await ids({ privateExtendedProperty: ['audition=aud_1', 'round=first'] })).toEqual(['abc01']);
    expect(await ids({ privateExtendedProperty: ['audition=aud_1', 'round=second'] })).toEqual([]);
    expect(await ids({ q: 'READ chemistry' })).toEqual(['abc02']);
  });
});

it('calendars.insert creates a calendar that other accounts cannot see', async () => {
  const { calendar, connect } = await startGoogleSandbox();
  const { data } = await calendar.calendars.insert({ requestBody: { summary: 'Castings' } });
  const calendarId = data.id ?? '';
  await calendar.events.insert({ calendarId, requestBody: eventBody('abc01') });
  expect((await calendar.calendarList.list()).data.items).toHaveLength(2);
  const bea = connect('bea@example.com').calendar;
  expect(await googleErrorOf(bea.events.list({ calendarId }))).toMatchObject({ status: 404 });
});

describe('an event of the Google sandbox', () => {
  it('answers with the requested fields only', async () => {
    const { calendar } = await startGoogleSandbox();
    await calendar.events.insert({ ...primary, requestBody: eventBody('abc01') });
    const { data } = await calendar.events.list({ ...primary, fields: 'timeZone,items(id,start/dateTime)' });
    expect(data).toEqual({
      timeZone: 'UTC',
      items: [{ id: 'abc01', start: { dateTime: '2026-12-01T09:00:00Z' } }],
    });
    for (const fields of ['items(id', 'items)', 'items(,id)', 'items/']) {
      expect(await googleErrorOf(calendar.events.list({ ...primary, fields }))).toMatchObject({
        status: 400,
      });
    }
  });

  it('returns the owner of the calendar only when an event has more attendees than requested', async () => {
    const { calendar } = await startGoogleSandbox();
    const attendees = [
      { email: 'bea@example.com', responseStatus: 'accepted' },
      { email: 'ann@example.com', responseStatus: 'declined' },
    ];
    await calendar.events.insert({ ...primary, requestBody: { ...eventBody('abc01'), attendees } });
    const { data } = await calendar.events.list({ ...primary, maxAttendees: 1 });
    expect(data.items).toMatchObject([
      { attendees: [{ email: 'ann@example.com', self: true, responseStatus: 'declined' }] },
    ]);
  });

  it('lists events by their type, and rejects types with the wrong visibility', async () => {
    const { calendar } = await startGoogleSandbox();
    const working = { ...eventBody('abc01'), eventType: 'workingLocation' };
    expect(await googleErrorOf(calendar.events.insert({ ...primary, requestBody: working }))).toMatchObject({
      status: 400,
    });
    const visible = { ...working, transparency: 'transparent', visibility: 'public' };
    await calendar.events.insert({ ...primary, requestBody: visible });
    const focus = await calendar.events.list({ ...primary, eventTypes: ['focusTime', 'outOfOffice'] });
    expect(focus.data.items).toEqual([]);
    const locations = await calendar.events.list({ ...primary, eventTypes: ['workingLocation'] });
    expect(locations.data.items).toHaveLength(1);
  });

  it('drops extended properties with long names and cuts long values, silently', async () => {
    const { calendar } = await startGoogleSandbox();
    const extendedProperties = { private: { ['n'.repeat(45)]: 'dropped', kept: 'v'.repeat(1_025) } };
    const { data } = await calendar.events.insert({
      ...primary,
      requestBody: { ...eventBody('abc01'), extendedProperties },
    });
    expect(data.extendedProperties).toEqual({ private: { kept: 'v'.repeat(1_024) } });
  });

  it('removes the conference in an update without conference data, if the client supports conferences', async () => {
    const { calendar } = await startGoogleSandbox();
    const conferenceData = {
      createRequest: { requestId: 'r1', conferenceSolutionKey: { type: 'hangoutsMeet' } },
    };
    const insert = { ...primary, conferenceDataVersion: 1 };
    await calendar.events.insert({ ...insert, requestBody: { ...eventBody('abc01'), conferenceData } });
    const update = { ...primary, eventId: 'abc01', requestBody: eventBody('abc01') };
    expect((await calendar.events.update(update)).data.hangoutLink).toMatch(/^https:/);
    const { data } = await calendar.events.update({ ...update, conferenceDataVersion: 1 });
    expect(data.hangoutLink).toBeUndefined();
  });
});
