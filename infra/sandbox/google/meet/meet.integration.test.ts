import { afterEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox.ts';
import type { SandboxOptions } from '../../settings.ts';

const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (sandbox) => sandbox.close()));
});

const owner = 'casting@example.test';

const setup = async (options: SandboxOptions = {}) => {
  const sandbox = await startSandbox(options);
  running.push(sandbox);
  const tokenOf = async (account: string): Promise<string> => {
    const answer = await fetch(`${sandbox.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: `sandbox-refresh-${account}`,
        client_id: 'sandbox-google-client',
        client_secret: 'sandbox-google-secret',
      }),
    });
    return Object(await answer.json()).access_token;
  };
  const sendAs = (token: string) => async (method: string, at: string, body?: object) => {
    const answer = await fetch(`${sandbox.url}${at}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, body: Object(await answer.json()) };
  };
  const send = sendAs(await tokenOf(owner));
  const event = await send('POST', '/calendar/v3/calendars/primary/events?conferenceDataVersion=1', {
    start: { dateTime: '2026-12-01T09:00:00Z' },
    end: { dateTime: '2026-12-01T09:30:00Z' },
    conferenceData: { createRequest: { requestId: 'r1', conferenceSolutionKey: { type: 'hangoutsMeet' } } },
  });
  const code: string = event.body.conferenceData.conferenceId;
  return { ...sandbox, send, code, sendAsOther: sendAs(await tokenOf('other@example.test')) };
};

describe('a space', () => {
  it('is read by the code of a conference, and changed by its id only', async () => {
    const { send, code } = await setup();
    const { body } = await send('GET', `/v2/spaces/${code.toUpperCase()}`);
    expect(body).toMatchObject({ meetingCode: code, config: { accessType: 'TRUSTED' } });
    const mask = '?updateMask=config.accessType';
    const change = { config: { accessType: 'RESTRICTED', entryPointAccess: 'CREATOR_APP_ONLY' } };
    expect((await send('PATCH', `/v2/spaces/${code}${mask}`, change)).status).toBe(400);
    const changed = await send('PATCH', `/v2/${body.name}${mask}`, change);
    expect(changed.body.config).toMatchObject({ accessType: 'RESTRICTED', entryPointAccess: 'ALL' });
  });

  it.each([
    ['an unknown field', '', { config: { password: 'x' } }],
    ['an unknown value', '', { config: { accessType: 'SECRET' } }],
    ['a mask of another resource', '?updateMask=meetingCode', { config: {} }],
  ])('rejects %s', async (_name, mask, body) => {
    const { send, code } = await setup();
    const { name } = (await send('GET', `/v2/spaces/${code}`)).body;
    expect((await send('PATCH', `/v2/${name}${mask}`, body)).status).toBe(400);
  });

  it('hides its settings from others, who cannot change it', async () => {
    const { send, sendAsOther, code } = await setup();
    const { name } = (await send('GET', `/v2/spaces/${code}`)).body;
    expect((await sendAsOther('GET', `/v2/${name}`)).body).not.toHaveProperty('config');
    expect((await sendAsOther('PATCH', `/v2/${name}`, { config: {} })).status).toBe(403);
  });

  it.each([
    ['spaces/abc', {}, 404],
    ['conferenceRecords/none/participants', {}, 404],
    ['conferenceRecords?filter=everything', {}, 400],
    [
      'conferenceRecords',
      { google: { preauthorizedScopes: ['https://www.googleapis.com/auth/calendar'] } },
      403,
    ],
  ])('GET %s with %o is answered in the form of AIP-193', async (at, options, status) => {
    const { send } = await setup(options);
    const answer = await send('GET', `/v2/${at}`);
    expect(answer).toMatchObject({ status, body: { error: { code: status, status: expect.any(String) } } });
  });
});

describe('conference records', () => {
  it('have pages of records, participants and sessions, newest first', async () => {
    const { send, control, code } = await setup();
    for (const name of ['Ada', 'Ben', 'Cy']) {
      control.joinMeeting('google', code, { name });
      control.endMeeting('google', code);
    }
    const filter = encodeURIComponent(`space.meeting_code = "${code}"`);
    const first = await send('GET', `/v2/conferenceRecords?filter=${filter}&pageSize=2`);
    expect(first.body.conferenceRecords).toHaveLength(2);
    const rest = await send(
      'GET',
      `/v2/conferenceRecords?filter=${filter}&pageSize=2&pageToken=${first.body.nextPageToken}`,
    );
    expect(rest.body.conferenceRecords).toHaveLength(1);
    expect(rest.body.nextPageToken).toBeUndefined();
    const [record] = rest.body.conferenceRecords;
    const { participants } = (await send('GET', `/v2/${record.name}/participants`)).body;
    expect(participants).toHaveLength(1);
    expect(participants[0]).toHaveProperty('anonymousUser.displayName');
    const sessions = await send('GET', `/v2/${participants[0].name}/participantSessions`);
    expect(sessions.body.participantSessions).toMatchObject([{ endTime: expect.any(String) }]);
  });

  it('are shown to the owner of the space only', async () => {
    const { sendAsOther, control, code } = await setup();
    control.joinMeeting('google', code, { name: 'Ada', email: 'other@example.test' });
    expect((await sendAsOther('GET', '/v2/conferenceRecords')).body.conferenceRecords).toEqual([]);
  });
});
