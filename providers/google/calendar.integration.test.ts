import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Slot } from '../../domain/audition/slot.ts';
import { type Sandbox, startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { CalendarEvent, CallContext, OpenConnection } from '../ports.ts';
import { createGoogleCalendar } from './calendar.ts';
import { createGoogleClient } from './client.ts';
import { createGoogleCheck } from './health.ts';

const slot: Slot = {
  start: '2026-12-01T09:00:00.000Z',
  end: '2026-12-01T09:30:00.000Z',
  zone: 'Europe/Paris',
};
const connection: OpenConnection = {
  id: 'conn_1',
  organization: 'org_1',
  account: 'casting@example.test',
  refreshToken: 'sandbox-refresh-casting@example.test',
};
const calendarId = 'casting@example.test';
const wanted = (change: Partial<CalendarEvent> = {}): CalendarEvent => ({
  calendarId,
  eventId: 'a0b1c2d3e4',
  summary: 'Audition: Ophelia',
  description: 'First round',
  slot,
  revision: 1,
  ...change,
});
const calling = (): CallContext => ({ signal: new AbortController().signal, correlationId: 'corr-1' });

const setup = async (options: Parameters<typeof startSandbox>[0] = {}) => {
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.close());
  const settings = {
    apiUrl: sandbox.url,
    oauthUrl: sandbox.url,
    clientId: 'sandbox-google-client',
    clientSecret: 'sandbox-google-secret',
  };
  const { control } = sandbox;
  return {
    settings,
    control,
    calendar: createGoogleCalendar(createGoogleClient(settings)),
    events: () => eventsOf(sandbox),
    calls: () => control.state().calls.google,
  };
};

const eventsOf = ({ control }: Sandbox) => control.state().google.calendars.flatMap(({ events }) => events);

