/** Tests the busy times of calendars whose events can be hidden. */
import { describe, expect, it } from 'vitest';
import { ProviderError, type ProviderFault } from '../domain/errors.ts';
import { caldavAccount } from '../tests/harness/caldav-account.ts';
import { callContext } from '../tests/harness/call-context.ts';
import { busyTimesOf } from './hidden-times.ts';
import type { HiddenTimes } from './ports.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-08T00:00:00.000Z' } as const;
const interval = { start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T10:00:00.000Z' } as const;
const times: HiddenTimes = { kind: 'times', times: [{ kind: 'merged', busy: 'busy', ...interval }] };

const errorOf = (fault: ProviderFault, operation: string) =>
  new ProviderError('apple', operation, fault, { message: 'refused' });
const failed = (fault: ProviderFault): HiddenTimes => ({
  kind: 'failed',
  error: errorOf(fault, 'calendar.freeBusy'),
});

/** Reads a calendar whose events are refused. */
const read = (denial: ProviderFault, hidden: HiddenTimes) =>
  busyTimesOf(
    {
      busyEvents: () => Promise.reject(errorOf(denial, 'calendar.listEvents')),
      hidden: { mostPerQuery: 1, busyTimes: async () => [hidden] },
    },
    caldavAccount('https://caldav.example.com'),
    'https://caldav.example.com/calendar/',
    window,
    callContext(),
  );

describe('a calendar whose events are not visible', () => {
  it.each(['not_permitted', 'not_found'] as const)(
    'is read by its busy times when the vendor answers %s',
    async (kind) => {
      expect(await read({ kind }, times)).toEqual([interval]);
    },
  );

  it.each(['not_permitted', 'not_found'] as const)(
    'is unreadable for the reason of its events when both are refused: %s',
    async (kind) => {
      await expect(read({ kind }, failed({ kind: 'rejected_input' }))).rejects.toMatchObject({
        operation: 'calendar.listEvents',
        fault: { kind },
      });
    },
  );

  it('is read again later when the query for its busy times fails for some time', async () => {
    await expect(
      read({ kind: 'not_found' }, failed({ kind: 'outage', effect: 'none' })),
    ).rejects.toMatchObject({ operation: 'calendar.freeBusy', fault: { kind: 'outage' } });
  });

  it('is not asked for its busy times after another fault', async () => {
    await expect(read({ kind: 'rejected_input' }, times)).rejects.toMatchObject({
      fault: { kind: 'rejected_input' },
    });
  });
});
