import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  calendarEvent,
  calendarId,
  deletion,
  openConnectionWith,
  setUpGoogleCalendar,
  slot,
} from '../../tests/harness/google-calendar.ts';
import { createGoogleCheck } from './health.ts';

const put = (
  { calendar, connection }: Pick<Awaited<ReturnType<typeof setUpGoogleCalendar>>, 'calendar' | 'connection'>,
  call = callContext(),
) => calendar.putEvent(connection, calendarEvent(), call);

describe('a failing Google', () => {
  test('is called once during an outage', async () => {
    const { connection, calendar, control, calls } = await setUpGoogleCalendar();
    control.setFault('google', { kind: 'outage', operation: 'events.insert' });
    await expect(put({ calendar, connection })).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    expect(calls()['events.insert']).toEqual({ 503: 1 });
  });

  test('is called once when the token endpoint is down, without effect', async () => {
    const { connection, calendar, control, calls } = await setUpGoogleCalendar();
    control.setFault('google', { kind: 'outage', operation: 'token', status: 500 });
    await expect(put({ calendar, connection })).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
    expect(calls()['token']).toEqual({ 500: 1 });
  });

  test('is called once for a deletion, which the library would retry', async () => {
    const { connection, calendar, control, calls } = await setUpGoogleCalendar();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    control.setFault('google', { kind: 'outage', operation: 'events.delete' });
    const deleting = calendar.deleteEvent(connection, deletion, callContext());
    await expect(deleting).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
    expect(calls()['events.delete']).toEqual({ 503: 1 });
  });

  test('is not called again after an interrupted read', async () => {
    const { connection, calendar, control, calls } = await setUpGoogleCalendar();
    control.setFault('google', { kind: 'outage', operation: 'freebusy.query', reset: true });
    const window = { from: slot.start, until: slot.end };
    const asking = calendar.freeBusy(connection, [calendarId], window, callContext());
    await expect(asking).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'none' } });
    expect(calls()['freebusy.query']).toEqual({ connection_reset: 1 });
  });

  test('leaves one event after a lost answer, found by the next attempt', async () => {
    const { connection, calendar, control, events } = await setUpGoogleCalendar();
    control.setFault('google', { kind: 'lost_answer', times: 1 });
    await expect(put({ calendar, connection })).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    expect(await put({ calendar, connection })).toEqual({ eventId: 'a0b1c2d3e4' });
    expect(events()).toHaveLength(1);
  });

  test.each([429, 403] as const)('reports the delay of a rate limit with status %i', async (status) => {
    const { connection, calendar, control } = await setUpGoogleCalendar();
    control.setFault('google', { kind: 'rate_limit', retryAfterSeconds: 7, status });
    await expect(put({ calendar, connection })).rejects.toMatchObject({
      fault: { kind: 'retry_after', delayMs: 7_000 },
    });
  });

  test('gets a new token once after a 401, then throws reconnect', async () => {
    const { connection, calendar, control, calls } = await setUpGoogleCalendar();
    control.setFault('google', { kind: 'unauthorized', times: 1 });
    await put({ calendar, connection });
    control.setFault('google', { kind: 'unauthorized' });
    await expect(put({ calendar, connection })).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
    expect(calls()['token']).toEqual({ 200: 3 });
  });

  test('issues one token, which is used until shortly before it expires', async () => {
    const { connection, calendar, calls } = await setUpGoogleCalendar();
    await Promise.all(
      ['aaaaa', 'bbbbb', 'ccccc'].map((eventId) =>
        calendar.putEvent(connection, calendarEvent({ eventId }), callContext()),
      ),
    );
    await put({ calendar, connection });
    expect(calls()['token']).toEqual({ 200: 1 });
  });

  test('issues a new token when the old one is about to expire', async () => {
    const { connection, calendar, calls } = await setUpGoogleCalendar({ google: { accessTokenSeconds: 50 } });
    await put({ calendar, connection });
    await put({ calendar, connection });
    expect(calls()['token']?.['200']).toBeGreaterThan(1);
  });

  test('throws reconnect for a withdrawn consent', async () => {
    const { calendar, settings } = await setUpGoogleCalendar();
    const revoked = openConnectionWith(settings, 'taken-back');
    await expect(calendar.putEvent(revoked, calendarEvent(), callContext())).rejects.toMatchObject({
      fault: { kind: 'reconnect' },
      connection: 'conn_1',
    });
  });

  test('reports a wrong client secret as misconfigured', async () => {
    const { calendar, settings } = await setUpGoogleCalendar();
    const connection = openConnectionWith(
      { ...settings, clientSecret: 'wrong' },
      'sandbox-refresh-casting@example.test',
    );
    await expect(put({ calendar, connection })).rejects.toMatchObject({ fault: { kind: 'misconfigured' } });
  });

  test('leaves the effect unknown after a timeout', async () => {
    const { connection, calendar, control } = await setUpGoogleCalendar();
    await calendar.deleteEvent(connection, deletion, callContext());
    control.setFault('google', { kind: 'latency', operation: 'events.insert', latencyMs: 5_000 });
    const late = { signal: AbortSignal.timeout(100), correlationId: 'corr-1' };
    await expect(put({ calendar, connection }, late)).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
  });

  test('reports a cancelled call as a retry, not as an outage', async () => {
    const { connection, calendar } = await setUpGoogleCalendar();
    const cancelled = { signal: AbortSignal.abort(), correlationId: 'corr-1' };
    await expect(put({ calendar, connection }, cancelled)).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
  });

  test('reports the Retry-After of a 503', async () => {
    const { connection, calendar, control } = await setUpGoogleCalendar();
    control.setFault('google', { kind: 'outage', retryAfterSeconds: 9 });
    await expect(put({ calendar, connection })).rejects.toMatchObject({
      fault: { kind: 'outage', delayMs: 9_000 },
    });
  });

  test('reports errors without tokens and without event texts', async () => {
    const { connection, calendar, control } = await setUpGoogleCalendar();
    control.setFault('google', { kind: 'outage' });
    const error: unknown = await put({ calendar, connection }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 10 })).not.toMatch(/sandbox-(refresh|google)|Ophelia|Bearer/);
  });
});

describe('the health check of Google', () => {
  test('passes when Google accepts our client', async () => {
    const { settings } = await setUpGoogleCalendar();
    await expect(createGoogleCheck(settings)()).resolves.toBeUndefined();
  });

  test('fails with a wrong secret and during an outage', async () => {
    const { settings, control } = await setUpGoogleCalendar();
    const wrong = createGoogleCheck({ ...settings, clientSecret: 'wrong' });
    await expect(wrong()).rejects.toMatchObject({ fault: { kind: 'misconfigured' } });
    control.setFault('google', { kind: 'outage' });
    await expect(createGoogleCheck(settings)()).rejects.toMatchObject({ fault: { kind: 'outage' } });
  });
});
