/** Tests that no busy time of a schedule is silently free. */
import { describe, expect, it } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import type { GraphClient } from './graph-client.ts';
import { querySchedules } from './schedules.ts';

const window = { from: '2026-12-01T10:00:00.000Z', until: '2026-12-01T12:00:00.000Z' } as const;
const item = (start: string, end: string, status = 'busy') => ({
  status,
  start: { dateTime: start, timeZone: 'UTC' },
  end: { dateTime: end, timeZone: 'UTC' },
});
const sound = item('2026-12-01T10:00:00.0000000', '2026-12-01T10:30:00.0000000');
const soundTime = {
  kind: 'time',
  busy: 'busy',
  start: '2026-12-01T10:00:00.000Z',
  end: '2026-12-01T10:30:00.000Z',
};

const query = (...schedules: readonly object[]) => {
  const addresses = schedules.map((_, index) => `person-${index}@example.com`);
  const value = schedules.map((schedule, index) => ({ scheduleId: addresses[index], ...schedule }));
  const client: GraphClient = {
    exchange: async (_operation, _connection, _call, answer) => answer.parse({ value }),
  };
  return querySchedules(client, caldavAccount('http://graph.test'), addresses, window, callContext());
};

const unreadable = [
  ['cannot be read', item('soon', '2026-12-01T11:30:00.0000000')],
  ['is reversed', item('2026-12-01T11:30:00.0000000', '2026-12-01T11:00:00.0000000')],
] as const;

describe('an event of a schedule whose time', () => {
  it.each(unreadable)('%s makes the schedule unreadable, and no other one', async (_what, odd) => {
    expect(await query({ scheduleItems: [odd, sound] }, { scheduleItems: [sound] })).toMatchObject([
      { kind: 'failed', error: { fault: { kind: 'retry' } } },
      { kind: 'times', times: [soundTime] },
    ]);
  });

  it.each(unreadable)('%s is replaced by the view', async (_what, odd) => {
    const availabilityView = '2'.repeat(6) + '0'.repeat(12) + '1'.repeat(6);
    expect(await query({ scheduleItems: [odd, sound], availabilityView })).toMatchObject([
      {
        kind: 'times',
        times: [
          { kind: 'merged', busy: 'busy', start: soundTime.start, end: soundTime.end },
          { kind: 'merged', busy: 'tentative', start: '2026-12-01T11:30:00.000Z', end: window.until },
        ],
      },
    ]);
  });

  it('cannot be read does not matter when the event is free', async () => {
    const free = item('soon', 'later', 'free');
    expect(await query({ scheduleItems: [free, sound] })).toEqual([{ kind: 'times', times: [soundTime] }]);
  });
});
