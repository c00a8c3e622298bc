/** Tests what a claim reads of a calendar that only counts as busy. */
import { describe, expect, it } from 'vitest';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import type { HiddenTimes } from '../../providers/ports.ts';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { readVisibleTimes } from './visible-times.ts';

const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-08T00:00:00.000Z' } as const;
const until = '2026-12-01T10:00:00.000Z';
const times: HiddenTimes = {
  kind: 'times',
  times: [{ kind: 'merged', busy: 'busy', start: '2026-11-30T09:00:00.000Z', end: until }],
};

const errorOf = (fault: ProviderFault, operation: string) =>
  new ProviderError('google', operation, fault, { message: 'refused' });

/** Reads a calendar whose events are refused. */
const read = (denial: ProviderFault, hidden: HiddenTimes) =>
  readVisibleTimes(
    {
      busyEvents: () => Promise.reject(errorOf(denial, 'calendar.listEvents')),
      hidden: { mostPerQuery: 1, busyTimes: async () => [hidden] },
    },
    caldavAccount('https://calendar.example.com'),
    'friend@example.com',
    window,
    callContext(),
  );

describe('a calendar that is shared without details', () => {
  it.each(['not_permitted', 'not_found'] as const)(
    'is read by its busy times, cut off at the window, when the vendor answers %s',
    async (kind) => {
      expect(await read({ kind }, times)).toEqual([
        { kind: 'merged', busy: 'busy', start: window.from, end: until },
      ]);
    },
  );

  it('is unreadable when its busy times are refused as well', async () => {
    const error = errorOf({ kind: 'rejected_input' }, 'calendar.freeBusy');
    await expect(read({ kind: 'not_found' }, { kind: 'failed', error })).rejects.toMatchObject({
      operation: 'calendar.listEvents',
      fault: { kind: 'not_found' },
    });
  });
});
