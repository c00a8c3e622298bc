import Fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  calendarId,
  deletion,
  eventId,
  openConnectionWith,
  setUpGoogleCalendar,
  slot,
} from '../../tests/harness/google-calendar.ts';
import type { ConferenceEvent } from '../ports.ts';
import { createGoogleCalendar } from './calendar.ts';
import { createGoogleClient } from './client.ts';

const calendarScope = 'https://www.googleapis.com/auth/calendar';
const settingsScope = 'https://www.googleapis.com/auth/meetings.space.settings';

const event = (settings: MeetingSettings): ConferenceEvent => ({
  calendarId,
  eventId,
  reference: deletion.reference,
  key: 'meeting:1',
  topic: 'Nightfall: Ophelia',
  slot,
  revision: 1,
  requestId: 'request-1',
  settings,
});
const ours = { calendarId, eventId, reference: deletion.reference };

const setup = async (options: SandboxOptions = {}) => {
  const google = await setUpGoogleCalendar(options);
  const { calendar, connection, control } = google;
  return {
    ...google,
    put: (settings: MeetingSettings) => calendar.putConference(connection, event(settings), callContext()),
    check: (id: string) => calendar.checkConference?.(connection, { ...ours, id }, callContext()),
    attendance: (id: string) => calendar.conferenceAttendance?.(connection, { id }, callContext()),
    config: () => control.state().google.spaces[0]?.config,
  };
};

describe('a Meet conference of more than an hour', () => {
  const long = { ...slot, end: '2026-12-01T10:00:01.000Z' } as const;
  const hour = { ...slot, end: '2026-12-01T10:00:00.000Z' } as const;
  it.each([
    [
      'names its duration at a personal account, where Meet ends it for three people',
      'pat@gmail.com',
      long,
      ['duration'],
    ],
    ['names it at a personal account with another address', 'pat@mail.example', long, ['duration'], true],
    ['has its duration at a Workspace account', calendarId, long, []],
    ['has its duration at an account that Google has said to be of a Workspace', calendarId, long, [], false],
    ['that ends with the hour has its duration', 'pat@googlemail.com', hour, []],
  ] as const)('%s', async (_, account, at, names, isPersonal?: boolean) => {
    const { settings, calendar } = await setup();
    const opened = openConnectionWith(settings, `sandbox-refresh-${account}`);
    const connection = { ...opened, account, isPersonal };
    const spec = { ...event({}), calendarId: 'primary', slot: at };
    expect((await calendar.putConference(connection, spec, callContext())).notHonored).toEqual(names);
  });
});

