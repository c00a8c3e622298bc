import { describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import type { ConnectedAccount, MeetingSpec } from '../ports.ts';
import { createZoomClient } from './client.ts';
import { createZoomMeetings } from './meetings.ts';

const slot = {
  start: '2026-12-01T09:00:00.000Z',
  end: '2026-12-01T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const spec: MeetingSpec = { reference: 'a0b1c2d3e4', topic: 'Audition: Ophelia', slot, settings: {} };
const host = { kind: 'service', user: 'me' } as const;

const setup = async (options: SandboxOptions = {}) => {
  const sandbox = await startSandbox(options);
  const client = createZoomClient(sandboxSettings(sandbox.url).zoom);
  onTestFinished(async () => {
    await client.close();
    await sandbox.close();
  });
  const { control } = sandbox;
  return {
    url: sandbox.url,
    control,
    zoom: createZoomMeetings(client),
    storedMeetings: () => control.state().zoom.meetings,
  };
};

const hour = (spec: MeetingSpec): MeetingSpec => ({
  ...spec,
  slot: { ...slot, end: '2026-12-01T10:00:00.000Z' },
});

describe('the settings of a meeting', () => {
  test('are stored, and those that the account has locked are named', async () => {
    const { zoom, storedMeetings } = await setup({
      zoom: { lockedSettings: { waiting_room: true }, passcodePolicy: { isRequired: true } },
    });
    const settings: MeetingSpec['settings'] = {
      waitingRoom: false,
      passcode: { kind: 'none' },
      muteOnEntry: true,
      alternativeHosts: ['second@sandbox.example'],
      breakoutRooms: [{ name: 'Pair 1' }],
    };
    const created = await zoom.create(host, { ...spec, settings }, callContext());
    expect(created.notHonored).toEqual(['waitingRoom', 'passcode']);
    expect(storedMeetings()).toMatchObject([
      {
        settings: { waiting_room: true, mute_upon_entry: true, alternative_hosts: 'second@sandbox.example' },
      },
    ]);
  });

  test('are compared again for a meeting of an earlier attempt', async () => {
    const { zoom } = await setup({ zoom: { lockedSettings: { mute_upon_entry: true } } });
    const wish = { ...spec, settings: { muteOnEntry: false, waitingRoom: true } };
    const { meeting, notHonored } = await zoom.create(host, wish, callContext());
    expect(await zoom.review?.(host, meeting.id, wish, callContext())).toEqual(notHonored);
    expect(notHonored).toEqual(['muteOnEntry']);
  });

  test.each([
    [
      'a passcode that is too short for the account',
      { passcode: { kind: 'given', value: 'abc' } },
      { passcodePolicy: { minLength: 6 } },
      '300/password',
    ],
    [
      'an alternative host without a license',
      { alternativeHosts: ['basic@sandbox.example'] },
      { users: { 'basic@sandbox.example': 'basic' } },
      '300/settings.alternative_hosts',
    ],
  ] as const)('are refused for %s', async (_what, settings, account, code) => {
    const { zoom, storedMeetings } = await setup({ zoom: { ...account } });
    const wish: MeetingSpec = {
      ...spec,
      settings: 'passcode' in settings ? settings : { alternativeHosts: [...settings.alternativeHosts] },
    };
    await expect(zoom.create(host, wish, callContext())).rejects.toMatchObject({
      fault: { kind: 'rejected_input' },
      vendor: { code },
    });
    expect(storedMeetings()).toEqual([]);
  });

  test.each([
    ['a Basic host, whose plan ends it after 40 minutes', 'basic', hour(spec), ['duration']],
    ['a licensed host', 'licensed', hour(spec), []],
    ['a Basic host and a short slot', 'basic', spec, []],
  ] as const)('say whether the plan of the host is long enough: %s', async (_what, kind, wish, names) => {
    const { zoom } = await setup({ zoom: { users: { 'owner@sandbox.example': kind } } });
    expect((await zoom.create(host, wish, callContext())).notHonored).toEqual(names);
  });

  test('say nothing about the plan when the app may not read users', async () => {
    const { zoom } = await setup({
      zoom: {
        users: { 'owner@sandbox.example': 'basic' },
        accountScopes: ['meeting:write:meeting:admin'],
      },
    });
    expect((await zoom.create(host, hour(spec), callContext())).notHonored).toEqual([]);
  });
});

describe('a host', () => {
  test.each([
    ['whose license has lapsed', 'lapsed', { kind: 'not_permitted' }, '3161'],
    ['who was deactivated', 'deactivated', { kind: 'misconfigured' }, '1001'],
  ] as const)('is reported %s', async (_what, kind, fault, code) => {
    const { zoom } = await setup({ zoom: { users: { 'a@sandbox.example': kind } } });
    const user = { kind: 'service', user: 'a@sandbox.example' } as const;
    await expect(zoom.create(user, spec, callContext())).rejects.toMatchObject({ fault, vendor: { code } });
  });

  test('with an audio plan has meetings with a number and a code', async () => {
    const { zoom } = await setup({ zoom: { dialInNumbers: ['+33 1 23 45 67 89', '+44 20 1234 5678'] } });
    const { meeting } = await zoom.create(host, spec, callContext());
    expect(meeting.dialIn).toBe(`+33 1 23 45 67 89, ${meeting.id}#`);
  });

  test('has its open meeting ended, and one that is not open left alone', async () => {
    const { zoom, control } = await setup();
    const { meeting, notHonored } = await zoom.create(
      host,
      { ...spec, settings: { endOfMeeting: 'with_slot' } },
      callContext(),
    );
    expect(notHonored).toEqual([]);
    expect(await zoom.end?.(host, meeting.id, callContext())).toBe('not_open');
    void control.sendMeetingEvent(meeting.id, { event: 'meeting.started' });
    const status = () => control.state().zoom.meetings.map((stored) => stored.status);
    expect(status()).toEqual(['started']);
    expect(await zoom.end?.(host, meeting.id, callContext())).toBe('ended');
    expect(status()).toEqual(['waiting']);
    expect(await zoom.end?.(host, '1', callContext())).toBe('not_open');
  });

  test('has its open meeting ended before it is removed', async () => {
    const { zoom, control, storedMeetings } = await setup();
    const later = { ...slot, start: '2096-12-01T09:00:00.000Z', end: '2096-12-01T09:30:00.000Z' } as const;
    const { meeting } = await zoom.create(host, { ...spec, slot: later }, callContext());
    void control.sendMeetingEvent(meeting.id, { event: 'meeting.started' });
    expect(await zoom.remove(host, meeting.id, callContext())).toBe('deleted');
    expect(storedMeetings()).toEqual([]);
    expect(control.state().calls.zoom).toMatchObject({
      'meetings.delete': { 204: 1, 400: 1 },
      'meetings.status': { 204: 1 },
    });
  });

  test('has nothing to remove when its meeting was held and is over', async () => {
    const { zoom, control } = await setup();
    const over = { ...slot, start: '2025-12-01T09:00:00.000Z', end: '2025-12-01T09:30:00.000Z' } as const;
    const { meeting } = await zoom.create(host, { ...spec, slot: over }, callContext());
    void control.sendMeetingEvent(meeting.id, { event: 'meeting.started' });
    expect(await zoom.end?.(host, meeting.id, callContext())).toBe('ended');
    expect(await zoom.remove(host, meeting.id, callContext())).toBe('absent');
  });

  test('whose app may end no meeting has it removed when the people have left', async () => {
    const accountScopes = [
      'meeting:write:meeting:admin',
      'meeting:delete:meeting:admin',
      'user:read:user:admin',
    ];
    const { zoom, control } = await setup({ zoom: { accountScopes } });
    const { meeting } = await zoom.create(host, spec, callContext());
    void control.sendMeetingEvent(meeting.id, { event: 'meeting.started' });
    await expect(zoom.remove(host, meeting.id, callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
      vendor: { code: '3002' },
    });
  });

  test('is asked whether a meeting is still there', async () => {
    const { zoom } = await setup();
    const { meeting } = await zoom.create(host, spec, callContext());
    expect(await zoom.check(host, meeting.id, callContext())).toEqual({
      status: 'present',
      access: { joinUrl: meeting.joinUrl },
    });
    await zoom.remove(host, meeting.id, callContext());
    expect(await zoom.check(host, meeting.id, callContext())).toEqual({ status: 'absent' });
  });
});

const unused = () => Promise.reject(new Error('not used'));

/** Returns a connected account with these tokens, and what was reported about them. */
const connectionWith = (tokens: readonly string[]) => {
  const rejected: string[] = [];
  const withoutScopes: string[] = [];
  const connection: ConnectedAccount = {
    id: 'conn_zoom',
    organization: 'org_1',
    account: 'person@sandbox.example',
    accessToken: async () => tokens[rejected.length] ?? '',
    reportRejectedToken: (token) => void rejected.push(token),
    reportMissingScopes: async (token) => void withoutScopes.push(token),
    appPassword: unused,
    reportRejectedPassword: unused,
    feedAddress: unused,
    reportRejectedFeedAddress: unused,
  };
  return { host: { kind: 'connected', connection } as const, rejected, withoutScopes };
};

const tokenOf = async (url: string, account: string): Promise<string> => {
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('sandbox-zoom-user-client:sandbox-zoom-user-secret')}` },
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: `sandbox-refresh-${account}`,
    }),
  });
  const issued: unknown = await answer.json();
  return String(Object(issued).access_token);
};

describe('a connected host', () => {
  test('creates, moves and removes meetings of its own, and no others', async () => {
    const { url, zoom, storedMeetings } = await setup();
    const person = connectionWith([await tokenOf(url, 'person@sandbox.example')]).host;
    const { meeting } = await zoom.create(person, spec, callContext());
    expect(storedMeetings()).toMatchObject([{ host_email: 'person@sandbox.example' }]);
    expect(await zoom.find(person, spec.reference, slot, callContext())).toEqual([meeting]);
    const { meeting: foreign } = await zoom.create(host, spec, callContext());
    await expect(zoom.remove(person, foreign.id, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      vendor: { code: '3003' },
    });
    expect(await zoom.remove(person, meeting.id, callContext())).toBe('deleted');
    expect(storedMeetings().map(({ id }) => String(id))).toEqual([foreign.id]);
  });

  test('is called again with another token when one is rejected, and reported when both are', async () => {
    const { url, zoom } = await setup();
    const renewed = connectionWith(['expired', await tokenOf(url, 'person@sandbox.example')]);
    expect((await zoom.create(renewed.host, spec, callContext())).meeting.provider).toBe('zoom');
    expect(renewed.rejected).toEqual(['expired']);
    const revoked = connectionWith(['expired', 'revoked']);
    await expect(zoom.create(revoked.host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'reconnect' },
      connection: 'conn_zoom',
    });
  });
});
