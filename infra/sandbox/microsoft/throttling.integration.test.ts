/** Tests Outlook's limits with Microsoft's library: https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits */
import { describe, expect, it } from 'vitest';
import { startGraphSandbox } from '../../../tests/harness/graph-sandbox.ts';

const throttled = { statusCode: 429, code: 'ApplicationThrottled' };

describe('the limits of an Outlook mailbox', () => {
  it('count the requests in ten minutes, and tell when the next one is allowed', async () => {
    let ahead = 0;
    const { call, library } = await startGraphSandbox(
      { microsoft: { mailboxRequestsPerTenMinutes: 2 } },
      () => Date.now() + ahead,
    );
    const list = () => library().api('/me/calendars').get();
    await list();
    ahead = 300_000;
    await list();
    await expect(list()).rejects.toMatchObject(throttled);
    const { headers } = await call('GET', '/calendars');
    const retryAfter = Number(headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(290);
    expect(retryAfter).toBeLessThanOrEqual(300);
    ahead += retryAfter * 1_000;
    expect(await list()).toMatchObject({ value: [{ isDefaultCalendar: true }] });
  });

  it('let four requests run simultaneously, and the library repeats the fifth after Retry-After', async () => {
    const { control, library } = await startGraphSandbox();
    control.setFault('microsoft', { kind: 'latency', operation: 'calendars.list', latencyMs: 300, times: 5 });
    const client = library({ retries: 3 });
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.api('/me/calendars').get()));
    expect(answers).toHaveLength(5);
    expect(control.state().calls.microsoft['calendars.list']).toEqual({ 200: 5, 429: 1 });
  });

  it('end in the middle of a listing by a fault that lets the first page pass', async () => {
    const { control, account, library } = await startGraphSandbox({ microsoft: { changesPerPage: 1 } });
    for (const start of ['2026-12-01T09:00:00', '2026-12-02T09:00:00']) {
      control.addOutlookEvent({ account, start, end: start.replace('09', '10') });
    }
    control.setFault('microsoft', {
      kind: 'rate_limit',
      operation: 'calendarView.delta',
      after: 1,
      times: 1,
      retryAfterSeconds: 7,
    });
    const window = 'startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z';
    const first = await library().api(`/me/calendarView/delta?${window}`).get();
    const link = String(first['@odata.nextLink']);
    const second = () =>
      library()
        .api(link.slice(link.indexOf('/me/')))
        .get();
    await expect(second()).rejects.toMatchObject({ statusCode: 429, code: 'TooManyRequests' });
    expect(await second()).toMatchObject({ value: [{ start: { dateTime: '2026-12-02T09:00:00.0000000' } }] });
  });
});