describe('putEvent', () => {
  test('writes an event once, however often it is asked to', async () => {
    const { calendar, events } = await setup();
    expect(await calendar.putEvent(connection, wanted(), calling())).toEqual({ eventId: 'a0b1c2d3e4' });
    expect(await calendar.putEvent(connection, wanted(), calling())).toEqual({ eventId: 'a0b1c2d3e4' });
    expect(events()).toMatchObject([
      {
        id: 'a0b1c2d3e4',
        status: 'confirmed',
        summary: 'Audition: Ophelia',
        extendedProperties: { private: { castmatchReference: 'a0b1c2d3e4', castmatchRevision: '1' } },
      },
    ]);
  });

  test('does not write again what is there already', async () => {
    const { calendar, calls } = await setup();
    await calendar.putEvent(connection, wanted(), calling());
    await calendar.putEvent(connection, wanted(), calling());
    expect(calls()['events.update']).toBeUndefined();
  });

  test('moves the event, and never back when an older revision arrives late', async () => {
    const { calendar, events } = await setup();
    await calendar.putEvent(connection, wanted(), calling());
    const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;
    await calendar.putEvent(connection, wanted({ slot: moved, revision: 2 }), calling());
    await calendar.putEvent(connection, wanted(), calling());
    const [event] = events();
    expect(Date.parse(event?.start.dateTime ?? '')).toBe(Date.parse(moved.start));
    expect(event?.sequence).toBeGreaterThanOrEqual(2);
  });

  test('revives an event that was deleted', async () => {
    const { calendar, events } = await setup();
    await calendar.putEvent(connection, wanted(), calling());
    await calendar.deleteEvent(connection, calendarId, 'a0b1c2d3e4', calling());
    expect(events()).toMatchObject([{ status: 'cancelled' }]);
    await calendar.putEvent(connection, wanted({ revision: 2 }), calling());
    expect(events()).toMatchObject([{ status: 'confirmed' }]);
  });

  test('does not overwrite a later revision that got in between reading and writing', async () => {
    const { calendar, control, events } = await setup();
    await calendar.putEvent(connection, wanted(), calling());
    control.setFault('google', { kind: 'latency', operation: 'events.update', latencyMs: 500, times: 1 });
    const late = calendar.putEvent(connection, wanted({ revision: 2, summary: 'Second' }), calling());
    await expect.poll(() => control.faults().google).toEqual([]);
    await calendar.putEvent(connection, wanted({ revision: 3, summary: 'Third' }), calling());
    await late;
    expect(events()).toMatchObject([{ summary: 'Third' }]);
  });

  test('leaves one event when attempts overlap', async () => {
    const { calendar, events } = await setup();
    const attempts = Array.from({ length: 5 }, (_, index) =>
      calendar.putEvent(connection, wanted({ revision: index + 1 }), calling()),
    );
    const results = await Promise.allSettled(attempts);
    // An attempt that lost every race may ask for another try; none may be lost for good.
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(lost.every(({ fault }) => fault.kind === 'retry')).toBe(true);
    await calendar.putEvent(connection, wanted({ revision: 5 }), calling());
    expect(events()).toHaveLength(1);
    expect(events()[0]?.extendedProperties?.private).toMatchObject({ castmatchRevision: '5' });
  });

  test('keeps what people added to the event', async () => {
    const { calendar, events, settings } = await setup();
    await calendar.putEvent(connection, wanted(), calling());
    const other = createGoogleClient(settings);
    await other.exchange({ name: 'test', writes: true }, connection, calling(), z.unknown(), (api, options) =>
      api.events.patch({ calendarId, eventId: 'a0b1c2d3e4', requestBody: { colorId: '7' } }, options),
    );
    await calendar.putEvent(connection, wanted({ revision: 2, summary: 'Audition: Hamlet' }), calling());
    expect(events()).toMatchObject([{ colorId: '7', summary: 'Audition: Hamlet' }]);
  });

  test('refuses to take over an event that is not ours', async () => {
    const { calendar, control } = await setup();
    const { eventId } = control.addBusy({
      account: connection.account,
      start: slot.start,
      end: slot.end,
      timeZone: 'UTC',
      summary: 'Dentist',
    });
    await expect(calendar.putEvent(connection, wanted({ eventId }), calling())).rejects.toMatchObject({
      fault: { kind: 'conflict' },
    });
  });

  test.each([
    ['the gap of spring', '2027-03-28T00:30:00.000Z', '2027-03-28T01:30:00.000Z'],
    ['the overlap of autumn 2026', '2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'],
    ['the overlap of autumn 2027', '2027-10-31T00:15:00.000Z', '2027-10-31T01:45:00.000Z'],
  ] as const)('keeps its instants across %s', async (_name, start, end) => {
    const { calendar, events } = await setup();
    await calendar.putEvent(connection, wanted({ slot: { start, end, zone: 'Europe/Paris' } }), calling());
    const [event] = events();
    expect(Date.parse(event?.start.dateTime ?? '')).toBe(Date.parse(start));
    expect(Date.parse(event?.end.dateTime ?? '')).toBe(Date.parse(end));
    expect(event?.start.timeZone).toBe('Europe/Paris');
    const window = { from: '2026-10-01T00:00:00.000Z', until: '2026-11-30T00:00:00.000Z' } as const;
    const around = start.startsWith('2026') ? window : ({ from: start, until: end } as const);
    expect(await calendar.freeBusy(connection, [calendarId], around, calling())).toEqual([{ start, end }]);
  });
});

