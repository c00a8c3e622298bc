/** Teams meetings that are a part of an event in the calendar of their host. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { bytesFrom } from '../../tests/harness/file-bytes.ts';
import { slot } from '../../tests/harness/google-calendar.ts';
import { organizer, setUpTeams, teamsSpec } from '../../tests/harness/teams-meetings.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedDownload } from '../outbound/guarded-download.ts';
import { idsIn } from './meeting-ids.ts';
import { createTeamsRecordings } from './recordings.ts';

const later = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;
const inCalendar = { calendarEvent: true } as const;

const setUp = async (options: SandboxOptions = {}) => {
  const parts = await setUpTeams(options);
  const { teams, host, shown } = parts;
  return {
    ...parts,
    create: (settings: Parameters<typeof teamsSpec>[0] = inCalendar, change = {}) =>
      teams.create(host, teamsSpec(settings, change), callContext()),
    /** The events in the calendar of the host, as Outlook shows them. */
    eventsOf: () => shown(),
  };
};

describe('a Teams meeting of an event', () => {
  it('is created with its options, and leaves the time of its host free', async () => {
    const { create, eventsOf, meetings, calls } = await setUp();
    const { meeting, notHonored } = await create({ ...inCalendar, waitingRoom: true });
    expect(notHonored).toEqual([]);
    expect(eventsOf()).toMatchObject([
      {
        subject: 'Audition: Ophelia',
        showAs: 'free',
        isReminderOn: false,
        onlineMeetingProvider: 'teamsForBusiness',
        onlineMeeting: { joinUrl: meeting.joinUrl },
      },
    ]);
    const { onlineMeeting, event } = idsIn(meeting.id);
    expect(meetings()).toMatchObject([
      { id: onlineMeeting, account: organizer, lobbyBypassSettings: { scope: 'organizer' } },
    ]);
    expect(event).toMatch(/^AAkA/);
    expect(calls()['onlineMeetings.createOrGet']).toBeUndefined();
  });

  it('is made for a recorded session, whose recordings Microsoft then serves', async () => {
    const { create, client, settings, control, host } = await setUp();
    const { meeting } = await create({ recording: 'cloud' });
    const outbound = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
    onTestFinished(() => outbound.close());
    const recordings = createTeamsRecordings(client, settings, createGuardedDownload(outbound));
    control.recordSession('microsoft', meeting.joinUrl, { files: [{ type: 'video', size: 12 }] });
    const [recording] = await recordings.list(host, meeting.id, callContext());
    const file = recording?.files[0]?.id ?? '';
    const recorded = { meeting: meeting.id, instance: recording?.instance ?? '', file };
    const download = await recordings.download(host, recorded, 0, callContext());
    expect(await bytesFrom(download.body)).toHaveLength(12);
    expect(await recordings.isAutomatic(host, meeting.id, callContext())).toBe(false);
    await recordings.setAutomatic(host, meeting.id, true, callContext());
    expect(await recordings.isAutomatic(host, meeting.id, callContext())).toBe(true);
  });

  it('is not made for a recorded session when the settings forbid it', async () => {
    const { create, eventsOf } = await setUp();
    const { meeting, notHonored } = await create({ recording: 'cloud', calendarEvent: false });
    expect(idsIn(meeting.id).event).toBeUndefined();
    expect(eventsOf()).toEqual([]);
    expect(notHonored).toEqual([]);
  });

  it('is created once by repeated and by simultaneous creations', async () => {
    const { create, eventsOf, meetings } = await setUp();
    const created = await Promise.all([create(), create(), create()]);
    created.push(await create());
    expect(new Set(created.map(({ meeting }) => meeting.id)).size).toBe(1);
    expect(eventsOf()).toHaveLength(1);
    expect(meetings()).toHaveLength(1);
  });

  it.each([
    ['events.create', {}],
    ['onlineMeetings.list', {}],
    ['onlineMeetings.update', { waitingRoom: true }],
  ] as const)(
    'is completed by the next creation when the answer to %s was lost',
    async (operation, others) => {
      const { create, control, eventsOf, meetings } = await setUp();
      const settings = { ...inCalendar, ...others };
      control.setFault('microsoft', { kind: 'lost_answer', operation, times: 1 });
      await expect(create(settings)).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
      const { meeting } = await create(settings, { slot: later });
      expect(eventsOf()).toMatchObject([{ onlineMeeting: { joinUrl: meeting.joinUrl } }]);
      expect(Date.parse(meetings()[0]?.startDateTime ?? '')).toBe(Date.parse(later.start));
      expect(meetings()).toHaveLength(1);
    },
  );

  it.each(['compared', 'earlier_event', 'error'] as const)(
    'is created again after a person has deleted its event, with the answer %s to the transaction id',
    async (duplicateTransaction) => {
      const { create, teams, host, eventsOf } = await setUp({ microsoft: { duplicateTransaction } });
      const first = await create();
      expect(await teams.remove(host, first.meeting.id, callContext())).toBe('deleted');
      const second = await create();
      expect(second.meeting.id).not.toBe(first.meeting.id);
      expect(eventsOf()).toHaveLength(1);
    },
  );

  it.each(['earlier_event', 'error'] as const)(
    'gets the time and the topic of the next creation when Graph answers %s to its transaction id before the search lists it',
    async (duplicateTransaction) => {
      const sandbox = { microsoft: { duplicateTransaction, eventSearchDelayMs: 1_500 } };
      const { create, control, eventsOf, meetings } = await setUp(sandbox);
      control.setFault('microsoft', { kind: 'lost_answer', operation: 'events.create', times: 1 });
      await expect(create()).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
      await create(inCalendar, { slot: later, topic: 'Audition: Gertrude' });
      expect(eventsOf()).toMatchObject([{ subject: 'Audition: Gertrude' }]);
      expect(Date.parse(meetings()[0]?.startDateTime ?? '')).toBe(Date.parse(later.start));
      expect(meetings()).toHaveLength(1);
    },
  );

  it('is found although Teams lists it after the event only', async () => {
    const { create } = await setUp({ microsoft: { eventMeetingDelayMs: 800 } });
    expect(idsIn((await create()).meeting.id).onlineMeeting).not.toBe('');
  });

  it('is left as an effect when Teams does not list it in time', async () => {
    const { create, teams, host, eventsOf } = await setUp({ microsoft: { eventMeetingDelayMs: 60_000 } });
    await expect(create()).rejects.toMatchObject({ fault: { kind: 'retry', effect: 'unknown' } });
    const { reference } = teamsSpec();
    const [found] = await teams.find(host, reference, slot, callContext());
    expect(await teams.remove(host, found?.id ?? '', callContext())).toBe('deleted');
    expect(eventsOf()).toEqual([]);
  });

  it.each([
    ['outage', 'onlineMeetings.list'],
    ['lost_answer', 'events.create'],
  ] as const)(
    'is found for its removal after a failure (%s of %s), although Graph finds the event later',
    async (kind, operation) => {
      const delayed = { microsoft: { eventSearchDelayMs: 1_000 } };
      const { create, teams, host, eventsOf, meetings, control } = await setUp(delayed);
      control.setFault('microsoft', { kind, operation, times: 1 });
      await expect(create()).rejects.toMatchObject({ fault: { effect: 'unknown' } });
      const { reference } = teamsSpec();
      for (const { id } of await teams.find(host, reference, slot, callContext()))
        await teams.remove(host, id, callContext());
      expect([...eventsOf(), ...meetings()]).toEqual([]);
    },
  );

  it.each(['compared', 'earlier_event', 'error'] as const)(
    'is created once when Graph finds the event of a lost answer later, and answers %s to the transaction id',
    async (duplicateTransaction) => {
      const delayed = { microsoft: { eventSearchDelayMs: 1_000, duplicateTransaction } };
      const { create, eventsOf, control } = await setUp(delayed);
      control.setFault('microsoft', { kind: 'lost_answer', operation: 'events.create', times: 1 });
      await expect(create()).rejects.toMatchObject({ fault: { effect: 'unknown' } });
      await create(inCalendar, { slot: later });
      expect(eventsOf()).toHaveLength(1);
    },
  );

  it('moves with its event, and is deleted with it', async () => {
    const { create, teams, host, eventsOf, meetings } = await setUp();
    const { meeting } = await create();
    await teams.move(host, meeting.id, teamsSpec(inCalendar, { slot: later }), callContext());
    expect(meetings()).toMatchObject([{ startDateTime: '2026-12-02T09:00:00.0000000Z' }]);
    expect(await teams.check(host, meeting.id, callContext())).toEqual({ status: 'present' });
    expect(await teams.remove(host, meeting.id, callContext())).toBe('deleted');
    expect(await teams.remove(host, meeting.id, callContext())).toBe('absent');
    expect(await teams.check(host, meeting.id, callContext())).toEqual({ status: 'absent' });
    await expect(
      teams.move(host, meeting.id, teamsSpec(inCalendar, { slot: later }), callContext()),
    ).rejects.toMatchObject({ fault: { kind: 'not_found' } });
    expect([...eventsOf(), ...meetings()]).toEqual([]);
  });

  it('reports who was in it', async () => {
    const { create, teams, host, control } = await setUp();
    const { meeting } = await create();
    control.joinMeeting('microsoft', meeting.joinUrl, { name: 'Ada' });
    control.endMeeting('microsoft', meeting.joinUrl);
    expect(await teams.attendance?.(host, meeting.id, callContext())).toMatchObject([{ name: 'Ada' }]);
  });

  it('has leaders', async () => {
    const { create, teams, host } = await setUp();
    const { meeting } = await create();
    expect(await teams.setLeaders?.(host, meeting.id, ['director@contoso.example'], callContext())).toBe(
      true,
    );
  });

  it('is made apart from events, and says so, when the calendar of the account offers no Teams', async () => {
    const { create, eventsOf, meetings } = await setUp({ microsoft: { calendarsWithoutTeams: [organizer] } });
    const { meeting, notHonored } = await create();
    expect(notHonored).toEqual(['calendarEvent']);
    expect(meetings()).toMatchObject([{ id: meeting.id }]);
    expect(eventsOf()).toEqual([]);
  });
});
