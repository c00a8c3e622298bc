/** Tests that the busy times of Google do not depend on the zone of this process, and that none is silently free. */
import { describe, expect, it } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import type { GoogleClient } from './client.ts';
import { queryFreeBusy, queryHiddenTimes } from './free-busy.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-31T00:00:00.000Z' } as const;

/** The answers of `freebusy.query`, by calendar. */
const setup = (...busy: readonly (readonly object[])[]) => {
  const calendars = Object.fromEntries(busy.map((times, index) => [`calendar-${index}`, { busy: times }]));
  const client: GoogleClient = {
    exchange: async (_operation, _connection, _call, answer) => answer.parse({ calendars }),
    exchangeWithDirectory: () => Promise.reject(new Error('no request is expected')),
    exchangeWithMeet: () => Promise.reject(new Error('no request is expected')),
    exchangeWithDrive: () => Promise.reject(new Error('no request is expected')),
  };
  const query = [
    client,
    caldavAccount('http://google.test'),
    Object.keys(calendars),
    window,
    callContext(),
  ] as const;
  return { freeBusy: () => queryFreeBusy(...query), hidden: () => queryHiddenTimes(...query) };
};

const hour = { start: '2026-12-01T10:00:00.000Z', end: '2026-12-01T11:00:00.000Z' };

/** Runs the work as if the process were in this zone. */
const inZone = async <Result>(zone: string, work: () => Promise<Result>): Promise<Result> => {
  const before = process.env['TZ'];
  process.env['TZ'] = zone;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
};

describe('a busy time of Google', () => {
  it.each([
    ['without an offset', { start: '2026-12-01T10:00:00', end: '2026-12-01T11:00:00' }],
    ['with an offset', { start: '2026-12-01T11:00:00+01:00', end: '2026-12-01T12:00:00+01:00' }],
    ['in UTC', { start: '2026-12-01T10:00:00Z', end: '2026-12-01T11:00:00Z' }],
  ])('%s is read in the zone of the answer, which is UTC', async (_what, time) => {
    const { freeBusy } = setup([time]);
    expect(await inZone('Europe/Paris', freeBusy)).toEqual([hour]);
    expect(await inZone('America/New_York', freeBusy)).toEqual([hour]);
  });

  it.each([
    ['is no time', { start: 'noon', end: '2026-12-01T11:00:00Z' }],
    ['ends before it begins', { start: '2026-12-01T12:00:00Z', end: '2026-12-01T11:00:00Z' }],
  ])('that %s makes its calendar unreadable, and no other one', async (_what, time) => {
    const { freeBusy, hidden } = setup([time], [hour]);
    await expect(freeBusy()).rejects.toMatchObject({ fault: { kind: 'retry' } });
    expect(await hidden()).toMatchObject([
      { kind: 'failed', error: { fault: { kind: 'retry' } } },
      { kind: 'times', times: [hour] },
    ]);
  });
});
