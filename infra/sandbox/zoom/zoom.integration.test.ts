import { afterEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../sandbox.ts';
import type { SandboxOptions } from '../settings.ts';

const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (sandbox) => sandbox.close()));
});

const credentials = `Basic ${btoa('sandbox-zoom-client:sandbox-zoom-secret')}`;
const tokenQuery = 'grant_type=account_credentials&account_id=sandbox-account';

const setup = async (options: SandboxOptions['zoom'] = {}, clock?: () => number) => {
  const sandbox = await startSandbox({ zoom: options }, clock);
  running.push(sandbox);
  const post = async (path: string, authorization: string, body?: URLSearchParams) =>
    fetch(`${sandbox.url}${path}`, { method: 'POST', headers: { authorization }, ...(body ? { body } : {}) });
  const token = await post(`/oauth/token?${tokenQuery}`, credentials);
  const { access_token: accessToken } = Object(await token.json());
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${sandbox.url}/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    const data = text === '' ? undefined : JSON.parse(text);
    return { status: answer.status, headers: answer.headers, data };
  };
  return { sandbox, post, call };
};

const meeting = (change: object = {}) => ({
  topic: 'Audition',
  type: 2,
  start_time: '2026-12-01T09:00:00Z',
  duration: 30,
  timezone: 'Europe/Paris',
  agenda: 'ref aud_1',
  ...change,
});
const december = () => Date.parse('2026-12-01T08:00:00Z');

describe('the token endpoint of the Zoom sandbox', () => {
  it('accepts its parameters in the query or in a form', async () => {
    const { post } = await setup();
    const answers = [
      await post(`/oauth/token?${tokenQuery}`, credentials),
      await post('/oauth/token', credentials, new URLSearchParams(tokenQuery)),
    ];
    for (const answer of answers) {
      expect(await answer.json()).toMatchObject({ token_type: 'bearer', expires_in: 3599 });
    }
  });

  it.each([
    ['a wrong secret', `Basic ${btoa('sandbox-zoom-client:wrong')}`, tokenQuery, 'invalid_client'],
    ['another grant', credentials, 'grant_type=password', 'unsupported_grant_type'],
    ['another account', credentials, 'grant_type=account_credentials&account_id=x', 'invalid_request'],
  ])('rejects %s', async (_what, authorization, query, error) => {
    const { post } = await setup();
    const answer = await post(`/oauth/token?${query}`, authorization);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error });
  });
});

describe('the limit per second of the Zoom sandbox', () => {
  it('is reported in X-RateLimit headers, without Retry-After, and ends after a second', async () => {
    let now = december();
    const { call } = await setup({ requestsPerSecond: 2 }, () => now);
    const read = () => call('GET', '/users/me');
    expect([(await read()).status, (await read()).status]).toEqual([200, 200]);
    const { status, headers, data } = await read();
    expect([status, data.code]).toEqual([429, 429]);
    expect(headers.get('x-ratelimit-type')).toBe('QPS');
    expect(headers.get('x-ratelimit-remaining')).toBe('0');
    expect(headers.get('retry-after')).toBeNull();
    now += 1_000;
    expect((await read()).status).toBe(200);
  });
});