describe('the settings of a Meet conference', () => {
  it.each([
    ['a waiting room', { waitingRoom: true, joinBeforeHost: 'never' }, { accessType: 'RESTRICTED' }],
    ['no waiting room', { waitingRoom: false, joinBeforeHost: 'anytime' }, { accessType: 'OPEN' }],
    [
      'screens shared by the host',
      { whoMayShare: 'host' },
      { moderation: 'ON', moderationRestrictions: { presentRestriction: 'HOSTS_ONLY' } },
    ],
    [
      'screens shared by everyone',
      { whoMayShare: 'everyone' },
      { moderationRestrictions: { presentRestriction: 'NO_RESTRICTION' } },
    ],
    [
      'a recording that starts by itself',
      { recording: 'cloud', autoStartRecording: true },
      { artifactConfig: { recordingConfig: { autoRecordingGeneration: 'ON' } } },
    ],
    [
      'a recording that the host starts',
      { recording: 'cloud' },
      { artifactConfig: { recordingConfig: { autoRecordingGeneration: 'OFF' } } },
    ],
  ] as const)('honour %s', async (_name, settings, stored) => {
    const { put, config } = await setup();
    expect((await put(settings)).notHonored).toEqual([]);
    expect(config()).toMatchObject(stored);
  });

  it('name what Meet cannot do', async () => {
    const { put } = await setup();
    const settings: MeetingSettings = {
      passcode: { kind: 'generated' },
      joinBeforeHost: 10,
      muteOnEntry: true,
      language: 'fr',
      alternativeHosts: ['reader@castings.example'],
      breakoutRooms: [{ name: 'Pair 1' }],
      endOfMeeting: 'with_slot',
    };
    expect((await put(settings)).notHonored).toEqual([
      'passcode',
      'joinBeforeHost',
      'muteOnEntry',
      'language',
      'alternativeHosts',
      'breakoutRooms',
      'endOfMeeting',
    ]);
  });

  it.each([{}, { language: 'fr' }])('cost no request when none concerns the space: %o', async (settings) => {
    const { put, calls } = await setup();
    await put(settings);
    expect(calls()['spaces.get']).toBeUndefined();
  });

  it('are named as not honoured without the scope, and the conference exists', async () => {
    const { put, calendar, connection } = await setup({ google: { preauthorizedScopes: [calendarScope] } });
    const written = await put({ waitingRoom: true, passcode: { kind: 'none' } });
    expect(written).toMatchObject({ joinUrl: expect.stringMatching(/^https:/), notHonored: ['waitingRoom'] });
    // The consent still covers calendars.
    const window = { from: slot.start, until: slot.end };
    expect(await calendar.busyEvents(connection, calendarId, window, callContext())).toHaveLength(1);
  });

  it('are not sent when the stored consent has no scope for them', async () => {
    const { calendar, connection, calls } = await setup();
    const written = await calendar.putConference(
      { ...connection, scopes: [calendarScope] },
      event({ waitingRoom: true }),
      callContext(),
    );
    expect(written.notHonored).toEqual(['waitingRoom']);
    expect(calls()['spaces.get']).toBeUndefined();
  });

  it.each(['spaces.get', 'spaces.patch'])(
    'are named as not honoured during an outage of %s',
    async (operation) => {
      const { put, control } = await setup();
      control.setFault('google', { kind: 'outage', operation });
      expect((await put({ waitingRoom: true })).notHonored).toEqual(['waitingRoom']);
    },
  );

  it('are honoured one by one when the account may have no recording', async () => {
    const { put, config } = await setup({ google: { meetWithoutArtifacts: [calendarId] } });
    expect((await put({ waitingRoom: true, recording: 'cloud' })).notHonored).toEqual(['recording']);
    expect(config()).toMatchObject({ accessType: 'RESTRICTED' });
  });
});

