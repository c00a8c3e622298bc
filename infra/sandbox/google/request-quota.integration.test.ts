/** Tests Google's quotas with Google's library: https://developers.google.com/workspace/calendar/api/guides/quota */
import { describe, expect, it } from 'vitest';
import { eventBody, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';

const calendarId = 'primary';

const limitOf = async (call: Promise<unknown>) => {
  const error: unknown = await call.then(
    () => new Error('expected the call to be rejected; it succeeded'),
    (rejected: unknown) => rejected,
  );
  const { response } = Object(error);
  const [{ domain, reason, message }] = response.data.error.errors;
  return {
    status: response.status,
    domain,
    reason,
    message,
    retryAfter: response.headers.get('retry-after'),
  };
};

const userLimit = {
  status: 403,
  domain: 'usageLimits',
  reason: 'userRateLimitExceeded',
  message: 'User Rate Limit Exceeded',
  retryAfter: null,
};

describe('the quota of Google Calendar', () => {
  it('limits the requests of one user in a sliding minute', async () => {
    let ahead = 0;
    const { calendar, connect } = await startGoogleSandbox(
      { google: { userRequestsPerMinute: 3 } },
      () => Date.now() + ahead,
    );
    const list = () => calendar.events.list({ calendarId });
    await list();
    ahead = 40_000;
    await list();
    await list();
    expect(await limitOf(list())).toEqual(userLimit);
    await expect(connect('bob@example.com').calendar.events.list({ calendarId })).resolves.toMatchObject({
      status: 200,
    });
    // Only the first request is older than a minute now.
    ahead = 61_000;
    await list();
    expect(await limitOf(list())).toEqual(userLimit);
  });

  it('counts three units for a patch', async () => {
    const { calendar } = await startGoogleSandbox({ google: { userRequestsPerMinute: 5 } });
    const { data } = await calendar.events.insert({ calendarId, requestBody: eventBody('abc01') });
    const patch = () =>
      calendar.events.patch({ calendarId, eventId: data.id ?? '', requestBody: { summary: 'Other' } });
    await patch();
    expect(await limitOf(patch())).toEqual(userLimit);
    await calendar.events.list({ calendarId });
    expect(await limitOf(calendar.events.list({ calendarId }))).toEqual(userLimit);
  });

  it('limits the requests of all users of the project', async () => {
    const { calendar, connect } = await startGoogleSandbox({
      google: { projectRequestsPerMinute: 2, quotaStatus: 429 },
    });
    await calendar.events.list({ calendarId });
    await calendar.events.list({ calendarId });
    expect(await limitOf(connect('bob@example.com').calendar.events.list({ calendarId }))).toMatchObject({
      status: 429,
      reason: 'rateLimitExceeded',
      domain: 'usageLimits',
      retryAfter: null,
    });
  });

  it('does not count a request without a valid token, nor a token refresh', async () => {
    const { calendar, sandbox } = await startGoogleSandbox({ google: { userRequestsPerMinute: 1 } });
    const path = `${sandbox.url}/calendar/v3/calendars/primary/events`;
    expect((await fetch(path, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect((await calendar.events.list({ calendarId })).status).toBe(200);
  });

  it('ends in the middle of a listing by a fault that lets the first page pass', async () => {
    const { calendar, sandbox } = await startGoogleSandbox({ google: { eventsPerPage: 1 } });
    for (const id of ['aaaaa', 'bbbbb']) {
      await calendar.events.insert({ calendarId, requestBody: eventBody(id) });
    }
    sandbox.control.setFault('google', {
      kind: 'rate_limit',
      operation: 'events.list',
      after: 1,
      times: 1,
      status: 403,
      reason: 'userRateLimitExceeded',
      retryAfterSeconds: null,
    });
    const { data: first } = await calendar.events.list({ calendarId });
    const second = () => calendar.events.list({ calendarId, pageToken: first.nextPageToken ?? '' });
    expect(await limitOf(second())).toEqual(userLimit);
    expect((await second()).data.items?.map(({ id }) => id)).toEqual(['bbbbb']);
  });

  it('of Calendar itself is a 403 with the reason quotaExceeded and without Retry-After', async () => {
    const { calendar, sandbox } = await startGoogleSandbox();
    sandbox.control.setFault('google', {
      kind: 'rate_limit',
      operation: 'events.insert',
      reason: 'quotaExceeded',
      times: 1,
    });
    const insert = () => calendar.events.insert({ calendarId, requestBody: eventBody('aaaaa') });
    expect(await limitOf(insert())).toEqual({
      status: 403,
      domain: 'usageLimits',
      reason: 'quotaExceeded',
      message: 'Calendar usage limits exceeded.',
      retryAfter: null,
    });
    expect((await insert()).status).toBe(200);
  });
});
