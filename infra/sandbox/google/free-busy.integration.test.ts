import { describe, expect, it } from 'vitest';
import { eventBody, googleErrorOf, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';

const primary = { calendarId: 'primary' };

const query = async (
  calendar: Awaited<ReturnType<typeof startGoogleSandbox>>['calendar'],
  timeMin: string,
  timeMax: string,
  items = [{ id: 'primary' }],
) => (await calendar.freebusy.query({ requestBody: { timeMin, timeMax, items } })).data.calendars ?? {};

describe('freeBusy.query of the Google sandbox', () => {
  it('reports opaque events and the owner’s appointments, merged and clipped to the window', async () => {
    const { calendar, sandbox } = await startGoogleSandbox();
    await calendar.events.insert({ ...primary, requestBody: eventBody('abc01') });
    await calendar.events.insert({
      ...primary,
      requestBody: { ...eventBody('abc02', '2026-12-02'), transparency: 'transparent' },
    });
    await calendar.events.insert({ ...primary, requestBody: eventBody('abc03', '2026-12-02') });
    await calendar.events.delete({ ...primary, eventId: 'abc03' });
    sandbox.control.addBusy({
      account: 'ann@example.com',
      start: '2026-12-01T10:00:00Z',
      end: '2026-12-01T12:00:00Z',
    });
    const calendars = await query(calendar, '2026-12-01T09:30:00Z', '2026-12-03T00:00:00Z');
    expect(calendars['primary']?.busy).toEqual([
      { start: '2026-12-01T09:30:00Z', end: '2026-12-01T12:00:00Z' },
    ]);
  });

  it('answers notFound for unknown calendars and calendars of other accounts, per calendar', async () => {
    const { calendar, sandbox } = await startGoogleSandbox();
    const start = '2026-12-01T10:00:00Z';
    sandbox.control.addBusy({ account: 'bea@example.com', start, end: '2026-12-01T12:00:00Z' });
    const calendars = await query(calendar, '2026-12-01T00:00:00Z', '2026-12-02T00:00:00Z', [
      { id: 'ann@example.com' },
      { id: 'bea@example.com' },
      { id: 'unknown@example.com' },
    ]);
    const notFound = { errors: [{ domain: 'global', reason: 'notFound' }], busy: [] };
    expect(calendars).toEqual({
      'ann@example.com': { busy: [] },
      'bea@example.com': notFound,
      'unknown@example.com': notFound,
    });
  });

  it('reads a local time in the spring DST gap as one hour later (02:30 in Paris as 03:30)', async () => {
    const { calendar } = await startGoogleSandbox();
    const timeZone = 'Europe/Paris';
    const requestBody = {
      ...eventBody('abc01'),
      start: { dateTime: '2026-03-29T02:30:00', timeZone },
      end: { dateTime: '2026-03-29T04:00:00', timeZone },
    };
    await calendar.events.insert({ ...primary, requestBody });
    const calendars = await query(calendar, '2026-03-29T00:00:00Z', '2026-03-29T06:00:00Z');
    expect(calendars['primary']?.busy).toEqual([
      { start: '2026-03-29T01:30:00Z', end: '2026-03-29T02:00:00Z' },
    ]);
  });

  it('reads an ambiguous local time in autumn as the first one and answers in the requested zone', async () => {
    const { calendar } = await startGoogleSandbox();
    const timeZone = 'Europe/Paris';
    const requestBody = {
      ...eventBody('abc01'),
      start: { dateTime: '2026-10-25T02:30:00', timeZone },
      end: { dateTime: '2026-10-25T02:30:00+01:00' },
    };
    await calendar.events.insert({ ...primary, requestBody });
    const window = { timeMin: '2026-10-25T00:00:00+02:00', timeMax: '2026-10-26T00:00:00+01:00' };
    const { data } = await calendar.freebusy.query({
      requestBody: { ...window, timeZone, items: [{ id: 'primary' }] },
    });
    expect(data.calendars?.['primary']?.busy).toEqual([
      { start: '2026-10-25T02:30:00+02:00', end: '2026-10-25T02:30:00+01:00' },
    ]);
  });

  it('reports an all-day event from midnight to midnight in the zone of its calendar', async () => {
    const { calendar } = await startGoogleSandbox({ google: { timeZone: 'America/New_York' } });
    const day = { id: 'abc01', start: { date: '2026-12-01' }, end: { date: '2026-12-02' } };
    await calendar.events.insert({ ...primary, requestBody: day });
    const calendars = await query(calendar, '2026-11-30T00:00:00Z', '2026-12-03T00:00:00Z');
    expect(calendars['primary']?.busy).toEqual([
      { start: '2026-12-01T05:00:00Z', end: '2026-12-02T05:00:00Z' },
    ]);
  });

  it('rejects a window that is too long', async () => {
    const { calendar } = await startGoogleSandbox();
    const call = query(calendar, '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z');
    expect(await googleErrorOf(call)).toMatchObject({ status: 400, reason: 'timeRangeTooLong' });
  });
});