describe('the check of a Meet conference', () => {
  it('finds the conference of the event', async () => {
    const { put, check } = await setup();
    const { id } = await put({});
    expect(await check(id)).toMatchObject({ status: 'present' });
    expect(await check('abc-defg-hij')).toEqual({ status: 'absent' });
  });

  it('misses a conference whose event was deleted by a person', async () => {
    const { put, check, calendar, connection } = await setup();
    const { id } = await put({});
    await calendar.deleteEvent(connection, { ...ours, keys: 'all' }, callContext());
    expect(await check(id)).toEqual({ status: 'absent' });
  });

  it.each(['spaces.get'])('relies on the event when %s fails', async (operation) => {
    const { put, check, control } = await setup();
    const { id } = await put({});
    control.setFault('google', { kind: 'outage', operation });
    expect(await check(id)).toMatchObject({ status: 'present' });
  });

  it('misses a conference that Meet does not know', async () => {
    const { put, settings, connection } = await setup();
    const { id } = await put({});
    const app = Fastify();
    const missing = { error: { code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND' } };
    app.all('*', (_request, reply) => reply.code(404).send(missing));
    const meetUrl = await app.listen({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => app.close());
    const calendar = createGoogleCalendar(createGoogleClient({ ...settings, meetUrl }));
    expect(await calendar.checkConference?.(connection, { ...ours, id }, callContext())).toEqual({
      status: 'absent',
    });
  });
});

describe('the event of a conference that Meet no longer has', () => {
  it('gets another conference from the step that replaces the meeting, once', async () => {
    const { put, check, calendar, connection, control, events } = await setup();
    const first = await put({});
    control.expireConference(first.id);
    expect(await check(first.id)).toEqual({ status: 'absent' });
    const replace = () =>
      calendar.putConference(
        connection,
        { ...event({}), key: 'meeting:2', requestId: 'request-2' },
        callContext(),
      );
    const second = await replace();
    expect(second.id).not.toBe(first.id);
    expect(await check(second.id)).toMatchObject({ status: 'present' });
    expect(await replace()).toEqual(second);
    expect(events()).toMatchObject([{ hangoutLink: second.joinUrl }]);
    control.expireConference(second.id);
    const third = await calendar.putConference(
      connection,
      { ...event({}), key: 'meeting:3', requestId: 'request-3' },
      callContext(),
    );
    expect([first.id, second.id]).not.toContain(third.id);
  });

  it('gets one conference when the worker is killed before it has the answer', async () => {
    const { put, calendar, connection, control, events } = await setup();
    const first = await put({});
    control.expireConference(first.id);
    control.setFault('google', { kind: 'lost_answer', operation: 'events.patch', times: 1 });
    const replace = () =>
      calendar.putConference(connection, { ...event({}), requestId: 'request-2' }, callContext());
    await replace().catch(() => undefined);
    const [changed] = events();
    const second = await replace();
    expect(second.joinUrl).not.toBe(first.joinUrl);
    expect(changed).toMatchObject({ hangoutLink: second.joinUrl });
    expect(events()).toMatchObject([{ hangoutLink: second.joinUrl }]);
  });

  it('is not asked about when it is new, and keeps its conference when Meet cannot be asked', async () => {
    const { put, calls, calendar, connection, control } = await setup();
    const first = await put({});
    expect(calls()['spaces.get']).toBeUndefined();
    control.setFault('google', { kind: 'outage', operation: 'spaces.get' });
    const again = await calendar.putConference(
      connection,
      { ...event({}), requestId: 'request-2' },
      callContext(),
    );
    expect(again.id).toBe(first.id);
  });
});

describe('the attendance of a Meet conference', () => {
  it('has each stay of each person by name', async () => {
    const { put, attendance, control } = await setup();
    const { id, joinUrl } = await put({});
    expect(await attendance(id)).toBeUndefined();
    const ada = { name: 'Ada', email: 'ada@performers.example' };
    control.joinMeeting('google', joinUrl, ada);
    control.joinMeeting('google', id, { name: 'A guest' });
    control.leaveMeeting('google', id, ada);
    control.joinMeeting('google', id, ada);
    const during = (await attendance(id)) ?? [];
    expect(during.map(({ name, leftAt }) => [name, leftAt !== undefined])).toEqual(
      expect.arrayContaining([
        ['Ada', true],
        ['Ada', false],
        ['A guest', false],
      ]),
    );
    control.endMeeting('google', id);
    const after = (await attendance(id)) ?? [];
    expect(after).toHaveLength(3);
    expect(after.every(({ leftAt, email }) => leftAt !== undefined && email === undefined)).toBe(true);
  });

  it('covers several conferences and more than one page of people', async () => {
    const { put, attendance, control } = await setup();
    const { id } = await put({});
    for (let n = 0; n < 3; n += 1) {
      control.joinMeeting('google', id, { name: 'Ada' });
      control.endMeeting('google', id);
    }
    expect(await attendance(id)).toHaveLength(3);
  });

  it.each([
    ['unknown', undefined],
    ['known', [calendarScope, settingsScope]],
  ] as const)('is refused without its scope, when the scopes are %s', async (_name, scopes) => {
    const { put, calendar, connection } = await setup({
      google: { preauthorizedScopes: [calendarScope, settingsScope] },
    });
    const { id } = await put({});
    await expect(
      calendar.conferenceAttendance?.({ ...connection, scopes }, { id }, callContext()),
    ).rejects.toMatchObject({ fault: { kind: 'not_permitted' } });
  });

  it('is unavailable during an outage', async () => {
    const { put, attendance, control } = await setup();
    const { id } = await put({});
    control.setFault('google', { kind: 'outage', operation: 'conferenceRecords.list' });
    await expect(attendance(id)).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'none' } });
  });
});
