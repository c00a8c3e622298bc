/** Tests hosted meetings at a vendor that deduplicates creations by our reference, with connected accounts as hosts. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { factsUntilScheduled, newAuditionId, numbered, trail } from '../../tests/harness/audition-trail.ts';

const benchFor = useActivityHarness();

type Accounts = Readonly<Record<ConnectionId, string>>;

/** Returns hosts that no other test has claimed. */
const newHosts = () => {
  const name = randomUUID();
  const conn_teams_1 = `a-${name}@contoso.example`;
  return {
    both: { conn_teams_1, conn_teams_2: `b-${name}@contoso.example` },
    one: { conn_teams_1 },
    personal: { conn_personal: `ann-${name}@outlook.example` },
  } as const satisfies Readonly<Record<string, Accounts>>;
};

const setup = async (accounts: Accounts = newHosts().both, scopes?: readonly string[]) => {
  const bench = await benchFor();
  const { connections, meetingPreferences } = bench.repositories;
  const ids = Object.entries(accounts).map(([id, account]) => ({ id: connectionIdOf(id), account }));
  for (const { id, account } of ids) {
    const refreshToken = `sandbox-refresh-${account}`;
    await connections.put({
      id,
      organization: 'org_1',
      provider: 'microsoft',
      account,
      refreshToken,
      scopes,
    });
  }
  await meetingPreferences.set('org_1', {
    hosts: { microsoft_teams: ids.map(({ id }) => ({ kind: 'connection', connection: id })) },
  });
  const input = {
    ...bench.about,
    key: bench.key('meeting:microsoft_teams:1'),
    provider: 'microsoft_teams',
    slot,
    topic: 'Nightfall',
  } as const;
  const create = (settings: MeetingSettings = {}) =>
    bench.activities.createMeeting({ ...input, revision: 1, hasFallback: false, settings });
  const moveKey = bench.key('meeting-move:microsoft_teams:r2');
  const move = (meeting: Meeting, to: Slot = laterSlot, settings: MeetingSettings = {}) =>
    bench.activities.moveMeeting({ ...input, key: moveKey, slot: to, revision: 2, meeting, settings });
  const remove = (...keys: readonly string[]) =>
    bench.activities.removeMeeting({
      ...bench.about,
      keys: [input.key, ...keys],
      provider: 'microsoft_teams',
      slot,
    });
  const meetings = () => bench.state().microsoft.onlineMeetings.filter(({ deleted }) => !deleted);
  /** Deletes the meeting, as its host does in Teams. */
  const deleteByHand = async ({ id }: Meeting, connection: ConnectionId = 'conn_teams_1') => {
    const account = accounts[connection] ?? '';
    const owner = { id: connection, organization: 'org_1', provider: 'microsoft', version: 1 } as const;
    const connected = { ...owner, account, ...bench.accessTokens.forConnection(owner, 'test') };
    const call = { signal: AbortSignal.timeout(5_000), correlationId: 'corr-1' };
    const host = { kind: 'connected', connection: connected } as const;
    await bench.providers.meetings.microsoft_teams.remove(host, id, call);
  };
  /** Creates the meeting of another audition at the same time. */
  const createOther = () => {
    const auditionId = newAuditionId();
    const key = `audition/${auditionId}:meeting:microsoft_teams:1`;
    const about = { ...bench.about, trail: numbered(trail(factsUntilScheduled(auditionId, 'org_1'))) };
    return bench.activities.createMeeting({
      ...input,
      ...about,
      auditionId,
      key,
      revision: 1,
      hasFallback: false,
    });
  };
  return { ...bench, accounts, create, createOther, move, moveKey, remove, meetings, deleteByHand };
};

const connectionIdOf = (id: string): ConnectionId => `conn_${id.replace(/^conn_/, '')}`;

const settings: MeetingSettings = { waitingRoom: true, passcode: { kind: 'generated' } };

