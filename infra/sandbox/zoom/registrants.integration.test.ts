import { describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../sandbox.ts';
import type { SandboxOptions } from '../settings.ts';

const december = Date.parse('2026-12-01T08:00:00Z');

const setup = async (options: SandboxOptions['zoom'] = {}, clock: () => number = () => december) => {
  const sandbox = await startSandbox({ zoom: options }, clock);
  onTestFinished(() => sandbox.close());
  const token = await fetch(
    `${sandbox.url}/oauth/token?grant_type=account_credentials&account_id=sandbox-account`,
    {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('sandbox-zoom-client:sandbox-zoom-secret')}` },
    },
  );
  const { access_token: accessToken } = Object(await token.json());
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${sandbox.url}/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    return { status: answer.status, data: text === '' ? undefined : JSON.parse(text) };
  };
  const create = async (settings: object = { approval_type: 0 }) => {
    const body = { type: 2, start_time: '2026-12-01T09:00:00Z', duration: 30, settings };
    const { data } = await call('POST', '/users/me/meetings', body);
    return { ...data, path: `/meetings/${data.id}/registrants` };
  };
  return { sandbox, call, create };
};

const ada = { email: 'ada@example.com', first_name: 'Ada' };

describe('registrants of the Zoom sandbox', () => {
  it('get an address of their own, and are listed', async () => {
    const { call, create } = await setup();
    const { path } = await create();
    const added = await call('POST', path, ada);
    expect(added).toMatchObject({
      status: 201,
      data: { registrant_id: expect.any(String), join_url: expect.stringMatching(/\/w\/\d+\?tk=/) },
    });
    const { data } = await call('GET', path);
    expect(data).toMatchObject({
      total_records: 1,
      next_page_token: '',
      registrants: [
        { id: added.data.registrant_id, email: 'ada@example.com', join_url: added.data.join_url },
      ],
    });
  });

  it('are listed in pages', async () => {
    const { call, create } = await setup();
    const { path } = await create();
    for (const name of ['a', 'b', 'c'])
      await call('POST', path, { email: `${name}@example.com`, first_name: name });
    const first = await call('GET', `${path}?page_size=2`);
    expect(first.data.registrants).toHaveLength(2);
    const second = await call('GET', `${path}?page_size=2&next_page_token=${first.data.next_page_token}`);
    expect(second.data).toMatchObject({ registrants: [{ email: 'c@example.com' }], next_page_token: '' });
  });

  it('are the same for the same address, at most three times a day', async () => {
    const { call, create } = await setup();
    const { path } = await create();
    const answers = [];
    for (let request = 0; request < 4; request += 1) answers.push(await call('POST', path, ada));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 429]);
    expect(new Set(answers.slice(0, 3).map(({ data }) => data.registrant_id)).size).toBe(1);
    expect(answers[3]?.data.message).toContain('daily rate limit of (3)');
  });

  it('are refused after the end of the meeting', async () => {
    let now = december + 45 * 60_000;
    const { call, create } = await setup({}, () => now);
    const { path } = await create();
    now += 55 * 60_000;
    expect(await call('POST', path, ada)).toMatchObject({ status: 400, data: { code: 3038 } });
  });

  it('are in no list after their cancellation, and are registered anew', async () => {
    const { call, create } = await setup();
    const { path } = await create();
    const { data: before } = await call('POST', path, ada);
    const body = { action: 'cancel', registrants: [{ id: before.registrant_id }] };
    expect((await call('PUT', `${path}/status`, body)).status).toBe(204);
    expect((await call('GET', path)).data.registrants).toEqual([]);
    const { data: after } = await call('POST', path, ada);
    expect(after.join_url).not.toBe(before.join_url);
  });

  it.each<[string, object, object, number, number]>([
    ['a meeting without registration', { approval_type: 2 }, ada, 404, 404],
    ['an invalid address', { approval_type: 0 }, { ...ada, email: 'ada' }, 400, 300],
    ['a missing name', { approval_type: 0 }, { email: ada.email }, 400, 300],
    ['the host', { approval_type: 0 }, { ...ada, email: 'owner@sandbox.example' }, 400, 3027],
  ])('are refused for %s', async (_what, settings, body, status, code) => {
    const { call, create } = await setup();
    const { path } = await create(settings);
    expect(await call('POST', path, body)).toMatchObject({ status, data: { code } });
  });

  it('need a host with a license', async () => {
    const { call, create } = await setup({ users: { 'owner@sandbox.example': 'basic' } });
    const { path, settings } = await create();
    expect(settings.approval_type).toBe(2);
    expect(await call('POST', path, ada)).toMatchObject({ status: 400, data: { code: 200 } });
  });

  it('need their scopes', async () => {
    const { call, create } = await setup({ accountScopes: ['meeting:write:meeting:admin'] });
    const { path } = await create();
    expect(await call('POST', path, ada)).toMatchObject({ status: 400, data: { code: 4711 } });
  });

  it('are gone with the meeting', async () => {
    const { call, create } = await setup();
    const { id, path } = await create();
    await call('DELETE', `/meetings/${id}`);
    expect(await call('GET', path)).toMatchObject({ status: 404, data: { code: 3001 } });
  });
});