describe('a conference', () => {
  const withConference = wanted({ conferenceRequestId: 'request-1' });

  test('comes with the event, and stays the same when asked for again or moved', async () => {
    const { calendar } = await setup();
    const first = await calendar.putEvent(connection, withConference, calling());
    expect(first.conference?.joinUrl).toMatch(/^https:\/\/meet\.google\.com\//);
    expect(await calendar.putEvent(connection, withConference, calling())).toEqual(first);
    expect(await calendar.putEvent(connection, { ...withConference, revision: 2 }, calling())).toEqual(first);
  });

  test('is waited for while it is being made', async () => {
    const { calendar } = await setup({ google: { conference: { pendingMs: 500 } } });
    const written = await calendar.putEvent(connection, withConference, calling());
    expect(written.conference?.id).toBeTruthy();
  });

  test('is left to the next attempt when it takes too long', async () => {
    const { calendar, events } = await setup({ google: { conference: { pendingMs: 60_000 } } });
    await expect(calendar.putEvent(connection, withConference, calling())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'unknown' },
    });
    expect(events()).toHaveLength(1);
  });

  test('that fails is given up', async () => {
    const { calendar } = await setup({ google: { conference: { outcome: 'failure' } } });
    await expect(calendar.putEvent(connection, withConference, calling())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
    });
  });
});

describe('deleteEvent', () => {
  test('deletes once, and finds it absent from then on', async () => {
    const { calendar } = await setup();
    await calendar.putEvent(connection, wanted(), calling());
    const remove = () => calendar.deleteEvent(connection, calendarId, 'a0b1c2d3e4', calling());
    expect(await remove()).toBe('deleted');
    expect(await remove()).toBe('absent');
  });

  test('an event that never was is absent', async () => {
    const { calendar } = await setup();
    expect(await calendar.deleteEvent(connection, calendarId, 'fffff', calling())).toBe('absent');
  });
});

describe('freeBusy', () => {
  const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-02T00:00:00.000Z' } as const;

  test('reports what is busy', async () => {
    const { calendar, control } = await setup();
    const busy = { start: '2026-12-01T14:00:00.000Z', end: '2026-12-01T15:00:00.000Z' };
    control.addBusy({ account: connection.account, ...busy, timeZone: 'UTC', summary: 'Lunch' });
    expect(await calendar.freeBusy(connection, [calendarId], window, calling())).toEqual([busy]);
  });

  test('takes a calendar that cannot be read for an error, not for a free one', async () => {
    const { calendar } = await setup();
    const asking = calendar.freeBusy(connection, [calendarId, 'nobody@example.test'], window, calling());
    await expect(asking).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });
});

const put = (calendar: ReturnType<typeof createGoogleCalendar>, call = calling()) =>
  calendar.putEvent(connection, wanted(), call);