describe('a meeting on Teams', () => {
  it('is created once by its first host, with its settings and what they lack', async () => {
    const { create, meetings, accounts } = await setup();
    const first = await create(settings);
    expect(await create(settings)).toEqual(first);
    expect(first).toMatchObject({ provider: 'microsoft_teams', notHonored: ['passcode'] });
    expect(meetings()).toMatchObject([
      { id: first.id, account: accounts['conn_teams_1'], lobbyBypassSettings: { scope: 'organizer' } },
    ]);
  });

  it('has the casting directors of its organization as co-organizers', async () => {
    const { create, meetings, activities, about } = await setup();
    const meeting = await create({ roles: true });
    expect(meeting).not.toHaveProperty('notHonored');
    const lead = (...leaders: readonly string[]) =>
      activities.setLeaders({ ...about, provider: 'microsoft_teams', meeting, slot, leaders });
    expect(await lead('director@contoso.example')).toEqual({ isHonored: true });
    expect(meetings()).toMatchObject([
      { participants: { attendees: [{ upn: 'director@contoso.example', role: 'coorganizer' }] } },
    ]);
    expect(await lead('director@other.example')).toEqual({ isHonored: false });
  });

  it.each(['onlineMeetings.createOrGet', 'onlineMeetings.update'])(
    'is completed by the next attempt when the answer to %s was lost',
    async (operation) => {
      const { create, meetings, fault } = await setup();
      fault('microsoft', { kind: 'lost_answer', operation, times: 1 });
      await expect(create(settings)).rejects.toMatchObject({ nonRetryable: false });
      const meeting = await create(settings);
      expect(meeting).toMatchObject({ notHonored: ['passcode'] });
      expect(meetings()).toMatchObject([
        { id: meeting.id, subject: 'Nightfall', lobbyBypassSettings: { scope: 'organizer' } },
      ]);
    },
  );

  it('is removed when its answer was lost, and a late attempt creates none', async () => {
    const { create, remove, meetings, fault, timePasses } = await setup();
    fault('microsoft', { kind: 'lost_answer', operation: 'onlineMeetings.createOrGet', times: 1 });
    await create().catch(() => undefined);
    expect(meetings()).toHaveLength(1);
    await expect(remove()).rejects.toMatchObject({ type: 'busy' });
    await timePasses();
    expect(await remove()).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
    await expect(create()).rejects.toMatchObject({ type: 'Compensated', nonRetryable: true });
  });

  it('is removed after its creation has ended, when Microsoft answers after the deadline', async () => {
    const { create, remove, meetings, fault, timePasses } = await setup();
    fault('microsoft', {
      kind: 'latency',
      operation: 'onlineMeetings.createOrGet',
      latencyMs: 9_500,
      times: 1,
    });
    await expect(create()).rejects.toMatchObject({ type: 'outage', nonRetryable: false });
    await expect(remove()).rejects.toMatchObject({ type: 'busy' });
    await vi.waitFor(() => expect(meetings()).toHaveLength(1), 3_000);
    await timePasses();
    expect(await remove()).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
  });

  it.each([
    ['onlineMeetings.createOrGet', { kind: 'outage' }],
    ['onlineMeetings.createOrGet', { kind: 'outage', reset: true }],
    ['onlineMeetings.createOrGet', { kind: 'outage', status: 500 }],
    ['onlineMeetings.createOrGet', { kind: 'rate_limit' }],
    ['onlineMeetings.createOrGet', { kind: 'unauthorized' }],
    ['onlineMeetings.createOrGet', { kind: 'lost_answer' }],
    ['onlineMeetings.update', { kind: 'outage', reset: true }],
    ['onlineMeetings.update', { kind: 'outage', status: 500 }],
    ['onlineMeetings.update', { kind: 'lost_answer' }],
    ['onlineMeetings.delete', { kind: 'lost_answer' }],
    ['onlineMeetings.delete', { kind: 'outage' }],
  ] as const)('leaves nothing when %s fails with %o, and the audition ends', async (operation, failure) => {
    const { create, remove, meetings, fault, timePasses } = await setup();
    fault('microsoft', { ...failure, operation, times: 2 });
    await create(settings).catch(() => undefined);
    await timePasses();
    await remove().catch(() => undefined);
    fault('microsoft', { kind: 'none' });
    await timePasses();
    await remove();
    expect(meetings()).toEqual([]);
    await expect(create(settings)).rejects.toMatchObject({ type: 'Compensated' });
    expect(meetings()).toEqual([]);
  });

  it.each([
    ['rate limit', { kind: 'rate_limit', retryAfterSeconds: 30 }],
    ['outage', { kind: 'outage' }],
    ['rejected token', { kind: 'unauthorized' }],
  ] as const)('is not forgotten when its settings fail with a %s', async (_name, failure) => {
    const { create, remove, meetings, fault } = await setup();
    fault('microsoft', { ...failure, operation: 'onlineMeetings.update' });
    await create(settings).catch(() => undefined);
    expect(meetings()).toHaveLength(1);
    fault('microsoft', { kind: 'none' });
    expect(await remove()).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
  });

  it('is moved, and removed under the key of its creation', async () => {
    const { create, move, remove, meetings } = await setup();
    const meeting = await create();
    expect(await move(meeting)).toEqual(meeting);
    expect(Date.parse(meetings()[0]?.startDateTime ?? '')).toBe(Date.parse(laterSlot.start));
    expect(await remove()).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
  });

  it('is made anew by a move when its host has deleted it', async () => {
    const { create, move, moveKey, deleteByHand, remove, meetings } = await setup();
    const meeting = await create();
    await deleteByHand(meeting);
    const again = await move(meeting);
    expect(again.id).not.toBe(meeting.id);
    expect(meetings().map(({ id }) => id)).toEqual([again.id]);
    expect(await remove(moveKey)).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
  });

  it('is created by the next host while the first has another meeting, until all are busy', async () => {
    const { create, createOther, meetings, accounts } = await setup();
    await create();
    await createOther();
    expect(
      meetings()
        .map(({ account }) => account)
        .sort(),
    ).toEqual(Object.values(accounts));
    await expect(createOther()).rejects.toMatchObject({ details: [{ code: 'hosts_busy' }] });
    expect(meetings()).toHaveLength(2);
  });

  it('is created by the next host when Microsoft does not let the first have meetings', async () => {
    const { personal, one } = newHosts();
    const { create, meetings } = await setup({ ...personal, ...one });
    await create(settings);
    expect(meetings()).toMatchObject([{ account: one.conn_teams_1 }]);
  });

  it('fails without a retry when no host may have meetings, and says what to do', async () => {
    const { create, meetings } = await setup(newHosts().personal);
    await expect(create()).rejects.toMatchObject({
      nonRetryable: true,
      message: expect.stringContaining('connect a work or school account'),
    });
    expect(meetings()).toEqual([]);
  });

  it('waits for the owner of its host when the consent does not cover meetings', async () => {
    const { create, state } = await setup(newHosts().one, ['Calendars.ReadWrite']);
    await expect(create()).rejects.toMatchObject({
      type: 'reconnect',
      details: [{ provider: 'microsoft', connection: 'conn_teams_1' }],
    });
    expect(state().calls.microsoft['onlineMeetings.createOrGet']).toBeUndefined();
  });

  it('fails when the organization has no host', async () => {
    const { create, meetings } = await setup({});
    await expect(create()).rejects.toMatchObject({ type: 'reconnect' });
    expect(meetings()).toEqual([]);
  });

  it('is checked before the session, and reports who was in it', async () => {
    const { activities, about, create, deleteByHand, sandbox } = await setup();
    const meeting = await create();
    const question = { ...about, provider: 'microsoft_teams', meeting, slot } as const;
    expect(await activities.checkMeeting(question)).toEqual({ status: 'present' });
    sandbox.control.joinMeeting('microsoft', meeting.joinUrl, { name: 'Ada', email: 'ada@example.com' });
    expect((await activities.readAttendance(question)).attendance).toBeUndefined();
    sandbox.control.endMeeting('microsoft', meeting.id);
    expect(await activities.readAttendance(question)).toMatchObject({
      attendance: [{ name: 'Ada', email: 'ada@example.com' }],
    });
    await deleteByHand(meeting);
    expect(await activities.checkMeeting(question)).toEqual({ status: 'absent' });
  });
});

