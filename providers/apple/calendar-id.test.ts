import { describe, expect, it } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import type { ConnectedAccount } from '../ports.ts';
import { createCaldavCalendar } from './calendar.ts';

const december = { from: '2026-12-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' } as const;

describe('the id of a calendar', () => {
  it.each(['primary', 'ann@example.com', 'ftp://calendar.example/ann/'])('is not %s', async (calendarId) => {
    const provider = createCaldavCalendar(
      () => fetch,
      () => {},
    );
    const account: ConnectedAccount = {
      id: 'conn_1',
      organization: 'org_1',
      account: 'ann@example.com',
      accessToken: () => Promise.reject(new TypeError('none')),
      reportRejectedToken: () => {},
      reportMissingScopes: async () => {},
      appPassword: () => Promise.reject(new TypeError('no request is made')),
      reportRejectedPassword: async () => {},
      feedAddress: () => Promise.reject(new TypeError('none')),
      reportRejectedFeedAddress: async () => {},
    };
    await expect(provider.freeBusy(account, [calendarId], december, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_found' },
      vendor: { code: 'not_a_calendar' },
    });
  });
});