describe('when Google is in trouble', () => {
  test('an outage is tried once and no more: retries are the workflow’s', async () => {
    const { calendar, control, calls } = await setup();
    control.setFault('google', { kind: 'outage', operation: 'events.insert' });
    await expect(put(calendar)).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
    expect(calls()['events.insert']).toEqual({ 503: 1 });
  });

  test('a token endpoint that is down is asked once, and leaves no effect', async () => {
    const { calendar, control, calls } = await setup();
    control.setFault('google', { kind: 'outage', operation: 'token', status: 500 });
    await expect(put(calendar)).rejects.toMatchObject({ fault: { kind: 'retry', effect: 'none' } });
    expect(calls()['token']).toEqual({ 500: 1 });
  });

  test('a deletion, which the library would repeat, is tried once too', async () => {
    const { calendar, control, calls } = await setup();
    control.setFault('google', { kind: 'outage', operation: 'events.delete' });
    const deleting = calendar.deleteEvent(connection, calendarId, 'fffff', calling());
    await expect(deleting).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
    expect(calls()['events.delete']).toEqual({ 503: 1 });
  });

  test('a read that is broken off is not repeated', async () => {
    const { calendar, control, calls } = await setup();
    control.setFault('google', { kind: 'outage', operation: 'freebusy.query', reset: true });
    const window = { from: slot.start, until: slot.end };
    const asking = calendar.freeBusy(connection, [calendarId], window, calling());
    await expect(asking).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'none' } });
    expect(calls()['freebusy.query']).toEqual({ connection_reset: 1 });
  });

  test('a lost answer leaves one event, found by the next attempt', async () => {
    const { calendar, control, events } = await setup();
    control.setFault('google', { kind: 'lost_answer', times: 1 });
    await expect(put(calendar)).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
    expect(await put(calendar)).toEqual({ eventId: 'a0b1c2d3e4' });
    expect(events()).toHaveLength(1);
  });

  test.each([429, 403] as const)('a limit said with %i names its time', async (status) => {
    const { calendar, control } = await setup();
    control.setFault('google', { kind: 'rate_limit', retryAfterSeconds: 7, status });
    await expect(put(calendar)).rejects.toMatchObject({ fault: { kind: 'retry_after', delayMs: 7_000 } });
  });

  test('a refused token is renewed once, and then it is the owner’s turn', async () => {
    const { calendar, control, calls } = await setup();
    control.setFault('google', { kind: 'unauthorized', times: 1 });
    await put(calendar);
    control.setFault('google', { kind: 'unauthorized' });
    await expect(put(calendar)).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
    expect(calls()['token']).toEqual({ 200: 3 });
  });

  test('a token is asked for once, and used until it nearly expires', async () => {
    const { calendar, calls } = await setup();
    await Promise.all(
      ['aaaaa', 'bbbbb', 'ccccc'].map((eventId) =>
        calendar.putEvent(connection, wanted({ eventId }), calling()),
      ),
    );
    await put(calendar);
    expect(calls()['token']).toEqual({ 200: 1 });
  });

  test('a token about to expire is renewed before it is used', async () => {
    const { calendar, calls } = await setup({ google: { accessTokenSeconds: 200 } });
    await put(calendar);
    await put(calendar);
    expect(calls()['token']?.['200']).toBeGreaterThan(1);
  });

  test('an account that took its consent back must connect again', async () => {
    const { calendar } = await setup();
    const revoked = { ...connection, refreshToken: 'taken-back' };
    await expect(calendar.putEvent(revoked, wanted(), calling())).rejects.toMatchObject({
      fault: { kind: 'reconnect' },
    });
  });

  test('our own wrong secret is the operator’s affair', async () => {
    const { settings } = await setup();
    const calendar = createGoogleCalendar(createGoogleClient({ ...settings, clientSecret: 'wrong' }));
    await expect(put(calendar)).rejects.toMatchObject({ fault: { kind: 'misconfigured' } });
  });

  test('an answer that does not come in time leaves the effect open', async () => {
    const { calendar, control } = await setup();
    await calendar.deleteEvent(connection, calendarId, 'fffff', calling());
    control.setFault('google', { kind: 'latency', operation: 'events.insert', latencyMs: 5_000 });
    const late = { signal: AbortSignal.timeout(100), correlationId: 'corr-1' };
    await expect(put(calendar, late)).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
  });

  test('a call that is called off is nobody’s outage', async () => {
    const { calendar } = await setup();
    const cancelled = { signal: AbortSignal.abort(), correlationId: 'corr-1' };
    await expect(put(calendar, cancelled)).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
  });

  test('no error carries a token or what was written', async () => {
    const { calendar, control } = await setup();
    control.setFault('google', { kind: 'outage' });
    const error: unknown = await put(calendar).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 10 })).not.toMatch(/sandbox-(refresh|google)|Ophelia|Bearer/);
  });
});

describe('the health check', () => {
  test('is content when Google knows us', async () => {
    const { settings } = await setup();
    await expect(createGoogleCheck(settings)()).resolves.toBeUndefined();
  });

  test('complains of a wrong secret and of an outage', async () => {
    const { settings, control } = await setup();
    const wrong = createGoogleCheck({ ...settings, clientSecret: 'wrong' });
    await expect(wrong()).rejects.toMatchObject({ fault: { kind: 'misconfigured' } });
    control.setFault('google', { kind: 'outage' });
    await expect(createGoogleCheck(settings)()).rejects.toMatchObject({ fault: { kind: 'outage' } });
  });
});
