import { afterEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../sandbox.ts';
import type { SandboxOptions } from '../settings.ts';

const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (sandbox) => sandbox.close()));
});

const account = 'casting@contoso.example';
const times = { startDateTime: '2026-12-01T09:00:00Z', endDateTime: '2026-12-01T09:30:00Z' };
const path = '/me/onlineMeetings';

const setup = async (options: SandboxOptions = {}, owner = account) => {
  const sandbox = await startSandbox(options);
  running.push(sandbox);
  const answer = await fetch(`${sandbox.url}/common/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: `sandbox-refresh-${owner}`,
      client_id: 'sandbox-microsoft-client',
      client_secret: 'sandbox-microsoft-secret',
    }),
  });
  const authorization = `Bearer ${Object(await answer.json()).access_token}`;
  const send = async (method: string, at: string, body?: object) => {
    const response = await fetch(`${sandbox.url}/v1.0${at}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: Object(text ? JSON.parse(text) : {}) };
  };
  const create = (externalId = 'one', change: object = {}) =>
    send('POST', `${path}/createOrGet`, { externalId, ...times, ...change });
  return { ...sandbox, send, create };
};

describe('createOrGet', () => {
  it('answers 201 for a new external id, and 200 with the unchanged meeting for a known one', async () => {
    const { create } = await setup();
    const first = await create();
    const again = await create('one', { subject: 'Other' });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect((await create('two')).body.id).not.toBe(first.body.id);
  });

  it.each([
    ['an unknown property', { lobbyBypassSettings: { scope: 'everyone' } }],
    ['an end without a start', { startDateTime: undefined }],
    ['an end before the start', { endDateTime: '2026-12-01T08:00:00Z' }],
    ['a local time', { startDateTime: '2026-12-01T09:00:00' }],
    ['no external id', { externalId: undefined }],
  ])('rejects %s', async (_name, change) => {
    const { create, control } = await setup();
    expect((await create('one', change)).status).toBe(400);
    expect(control.state().microsoft.onlineMeetings).toEqual([]);
  });

  it.each([
    ['a personal account', {}, 'ann@outlook.example', 401],
    ['an account without a license', { microsoft: { unlicensedOrganizers: [account] } }, account, 403],
    [
      'a consent without the scope',
      { microsoft: { preauthorizedScopes: ['Calendars.ReadWrite'] } },
      account,
      403,
    ],
  ])('refuses %s', async (_name, options, owner, status) => {
    const { create } = await setup(options, owner);
    expect((await create()).status).toBe(status);
  });
});

describe('a meeting', () => {
  it('is found by its link and by its join id only', async () => {
    const { create, send } = await setup();
    const { body } = await create();
    const find = (filter: string) => send('GET', `${path}?$filter=${encodeURIComponent(filter)}`);
    expect((await find(`JoinWebUrl eq '${body.joinWebUrl}'`)).body.value).toMatchObject([{ id: body.id }]);
    const joinId = body.joinMeetingIdSettings.joinMeetingId;
    expect((await find(`joinMeetingIdSettings/joinMeetingId eq '${joinId}'`)).body.value).toHaveLength(1);
    expect((await find("externalId eq 'one'")).status).toBe(400);
    expect((await send('GET', path)).status).toBe(400);
  });

  it('is changed with both times, and rejects unknown options', async () => {
    const { create, send } = await setup();
    const { body } = await create();
    const change = (wanted: object) => send('PATCH', `${path}/${body.id}`, wanted);
    expect((await change({ startDateTime: times.startDateTime })).status).toBe(400);
    expect((await change({ joinMeetingIdSettings: { isPasscodeRequired: true } })).status).toBe(400);
    expect((await change({ allowedPresenters: 'guests' })).status).toBe(400);
    expect((await change({ allowedPresenters: 'organizer' })).body).toMatchObject({
      allowedPresenters: 'organizer',
    });
  });

  it('shows later values of enumerations only to clients that ask for them', async () => {
    const { create, send } = await setup();
    const { body } = await create();
    const attendees = [{ upn: 'reader@contoso.example', role: 'coorganizer' }];
    const changed = await send('PATCH', `${path}/${body.id}`, { participants: { attendees } });
    expect(changed.body.participants.attendees).toMatchObject([{ role: 'unknownFutureValue' }]);
  });

  it('of another organizer is not found', async () => {
    const { create, url } = await setup();
    const { body } = await create();
    const other = await setup({}, 'other@contoso.example');
    expect(url).not.toBe(other.url);
    expect((await other.send('GET', `${path}/${body.id}`)).status).toBe(404);
  });

  it('has a passcode only when it is created with one', async () => {
    const { send } = await setup();
    const joinMeetingIdSettings = { isPasscodeRequired: true };
    const { body } = await send('POST', path, { ...times, joinMeetingIdSettings });
    expect(body.joinMeetingIdSettings).toMatchObject({
      isPasscodeRequired: true,
      passcode: expect.any(String),
    });
  });

  it('reports its session after the end, and not its deletion', async () => {
    const { create, send, control } = await setup();
    const { body } = await create();
    control.joinMeeting('microsoft', body.id, { name: 'Ada', email: 'ada@example.com' });
    const reports = () => send('GET', `${path}/${body.id}/attendanceReports`);
    expect((await reports()).body.value).toEqual([]);
    control.endMeeting('microsoft', body.id);
    const [report] = (await reports()).body.value;
    expect(report).toMatchObject({ totalParticipantCount: 1, attendanceRecords: [] });
    const records = await send('GET', `${path}/${body.id}/attendanceReports/${report.id}/attendanceRecords`);
    expect(records.body.value).toMatchObject([
      { emailAddress: 'ada@example.com', identity: { displayName: 'Ada' } },
    ]);
    expect((await send('DELETE', `${path}/${body.id}`)).status).toBe(204);
    expect((await reports()).status).toBe(404);
  });
});

describe('the control of sessions', () => {
  it('names what does not exist', async () => {
    const { create, url } = await setup();
    const { body } = await create();
    const post = async (at: string, json: object) => {
      const answer = await fetch(`${url}/sandbox/${at}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(json),
      });
      return answer.status;
    };
    const attendee = { name: 'Ada' };
    expect(await post('microsoft/meetings/join', { meeting: 'none', attendee })).toBe(400);
    expect(await post('microsoft/meetings/leave', { meeting: body.id, attendee })).toBe(400);
    expect(await post('microsoft/meetings/end', { meeting: body.id })).toBe(400);
    expect(await post('zoom/meetings/join', { meeting: body.id, attendee })).toBe(400);
    expect(await post('microsoft/meetings/join', { meeting: body.joinWebUrl, attendee })).toBe(204);
    expect(await post('microsoft/meetings/end', { meeting: body.id })).toBe(204);
  });
});
