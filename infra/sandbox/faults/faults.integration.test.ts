import { afterEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../sandbox.ts';
import type { SandboxOptions } from '../settings.ts';
import { perVendor } from '../vendors.ts';

const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (sandbox) => sandbox.close()));
});

const form = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) });

const tokenRequests = {
  google: () => ({
    path: '/token',
    init: form({
      grant_type: 'refresh_token',
      refresh_token: 'sandbox-refresh-ann',
      client_id: 'sandbox-google-client',
      client_secret: 'sandbox-google-secret',
    }),
  }),
  zoom: () => ({
    path: '/oauth/token?grant_type=account_credentials&account_id=sandbox-account',
    init: {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('sandbox-zoom-client:sandbox-zoom-secret')}` },
    },
  }),
};

const accountSid = 'AC00000000000000000000000000005a5a';
const messagesPath = `/2010-04-01/Accounts/${accountSid}/Messages.json`;

const json = (authorization: string, body: object): RequestInit => ({
  method: 'POST',
  headers: { authorization, 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const timeoutSignal = () => AbortSignal.timeout(10_000);
const at = (time: string) => ({ dateTime: `2026-12-01T${time}:00Z` });

/** The vendors with a call that creates something. */
const creating = ['google', 'zoom', 'twilio'] as const;
type Creating = (typeof creating)[number];

const setup = async (options: SandboxOptions = {}) => {
  const sandbox = await startSandbox(options);
  running.push(sandbox);
  const { url, control } = sandbox;
  const token = async (vendor: 'google' | 'zoom') => {
    const { path, init } = tokenRequests[vendor]();
    return fetch(`${url}${path}`, init);
  };
  const bearer = async (vendor: 'google' | 'zoom') =>
    `Bearer ${Object(await (await token(vendor)).json()).access_token}`;
  const tokens = { google: await bearer('google'), zoom: await bearer('zoom') };
  const create: Record<Creating, (signal?: AbortSignal) => Promise<Response>> = {
    google: async (signal = timeoutSignal()) =>
      fetch(`${url}/calendar/v3/calendars/primary/events`, {
        ...json(tokens.google, { start: at('09:00'), end: at('10:00') }),
        signal,
      }),
    zoom: async (signal = timeoutSignal()) =>
      fetch(`${url}/v2/users/me/meetings`, { ...json(tokens.zoom, { topic: 'Audition' }), signal }),
    twilio: async (signal = timeoutSignal()) =>
      fetch(`${url}${messagesPath}`, {
        signal,
        ...form({
          To: '+33612345678',
          From: '+15005550006',
          Body: 'Hi',
          StatusCallback: `${url}/nowhere`,
        }),
        headers: { authorization: `Basic ${btoa(`${accountSid}:sandbox-twilio-token`)}` },
      }),
  };
  const held: Record<Creating, () => number> = {
    google: () => control.state().google.calendars[0]?.events.length ?? 0,
    zoom: () => control.state().zoom.meetings.length,
    twilio: () => control.state().twilio.messages.length,
  };
  const created = { google: 200, zoom: 201, twilio: 201 } as const;
  return { sandbox, url, control, create, held, created, token };
};

const put = (body: unknown): RequestInit => ({
  method: 'PUT',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const creations: Record<Creating, string> = {
  google: 'events.insert',
  zoom: 'meetings.create',
  twilio: 'messages.create',
};

describe.each(creating)('a fault of %s', (vendor) => {
  it('answers 503 to the given number of calls without creating anything', async () => {
    const { control, create, held, created } = await setup();
    control.setFault(vendor, { kind: 'outage', times: 2 });
    expect([(await create[vendor]()).status, (await create[vendor]()).status]).toEqual([503, 503]);
    expect(held[vendor]()).toBe(0);
    expect((await create[vendor]()).status).toBe(created[vendor]);
    expect(control.state().calls[vendor][creations[vendor]]).toEqual({ 503: 2, [created[vendor]]: 1 });
  });

  it('resets the connection without creating anything', async () => {
    const { control, create, held } = await setup();
    control.setFault(vendor, { kind: 'outage', reset: true, times: 1 });
    await expect(create[vendor]()).rejects.toThrow('fetch failed');
    expect(held[vendor]()).toBe(0);
    expect(control.state().calls[vendor][creations[vendor]]).toEqual({ connection_reset: 1 });
  });

  it('drops the answer of one call after the object was created', async () => {
    const { control, create, held, created } = await setup();
    control.setFault(vendor, { kind: 'lost_answer', times: 1 });
    await expect(create[vendor]()).rejects.toThrow('fetch failed');
    expect(held[vendor]()).toBe(1);
    expect((await create[vendor]()).status).toBe(created[vendor]);
    expect(held[vendor]()).toBe(2);
    expect(control.state().calls[vendor][creations[vendor]]).toEqual({
      lost_answer: 1,
      [created[vendor]]: 1,
    });
  });

  it('answers 429 with Retry-After', async () => {
    const { control, create, held } = await setup();
    control.setFault(vendor, { kind: 'rate_limit', retryAfterSeconds: 7, times: 1 });
    const answer = await create[vendor]();
    expect(answer.status).toBe(429);
    const retryAfter = answer.headers.get('retry-after') ?? '';
    const seconds = vendor === 'zoom' ? (Date.parse(retryAfter) - Date.now()) / 1000 : Number(retryAfter);
    expect(seconds).toBeGreaterThan(5);
    expect(seconds).toBeLessThanOrEqual(8);
    expect(held[vendor]()).toBe(0);
  });

  it('answers 401 to a valid credential', async () => {
    const { control, create, held } = await setup();
    control.setFault(vendor, { kind: 'unauthorized', times: 1 });
    expect((await create[vendor]()).status).toBe(401);
    expect(held[vendor]()).toBe(0);
  });

  it('delays a call and then handles it', async () => {
    const { control, create, held, created } = await setup();
    control.setFault(vendor, { kind: 'latency', latencyMs: 120, times: 1 });
    const began = performance.now();
    expect((await create[vendor]()).status).toBe(created[vendor]);
    expect(performance.now() - began).toBeGreaterThan(110);
    expect(held[vendor]()).toBe(1);
  });

  it('handles a delayed call after the caller has timed out', async () => {
    const { control, create, held, created } = await setup();
    control.setFault(vendor, { kind: 'latency', latencyMs: 300, times: 1 });
    await expect(create[vendor](AbortSignal.timeout(100))).rejects.toThrow('aborted');
    expect(held[vendor]()).toBe(0);
    await expect.poll(() => held[vendor]()).toBe(1);
    expect(control.state().calls[vendor][creations[vendor]]).toEqual({ [created[vendor]]: 1 });
  });

  it('sends Retry-After with an outage', async () => {
    const { control, create } = await setup();
    control.setFault(vendor, { kind: 'outage', retryAfterSeconds: 9 });
    expect((await create[vendor]()).headers.get('retry-after')).toBe('9');
  });

  it('affects one operation until it is removed', async () => {
    const { control, create, created } = await setup();
    control.setFault(vendor, { kind: 'outage', operation: creations[vendor], status: 500 });
    expect((await create[vendor]()).status).toBe(500);
    control.setFault(vendor, { kind: 'none' });
    expect((await create[vendor]()).status).toBe(created[vendor]);
  });
});

it('a fault answers with the error body of the vendor', async () => {
  const { control, create, token } = await setup();
  control.setFault('google', { kind: 'rate_limit', status: 403 });
  expect(await (await create.google()).json()).toMatchObject({
    error: { code: 403, errors: [{ domain: 'usageLimits', reason: 'rateLimitExceeded' }] },
  });
  control.setFault('zoom', { kind: 'rate_limit' });
  expect(await (await create.zoom()).json()).toMatchObject({
    code: 429,
    message: expect.stringContaining('per-second'),
  });
  control.setFault('twilio', { kind: 'rate_limit' });
  expect(await (await create.twilio()).json()).toMatchObject({ code: 20429, status: 429 });
  control.setFault('google', { kind: 'unauthorized', operation: 'token' });
  expect(await (await token('google')).json()).toMatchObject({ error: 'invalid_grant' });
  control.setFault('zoom', { kind: 'unauthorized', operation: 'token' });
  expect(await (await token('zoom')).json()).toMatchObject({ error: 'invalid_client' });
});

it('a lost_answer fault is not used up by a refused call', async () => {
  const { control, create, url } = await setup();
  control.setFault('zoom', { kind: 'lost_answer', times: 1 });
  const refused = await fetch(`${url}/v2/meetings/1`, { method: 'DELETE' });
  expect(refused.status).toBe(401);
  await expect(create.zoom()).rejects.toThrow('fetch failed');
});

const tokenPaths = {
  google: '/token',
  microsoft: '/common/oauth2/v2.0/token',
  zoom: '/oauth/token',
} as const;

it.each(['google', 'microsoft', 'zoom'] as const)(
  'the token endpoint of %s reports faults and unreadable requests as OAuth does, and not as the API',
  async (vendor) => {
    const { control, url } = await setup();
    const call = async (contentType: string, body: string) => {
      const headers = { 'content-type': contentType };
      const answer = await fetch(`${url}${tokenPaths[vendor]}`, { method: 'POST', headers, body });
      return { status: answer.status, body: await answer.json() };
    };
    const form = () => call('application/x-www-form-urlencoded', 'grant_type=refresh_token');
    control.setFault(vendor, { kind: 'outage', operation: 'token', times: 1 });
    expect(await form()).toMatchObject({ status: 503, body: { error: expect.any(String) } });
    control.setFault(vendor, { kind: 'rate_limit', operation: 'token', times: 1 });
    expect(await form()).toMatchObject({ status: 429, body: { error: expect.any(String) } });
    expect(await call('application/json', '{')).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  },
);

it('a fault for the operation token leaves the API unaffected', async () => {
  const { control, create, token } = await setup();
  control.setFault('google', { kind: 'outage', operation: 'token' });
  expect((await token('google')).status).toBe(503);
  expect((await create.google()).status).toBe(200);
});

it('rate_limit and unauthorized faults without an operation leave the token endpoint unaffected', async () => {
  const { control, token } = await setup();
  control.setFault('google', { kind: 'rate_limit' });
  control.setFault('zoom', { kind: 'unauthorized' });
  expect([(await token('google')).status, (await token('zoom')).status]).toEqual([200, 200]);
});

it('a fault without an operation leaves the status callbacks of Twilio unaffected', async () => {
  const { control, create } = await setup({ twilio: { statusDelayMs: 5, callbackRetryMs: [] } });
  control.setFault('twilio', { kind: 'latency', latencyMs: 1, times: 3 });
  await create.twilio();
  await expect.poll(() => control.state().twilio.messages[0]?.status).toBe('delivered');
  expect(control.faults().twilio).toMatchObject([{ times: 2 }]);
});

describe('the control API', () => {
  it('activates, shows and clears faults', async () => {
    const { url, create } = await setup();
    const answer = await fetch(`${url}/sandbox/faults/zoom`, put({ kind: 'outage', times: 3 }));
    const fault = { kind: 'outage', times: 3, status: 503, reset: false };
    expect(await answer.json()).toEqual({ vendor: 'zoom', faults: [fault] });
    expect((await create.zoom()).status).toBe(503);
    const state = await fetch(`${url}/sandbox/state`);
    expect(await state.json()).toMatchObject({ faults: { zoom: [{ kind: 'outage', times: 2 }] } });
    await fetch(`${url}/sandbox/faults`, { method: 'DELETE' });
    expect((await create.zoom()).status).toBe(201);
  });

  it.each([
    ['an unknown vendor', 'acme', { kind: 'outage' }],
    ['an unknown kind', 'zoom', { kind: 'explosion' }],
    ['an unknown field', 'zoom', { kind: 'outage', minutes: 3 }],
    ['a count of none', 'zoom', { kind: 'outage', times: 0 }],
    ['no body', 'zoom', undefined],
  ])('rejects %s', async (_what, vendor, body) => {
    const { url } = await setup();
    const answer = await fetch(`${url}/sandbox/faults/${vendor}`, put(body));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'The request is invalid.', issues: [{}] });
  });

  it('names the valid operations when the operation is unknown', async () => {
    const { url } = await setup();
    const answer = await fetch(
      `${url}/sandbox/faults/zoom`,
      put({ kind: 'outage', operation: 'meetings.make' }),
    );
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: expect.stringContaining('meetings.create') });
  });

  it('rejects a body that is not JSON', async () => {
    const { url } = await setup();
    const answer = await fetch(`${url}/sandbox/faults/zoom`, { ...put({}), body: '{' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'The body is not valid JSON.' });
  });

  it('deletes all state on a reset', async () => {
    const { url, control, create } = await setup();
    for (const vendor of creating) await create[vendor]();
    control.setFault('zoom', { kind: 'outage' });
    await fetch(`${url}/sandbox/reset`, { method: 'POST' });
    expect(control.state()).toEqual({
      google: { calendars: [], channels: [], rooms: [], spaces: [], recordings: [], meetingSessions: [] },
      microsoft: {
        grants: [],
        calendars: [],
        subscriptions: [],
        rooms: [],
        onlineMeetings: [],
        recordings: [],
        meetingSessions: [],
      },
      zoom: { meetings: [], deletedMeetings: [], recordings: [], registrants: [], recordingNow: [] },
      apple: { accounts: [] },
      twilio: { messages: [], optedOut: [] },
      faults: perVendor(() => []),
      calls: perVendor(() => ({})),
    });
  });
});