const recorded: MeetingSettings = { recording: 'cloud' };
const setUpRecorded = async () => {
  const bench = await setup();
  const account = bench.accounts['conn_teams_1'] ?? '';
  const events = () =>
    bench
      .state()
      .microsoft.calendars.filter(({ owner }) => owner === account)
      .flatMap((calendar) => calendar.events.filter(({ deleted }) => !deleted));
  return { ...bench, events };
};

describe('a recorded meeting on Teams', () => {
  it('is a part of an event of its host, which moves and ends with it', async () => {
    const { create, move, remove, moveKey, events, meetings } = await setUpRecorded();
    const meeting = await create(recorded);
    expect(await create(recorded)).toEqual(meeting);
    expect(events()).toMatchObject([{ showAs: 'free', onlineMeeting: { joinUrl: meeting.joinUrl } }]);
    expect(await move(meeting)).toEqual(meeting);
    expect(meetings().map(({ startDateTime }) => Date.parse(startDateTime))).toEqual([
      Date.parse(laterSlot.start),
    ]);
    expect(await remove(moveKey)).toEqual({ result: 'undone' });
    expect([...events(), ...meetings()]).toEqual([]);
  });

  it('is created anew when a person has deleted its event before the move', async () => {
    const { create, move, deleteByHand, remove, moveKey, events } = await setUpRecorded();
    const meeting = await create(recorded);
    await deleteByHand(meeting);
    const other = await move(meeting, laterSlot, recorded);
    expect(other.joinUrl).not.toBe(meeting.joinUrl);
    expect(events()).toHaveLength(1);
    expect(await remove(moveKey)).toEqual({ result: 'undone' });
    expect(events()).toEqual([]);
  });

  it.each(['events.create', 'onlineMeetings.list', 'onlineMeetings.update'])(
    'is made once, and leaves nothing, when the answer to %s was lost',
    async (operation) => {
      const { create, remove, events, meetings, fault, timePasses } = await setUpRecorded();
      fault('microsoft', { kind: 'lost_answer', operation, times: 1 });
      await expect(create(recorded)).rejects.toMatchObject({ nonRetryable: false });
      const meeting = await create(recorded);
      expect(events()).toMatchObject([{ onlineMeeting: { joinUrl: meeting.joinUrl } }]);
      await timePasses();
      expect(await remove()).toEqual({ result: 'undone' });
      expect([...events(), ...meetings()]).toEqual([]);
    },
  );

  it('is removed when its answer was lost, and no attempt followed', async () => {
    const { create, remove, events, meetings, fault, timePasses } = await setUpRecorded();
    fault('microsoft', { kind: 'lost_answer', operation: 'events.create', times: 1 });
    await create(recorded).catch(() => undefined);
    expect(events()).toHaveLength(1);
    await timePasses();
    expect(await remove()).toEqual({ result: 'undone' });
    expect([...events(), ...meetings()]).toEqual([]);
  });

  it('is checked before the session, and reports who was in it', async () => {
    const { activities, about, create, deleteByHand, sandbox } = await setUpRecorded();
    const meeting = await create(recorded);
    const question = { ...about, provider: 'microsoft_teams', meeting, slot } as const;
    expect(await activities.checkMeeting(question)).toMatchObject({ status: 'present' });
    sandbox.control.joinMeeting('microsoft', meeting.joinUrl, { name: 'Ada', email: 'ada@example.com' });
    sandbox.control.endMeeting('microsoft', meeting.joinUrl);
    expect((await activities.readAttendance(question)).attendance).toMatchObject([{ name: 'Ada' }]);
    await deleteByHand(meeting);
    expect(await activities.checkMeeting(question)).toMatchObject({ status: 'absent' });
  });
});