describe('meetings of the Zoom sandbox', () => {
  it('are created with a numeric id, links and the start in UTC', async () => {
    const { call } = await setup();
    const created = await call('POST', '/users/me/meetings', meeting());
    expect(created.status).toBe(201);
    expect(created.data).toMatchObject({
      id: expect.any(Number),
      start_time: '2026-12-01T09:00:00Z',
      duration: 30,
      agenda: 'ref aud_1',
      join_url: expect.stringMatching(/^https:\/\/zoom\.us\/j\/\d{11}\?pwd=/),
      start_url: expect.stringContaining('https://zoom.us/s/'),
      password: expect.stringMatching(/^.{6}$/),
    });
    const read = await call('GET', `/meetings/${created.data.id}`);
    expect(read).toMatchObject({ status: 200, data: created.data });
  });

  it.each([
    ['in a DST gap', '2026-03-29T02:30:00', '2026-03-29T01:30:00Z'],
    ['in a DST overlap', '2026-10-25T02:30:00', '2026-10-25T00:30:00Z'],
  ])('read a local start %s in their time zone', async (_where, local, utc) => {
    const { call } = await setup();
    const { data } = await call('POST', '/users/me/meetings', meeting({ start_time: local }));
    expect(data.start_time).toBe(utc);
  });

  it.each([
    ['settings.jbh_time', { settings: { jbh_time: 7 } }],
    ['settings.auto_recording', { settings: { auto_recording: 'always' } }],
    ['settings.waiting_room', { settings: { waiting_room: 'yes' } }],
    [
      'settings.breakout_room.rooms.0.name',
      { settings: { breakout_room: { rooms: [{ name: 'x'.repeat(33) }] } } },
    ],
    ['password', { password: '12345678901' }],
    ['password', { password: 'with space' }],
  ])('are refused for an invalid %s', async (field, change) => {
    const { call } = await setup();
    const answer = await call('POST', '/users/me/meetings', meeting(change));
    expect(answer).toMatchObject({ status: 400, data: { code: 300, errors: [{ field }] } });
  });

  it.each([
    ['lapsed', 400, 3161],
    ['deactivated', 404, 1001],
  ] as const)('are refused for a host who is %s', async (kind, status, code) => {
    const { call } = await setup({ users: { 'a@sandbox.example': kind } });
    const answer = await call('POST', '/users/a@sandbox.example/meetings', meeting());
    expect(answer).toMatchObject({ status, data: { code } });
  });

  it('are refused without the scope of the app', async () => {
    const { call } = await setup({ accountScopes: ['meeting:read:meeting:admin'] });
    expect(await call('POST', '/users/me/meetings', meeting())).toMatchObject({
      status: 400,
      data: { code: 4711, message: expect.stringContaining('meeting:write:meeting:admin') },
    });
  });

  it('are changed by PATCH and answer 3001 after DELETE', async () => {
    const { call, sandbox } = await setup();
    const { data } = await call('POST', '/users/me/meetings', meeting());
    const path = `/meetings/${data.id}`;
    expect(await call('PATCH', path, { start_time: '2026-12-02T09:00:00Z' })).toMatchObject({ status: 204 });
    expect((await call('GET', path)).data).toMatchObject({
      start_time: '2026-12-02T09:00:00Z',
      topic: 'Audition',
    });
    expect(await call('DELETE', path)).toMatchObject({ status: 204 });
    const notFound = { status: 404, data: { code: 3001, message: `Meeting does not exist: ${data.id}.` } };
    for (const method of ['GET', 'DELETE']) expect(await call(method, path)).toMatchObject(notFound);
    expect(await call('PATCH', path, { topic: 'x' })).toMatchObject(notFound);
    expect(sandbox.control.state().zoom).toMatchObject({ meetings: [], deletedMeetings: [{ id: data.id }] });
  });

  it.each([
    ['Europe/Vilnius', 400],
    ['America/Toronto', 400],
    ['Asia/Calcutta', 201],
  ])('in the zone %s are answered with %s: Zoom has a list of its own', async (timezone, status) => {
    const { call } = await setup();
    expect(await call('POST', '/users/me/meetings', meeting({ timezone }))).toMatchObject({
      status,
      ...(status === 400 && { data: { code: 300, errors: [{ field: 'timezone' }] } }),
    });
  });

  it('ignore a start in the past', async () => {
    const { call } = await setup({ pastStarts: 'ignored' }, december);
    const past = { start_time: '2026-12-01T07:59:00Z' };
    const created = await call('POST', '/users/me/meetings', meeting(past));
    expect(created).toMatchObject({ status: 201, data: { start_time: '2026-12-01T08:00:00Z' } });
    const other = await call('POST', '/users/me/meetings', meeting());
    const path = `/meetings/${other.data.id}`;
    expect(await call('PATCH', path, { ...past, topic: 'Later' })).toMatchObject({ status: 204 });
    expect((await call('GET', path)).data).toMatchObject({
      topic: 'Later',
      start_time: '2026-12-01T09:00:00Z',
    });
  });

  it('answer an invalid body with the names of the invalid fields', async () => {
    const { call } = await setup();
    expect(await call('POST', '/users/me/meetings', meeting({ start_time: 'soon', type: 8 }))).toMatchObject({
      status: 400,
      data: {
        code: 300,
        message: 'Validation Failed.',
        errors: [{ field: 'type' }, { field: 'start_time' }],
      },
    });
  });

  it('answer 124 to an unknown or expired token', async () => {
    let now = december();
    const { call, sandbox } = await setup({}, () => now);
    const unauthorized = await fetch(`${sandbox.url}/v2/meetings/1`, {
      headers: { authorization: 'Bearer x' },
    });
    expect(unauthorized.status).toBe(401);
    expect(await unauthorized.json()).toMatchObject({ code: 124 });
    now += 3600_000;
    expect(await call('GET', '/meetings/1')).toMatchObject({ status: 401, data: { code: 124 } });
  });

  it('answer 1001 for a user id that is not an email address', async () => {
    const { call } = await setup();
    expect(await call('GET', '/users/unknown/meetings')).toMatchObject({ status: 404, data: { code: 1001 } });
  });
});

