import Fastify from 'fastify';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MeetingSettings, SettingName } from '../../domain/audition/meeting-settings.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { slot } from '../../tests/harness/google-calendar.ts';
import { organizer, setUpTeams, teamsSpec } from '../../tests/harness/teams-meetings.ts';
import type { ConnectedAccount, HostAccount } from '../ports.ts';
import { createGraphClient } from './graph-client.ts';
import { createTeamsMeetings } from './online-meetings.ts';

const later = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;
const millisecondsOf = (...times: readonly string[]) => times.map((time) => Date.parse(time));

describe('a Teams meeting', () => {
  it('is created with our reference, in one request', async () => {
    const { teams, host, meetings, calls } = await setUpTeams();
    const { meeting, notHonored } = await teams.create(host, teamsSpec(), callContext());
    expect(notHonored).toEqual([]);
    expect(meetings()).toMatchObject([
      {
        id: meeting.id,
        joinWebUrl: meeting.joinUrl,
        account: organizer,
        externalId: 'aud_ophelia:1f2e3d',
        subject: 'Audition: Ophelia',
      },
    ]);
    const [stored] = meetings();
    expect(millisecondsOf(stored?.startDateTime ?? '', stored?.endDateTime ?? '')).toEqual(
      millisecondsOf(slot.start, slot.end),
    );
    expect(calls()).toMatchObject({ 'onlineMeetings.createOrGet': { 201: 1 } });
    expect(calls()['onlineMeetings.update']).toBeUndefined();
  });

  it.each([
    ['apart from an event', {}],
    ['of an event', { calendarEvent: true }],
  ])('%s has the telephone number of its organizer', async (_where, settings) => {
    const dialIn = { tollNumber: '+33123456789', conferenceId: '987654321' };
    const { teams, host } = await setUpTeams({ microsoft: { dialIn } });
    const { meeting } = await teams.create(host, teamsSpec(settings), callContext());
    expect(meeting.dialIn).toBe('+33123456789, 987654321#');
  });

  it('is created once by repeated and by simultaneous creations', async () => {
    const { teams, host, meetings, calls } = await setUpTeams();
    const created = await Promise.all(
      Array.from({ length: 4 }, () => teams.create(host, teamsSpec({ waitingRoom: true }), callContext())),
    );
    created.push(await teams.create(host, teamsSpec({ waitingRoom: true }), callContext()));
    expect(new Set(created.map(({ meeting }) => meeting.id)).size).toBe(1);
    expect(meetings()).toMatchObject([{ lobbyBypassSettings: { scope: 'organizer' } }]);
    expect(calls()['onlineMeetings.createOrGet']).toEqual({ 201: 1, 200: 4 });
  });

  it('is completed by the next creation when the answer to the first one was lost', async () => {
    const { teams, host, meetings, control } = await setUpTeams();
    control.setFault('microsoft', { kind: 'lost_answer', operation: 'onlineMeetings.createOrGet', times: 1 });
    const spec = teamsSpec({ whoMayShare: 'host' });
    await expect(teams.create(host, spec, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    expect(meetings()).toMatchObject([{ allowedPresenters: 'everyone' }]);
    const { meeting } = await teams.create(host, spec, callContext());
    expect(meetings()).toMatchObject([{ id: meeting.id, allowedPresenters: 'organizer' }]);
  });

  it('with the reference and another time is moved by a creation', async () => {
    const { teams, host, meetings } = await setUpTeams();
    const { meeting } = await teams.create(host, teamsSpec(), callContext());
    const again = await teams.create(host, teamsSpec({}, { slot: later, topic: 'Callback' }), callContext());
    expect(again.meeting).toEqual(meeting);
    expect(meetings()).toMatchObject([{ subject: 'Callback' }]);
    expect(Date.parse(meetings()[0]?.startDateTime ?? '')).toBe(Date.parse(later.start));
  });

  it('is moved with its topic and its settings', async () => {
    const { teams, host, meetings } = await setUpTeams();
    const { meeting } = await teams.create(host, teamsSpec(), callContext());
    await teams.move(host, meeting.id, teamsSpec({ waitingRoom: true }, { slot: later }), callContext());
    expect(meetings()).toMatchObject([{ id: meeting.id, lobbyBypassSettings: { scope: 'organizer' } }]);
    expect(Date.parse(meetings()[0]?.endDateTime ?? '')).toBe(Date.parse(later.end));
  });

  it('is found by its reference', async () => {
    const { teams, host } = await setUpTeams();
    const { meeting } = await teams.create(host, teamsSpec(), callContext());
    expect(await teams.find(host, teamsSpec().reference, slot, callContext())).toEqual([meeting]);
  });

  it('is removed once, then reported as absent', async () => {
    const { teams, host, meetings } = await setUpTeams();
    const { meeting } = await teams.create(host, teamsSpec(), callContext());
    expect(await teams.check(host, meeting.id, callContext())).toEqual({
      status: 'present',
      access: { joinUrl: meeting.joinUrl },
    });
    expect(await teams.remove(host, meeting.id, callContext())).toBe('deleted');
    expect(await teams.remove(host, meeting.id, callContext())).toBe('absent');
    expect(await teams.check(host, meeting.id, callContext())).toEqual({ status: 'absent' });
    expect(meetings()).toEqual([]);
    await expect(teams.move(host, meeting.id, teamsSpec(), callContext())).rejects.toMatchObject({
      fault: { kind: 'not_found' },
    });
  });

  it.each(['free', 'remembered'] as const)(
    'is created anew after its deletion when Graph has its external id as %s',
    async (deletedExternalIds) => {
      const ahead = vi.spyOn(Date, 'now');
      onTestFinished(() => ahead.mockRestore());
      const { teams, host, meetings } = await setUpTeams({ microsoft: { deletedExternalIds } });
      const { meeting } = await teams.create(host, teamsSpec(), callContext());
      await teams.remove(host, meeting.id, callContext());
      const start = performance.timeOrigin + performance.now();
      ahead.mockImplementation(() => start + 120_000);
      const again = await teams.create(host, teamsSpec({ waitingRoom: true }), callContext());
      expect(again.meeting.id).not.toBe(meeting.id);
      expect(meetings().map(({ id }) => id)).toEqual([again.meeting.id]);
      expect(await teams.find(host, teamsSpec().reference, slot, callContext())).toEqual([again.meeting]);
    },
  );

  it('that was deleted a moment ago is reported as a transient failure when Graph still answers it', async () => {
    const { teams, host } = await setUpTeams({ microsoft: { deletedExternalIds: 'remembered' } });
    const { meeting } = await teams.create(host, teamsSpec(), callContext());
    await teams.remove(host, meeting.id, callContext());
    await expect(teams.create(host, teamsSpec({ waitingRoom: true }), callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'unknown' },
      vendor: { code: 'meeting_vanished' },
    });
  });
});

describe('the settings of a Teams meeting', () => {
  it.each<[string, MeetingSettings, object]>([
    ['a waiting room', { waitingRoom: true }, { lobbyBypassSettings: { scope: 'organizer' } }],
    ['no waiting room', { waitingRoom: false }, { lobbyBypassSettings: { scope: 'everyone' } }],
    ['screens shared by the host', { whoMayShare: 'host' }, { allowedPresenters: 'organizer' }],
    ['screens shared by everyone', { whoMayShare: 'everyone' }, { allowedPresenters: 'everyone' }],
    ['no recording', { recording: 'none' }, { allowRecording: false, recordAutomatically: false }],
    [
      'a recording that starts by itself',
      { recording: 'cloud', autoStartRecording: true },
      { allowRecording: true, recordAutomatically: true },
    ],
    [
      'co-organizers of the organization',
      { alternativeHosts: ['reader@contoso.example'] },
      { participants: { attendees: [{ upn: 'reader@contoso.example', role: 'coorganizer' }] } },
    ],
    ['people who join before the host', { waitingRoom: false, joinBeforeHost: 'anytime' }, {}],
    ['people who wait for the host', { waitingRoom: true, joinBeforeHost: 'never' }, {}],
    ['no passcode', { passcode: { kind: 'none' } }, {}],
    ['an open end', { endOfMeeting: 'open', muteOnEntry: false }, {}],
  ])('honour %s', async (_name, settings, stored) => {
    const { teams, host, meetings } = await setUpTeams();
    const { notHonored } = await teams.create(host, teamsSpec(settings), callContext());
    expect(notHonored).toEqual([]);
    expect(meetings()).toMatchObject([stored]);
  });

  it.each<[string, MeetingSettings, readonly SettingName[]]>([
    ['a passcode of ours', { passcode: { kind: 'given', value: 'hamlet' } }, ['passcode']],
    ['a passcode of the vendor', { passcode: { kind: 'generated' } }, ['passcode']],
    ['minutes before the host', { joinBeforeHost: 5 }, ['joinBeforeHost']],
    [
      'people who join early from the lobby',
      { waitingRoom: true, joinBeforeHost: 'anytime' },
      ['joinBeforeHost'],
    ],
    ['muted people', { muteOnEntry: true }, ['muteOnEntry']],
    ['a language', { language: 'fr' }, ['language']],
    ['breakout rooms', { breakoutRooms: [{ name: 'Pair 1' }] }, ['breakoutRooms']],
    ['an end with the slot', { endOfMeeting: 'with_slot' }, ['endOfMeeting']],
    [
      'co-organizers outside of the organization',
      { alternativeHosts: ['ann@agents.example'] },
      ['alternativeHosts'],
    ],
  ])('name %s as not honoured, and the meeting exists', async (_name, settings, expected) => {
    const { teams, host, meetings } = await setUpTeams();
    const { notHonored } = await teams.create(host, teamsSpec(settings), callContext());
    expect(notHonored).toEqual(expected);
    expect(meetings()).toHaveLength(1);
  });

  it('name an option as not honoured that a policy of the organization decides', async () => {
    const { teams, host } = await setUpTeams({
      microsoft: { decidedMeetingOptions: ['recordAutomatically'] },
    });
    const settings = { recording: 'cloud', autoStartRecording: true } as const;
    const { notHonored } = await teams.create(host, teamsSpec(settings), callContext());
    expect(notHonored).toEqual(['autoStartRecording']);
  });
});

describe('an account that may have no Teams meetings', () => {
  it.each<[string, SandboxOptions, string, string]>([
    ['a personal account', {}, 'ann@outlook.example', 'personal_account'],
    [
      'one without a license',
      { microsoft: { unlicensedOrganizers: [organizer] } },
      organizer,
      'teams_not_allowed',
    ],
  ])('is refused with what to do: %s', async (_name, options, account, code) => {
    const { teams, host, meetings } = await setUpTeams(options, account);
    await expect(teams.create(host, teamsSpec(), callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      vendor: { code, message: expect.stringContaining('connect') },
      connection: 'conn_1',
    });
    expect(meetings()).toEqual([]);
  });

  it('whose consent does not cover meetings must connect again, and keeps its calendars', async () => {
    const { teams, connection, calls, calendar } = await setUpTeams();
    const host: HostAccount = {
      kind: 'connected',
      connection: { ...connection, scopes: ['Calendars.ReadWrite'] },
    };
    await expect(teams.create(host, teamsSpec(), callContext())).rejects.toMatchObject({
      fault: { kind: 'reconnect' },
      vendor: { code: 'scope_missing' },
      connection: 'conn_1',
    });
    expect(calls()['onlineMeetings.createOrGet']).toBeUndefined();
    const window = { from: slot.start, until: slot.end };
    expect(await calendar.freeBusy(connection, ['primary'], window, callContext())).toEqual([]);
  });

  it('is no user of the service', async () => {
    const { teams } = await setUpTeams();
    await expect(
      teams.create({ kind: 'service', user: 'me' }, teamsSpec(), callContext()),
    ).rejects.toMatchObject({ fault: { kind: 'not_permitted' }, vendor: { code: 'no_host' } });
  });
});

describe('a failing Teams', () => {
  it('gets a new token once after a 401', async () => {
    const { teams, host, control, calls } = await setUpTeams();
    control.setFault('microsoft', {
      kind: 'unauthorized',
      operation: 'onlineMeetings.createOrGet',
      times: 1,
    });
    await teams.create(host, teamsSpec(), callContext());
    expect(calls()).toMatchObject({ token: { 200: 2 }, 'onlineMeetings.createOrGet': { 401: 1, 201: 1 } });
  });

  it('is called again after the delay that it requests', async () => {
    const { teams, host, control } = await setUpTeams();
    control.setFault('microsoft', {
      kind: 'rate_limit',
      operation: 'onlineMeetings.createOrGet',
      retryAfterSeconds: 20,
    });
    await expect(teams.create(host, teamsSpec(), callContext())).rejects.toMatchObject({
      fault: { kind: 'retry_after', delayMs: 20_000 },
    });
  });

  it('is called once during an outage', async () => {
    const { teams, host, control, calls } = await setUpTeams();
    control.setFault('microsoft', { kind: 'outage', operation: 'onlineMeetings.createOrGet' });
    await expect(teams.create(host, teamsSpec(), callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    expect(calls()['onlineMeetings.createOrGet']).toEqual({ 503: 1 });
  });

  it('that has removed the consent asks for another one', async () => {
    const { teams, host, control } = await setUpTeams();
    control.setFault('microsoft', { kind: 'unauthorized', operation: 'token' });
    await expect(teams.create(host, teamsSpec(), callContext())).rejects.toMatchObject({
      fault: { kind: 'reconnect' },
    });
  });
});

describe('the attendance of a Teams meeting', () => {
  const ada = { name: 'Ada', email: 'Ada@performers.example' };
  const guest = { name: 'A reader' };

  it('has each stay of each person in all sessions', async () => {
    const { teams, host, control } = await setUpTeams();
    const { meeting } = await teams.create(host, teamsSpec(), callContext());
    control.joinMeeting('microsoft', meeting.joinUrl, ada);
    control.joinMeeting('microsoft', meeting.joinUrl, guest);
    control.leaveMeeting('microsoft', meeting.id, ada);
    control.joinMeeting('microsoft', meeting.id, ada);
    expect(await teams.attendance?.(host, meeting.id, callContext())).toBeUndefined();
    control.endMeeting('microsoft', meeting.id);
    control.joinMeeting('microsoft', meeting.id, guest);
    control.endMeeting('microsoft', meeting.id);
    const attendance = (await teams.attendance?.(host, meeting.id, callContext())) ?? [];
    const stay = { joinedAt: expect.stringMatching(/Z$/), leftAt: expect.stringMatching(/Z$/) };
    expect(attendance).toHaveLength(4);
    expect(attendance).toEqual(
      expect.arrayContaining([
        { name: 'Ada', email: 'ada@performers.example', ...stay },
        { name: 'A reader', email: undefined, ...stay },
      ]),
    );
    expect(attendance.filter(({ name }) => name === 'Ada')).toHaveLength(2);
  });

  it('is unknown without a report, and empty in a report without people', async () => {
    const without = await scripted(200, { value: [] });
    expect(await without.teams.attendance?.(without.host, 'x', callContext())).toBeUndefined();
    // The answer is that of both calls: a report, and a record without a stay.
    const empty = await scripted(200, { value: [{ id: 'report' }] });
    expect(await empty.teams.attendance?.(empty.host, 'x', callContext())).toEqual([]);
  });

  it('is read beyond the first page', async () => {
    const { teams, host, control } = await setUpTeams();
    const { meeting } = await teams.create(host, teamsSpec(), callContext());
    for (let n = 0; n < 60; n += 1) control.joinMeeting('microsoft', meeting.id, { name: `Performer ${n}` });
    control.endMeeting('microsoft', meeting.id);
    expect(await teams.attendance?.(host, meeting.id, callContext())).toHaveLength(60);
  });

  it('is refused without its scope, and the connection keeps its status', async () => {
    const { teams, connection } = await setUpTeams();
    const scopes = ['Calendars.ReadWrite', 'OnlineMeetings.ReadWrite'];
    const host: HostAccount = { kind: 'connected', connection: { ...connection, scopes } };
    await expect(teams.attendance?.(host, 'MSox', callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
      vendor: { code: 'report_scope_missing' },
    });
  });
});

const account = (): ConnectedAccount => ({
  id: 'conn_1',
  organization: 'org_1',
  account: organizer,
  accessToken: async () => 'token',
  reportRejectedToken: () => {},
  reportMissingScopes: async () => {},
  appPassword: () => Promise.reject(new TypeError('no password')),
  reportRejectedPassword: async () => {},
  feedAddress: () => Promise.reject(new TypeError('no feed')),
  reportRejectedFeedAddress: async () => {},
});
const graphFailure = (code: string, message: string) => ({ error: { code, message } });

/** Starts a server that answers every request in the same way. */
const scripted = async (status: number, body: unknown, headers: Record<string, string> = {}) => {
  const app = Fastify();
  app.get('/v1.0/me/calendar/events', () => ({ value: [] }));
  app.all('*', (_request, reply) => reply.code(status).headers(headers).send(body));
  const graphUrl = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const host: HostAccount = { kind: 'connected', connection: account() };
  return { teams: createTeamsMeetings(createGraphClient({ graphUrl })), host };
};

describe('an odd answer of Graph', () => {
  const meeting = {
    id: 'MSox',
    creationDateTime: '2126-01-01T00:00:00Z',
    joinWebUrl: 'https://teams.example/j',
  };

  it.each([
    ['a meeting without a link', 201, { ...meeting, joinWebUrl: null }, { kind: 'retry', effect: 'unknown' }],
    [
      'a meeting without an id',
      201,
      { joinWebUrl: meeting.joinWebUrl },
      { kind: 'retry', effect: 'unknown' },
    ],
    ['an HTML page', 502, '<html>', { kind: 'outage', effect: 'unknown' }],
    ['an unknown organizer', 404, graphFailure('NotFound', ''), { kind: 'not_permitted' }],
    ['a malformed request', 400, graphFailure('BadRequest', 'StartTime'), { kind: 'rejected_input' }],
    ['a server error', 500, graphFailure('InternalServerError', ''), { kind: 'retry', effect: 'unknown' }],
    [
      'a claims challenge',
      401,
      graphFailure('InvalidAuthenticationToken', 'Continuous access evaluation resulted in challenge'),
      { kind: 'reconnect' },
    ],
  ] as const)('to a creation, %s, becomes a fault', async (_name, status, body, fault) => {
    const { teams, host } = await scripted(status, body);
    await expect(teams.create(host, teamsSpec(), callContext())).rejects.toMatchObject({ fault });
  });

  it('that an id is malformed means that the meeting is gone', async () => {
    const { teams, host } = await scripted(400, graphFailure('BadRequest', 'Invalid meeting id x.'));
    expect(await teams.check(host, 'x', callContext())).toEqual({ status: 'absent' });
    expect(await teams.remove(host, 'x', callContext())).toBe('absent');
  });

  it('without a link leaves a meeting that a removal finds', async () => {
    const { teams, host } = await scripted(200, { ...meeting, joinWebUrl: null });
    expect(await teams.find(host, 'r', slot, callContext())).toMatchObject([{ id: 'MSox' }]);
  });

  it('with an endless list of reports ends', async () => {
    const next = 'https://graph.microsoft.com/v1.0/me/onlineMeetings/x/attendanceReports?$skip=1';
    const { teams, host } = await scripted(200, { value: [], '@odata.nextLink': next });
    await expect(teams.attendance?.(host, 'x', callContext())).rejects.toMatchObject({
      vendor: { code: 'too_many_reports' },
    });
  });
});