describe('the meeting list of the Zoom sandbox', () => {
  it('returns pages of one host with truncated agendas', async () => {
    const { call } = await setup();
    const agenda = 'x'.repeat(300);
    for (const day of ['03', '01', '02']) {
      await call(
        'POST',
        '/users/ann@example.com/meetings',
        meeting({ start_time: `2026-12-${day}T09:00:00Z`, agenda }),
      );
    }
    await call('POST', '/users/me/meetings', meeting());
    const path = '/users/ann@example.com/meetings?type=scheduled&page_size=2';
    const first = await call('GET', path);
    expect(first.data).toMatchObject({ total_records: 3, page_size: 2 });
    expect(first.data.meetings.map((item: { start_time: string }) => item.start_time.slice(8, 10))).toEqual([
      '01',
      '02',
    ]);
    expect(first.data.meetings[0].agenda).toHaveLength(250);
    const second = await call('GET', `${path}&next_page_token=${first.data.next_page_token}`);
    expect(second.data).toMatchObject({
      next_page_token: '',
      meetings: [{ start_time: '2026-12-03T09:00:00Z' }],
    });
  });

  it('filters upcoming meetings and meetings between from and to', async () => {
    const { call } = await setup({}, december);
    for (const day of ['2026-11-30', '2026-12-01', '2026-12-05']) {
      await call('POST', '/users/me/meetings', meeting({ start_time: `${day}T09:00:00Z` }));
    }
    const count = async (query: string) =>
      (await call('GET', `/users/me/meetings?${query}`)).data.total_records;
    expect(await count('type=scheduled')).toBe(3);
    expect(await count('type=upcoming')).toBe(2);
    expect(await count('type=scheduled&from=2026-12-01&to=2026-12-01')).toBe(1);
  });

  it('delays new meetings by listDelayMs', async () => {
    let now = december();
    const { call } = await setup({ listDelayMs: 1000 }, () => now);
    await call('POST', '/users/me/meetings', meeting());
    expect((await call('GET', '/users/me/meetings')).data.total_records).toBe(0);
    now += 1000;
    expect((await call('GET', '/users/me/meetings')).data.total_records).toBe(1);
  });
});

describe('the daily limit of the Zoom sandbox', () => {
  it('counts creations and updates of one host until midnight UTC', async () => {
    let now = Date.parse('2026-12-01T23:00:00Z');
    const { call } = await setup({ dailyLimit: 2, accessTokenSeconds: 7200 }, () => now);
    const { data } = await call('POST', '/users/me/meetings', meeting());
    await call('PATCH', `/meetings/${data.id}`, { topic: 'Callback' });
    const limited = await call('POST', '/users/me/meetings', meeting());
    expect(limited.status).toBe(429);
    expect(limited.data).toMatchObject({
      code: 429,
      message: expect.stringContaining('daily rate limit (2)'),
    });
    expect(limited.headers.get('retry-after')).toBe('2026-12-02T00:00:00Z');
    expect(limited.headers.get('x-ratelimit-type')).toBe('Daily-limit');
    expect(await call('POST', '/users/ann@example.com/meetings', meeting())).toMatchObject({ status: 201 });
    expect(await call('DELETE', `/meetings/${data.id}`)).toMatchObject({ status: 204 });
    now += 3600_000 - 1;
    expect(await call('POST', '/users/me/meetings', meeting())).toMatchObject({ status: 429 });
    now += 1;
    expect(await call('POST', '/users/me/meetings', meeting())).toMatchObject({ status: 201 });
  });

  it('omits Retry-After with the setting dailyLimitHeaders: observed', async () => {
    const { call } = await setup({ dailyLimit: 1, dailyLimitHeaders: 'observed' });
    await call('POST', '/users/me/meetings', meeting());
    const limited = await call('POST', '/users/me/meetings', meeting());
    expect(limited.headers.get('retry-after')).toBeNull();
    expect(Number(limited.headers.get('x-ratelimit-remaining'))).toBeGreaterThan(0);
  });
});
