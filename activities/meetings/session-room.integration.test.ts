/** The room that the auditions of a casting session share, against PostgreSQL and the sandbox. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { auditionOf, createBlock, shared, slotAt } from '../../tests/harness/casting-day.ts';

const benchFor = useActivityHarness();

const setup = async () => {
  const bench = await benchFor();
  const block = await createBlock(bench);
  return {
    ...bench,
    block,
    ten: slotAt(block, '10:00'),
    quarterPast: slotAt(block, '10:15'),
    noon: slotAt(block, '12:00'),
    ada: auditionOf(bench),
    ben: auditionOf(bench),
    cleo: auditionOf(bench),
    meetings: () => bench.state().zoom.meetings,
  };
};

/** Other auditions have every host of the organization at ten. Returns what removes their meetings. */
const occupyHosts = async (bench: Awaited<ReturnType<typeof setup>>) => {
  const ten = slotAt(undefined, '10:00');
  const others = (bench.providers.meetings.zoom.defaultUsers ?? []).map(() => auditionOf(bench));
  for (const other of others) await other.create(ten, 'zoom', { room: 'own' });
  return async () => {
    for (const other of others) await other.leave(ten);
  };
};

describe('the room of a casting session', () => {
  it('is created by the first audition, for the time of the session, and joined by the next', async () => {
    const { ada, ben, ten, noon, meetings } = await setup();
    const room = await ada.create(noon);
    expect(await ben.create(ten)).toEqual(room);
    expect(room).toMatchObject({ provider: 'zoom', room: 'session' });
    expect(meetings()).toMatchObject([
      { id: Number(room.id), start_time: '2031-12-02T09:00:00Z', duration: 180 },
    ]);
  });

  it('has the present address for the next audition after a person has changed its passcode', async () => {
    const { ada, ben, cleo, ten, quarterPast, noon, activities, sandbox } = await setup();
    const room = await ada.create(ten);
    expect(await ben.create(quarterPast)).toEqual(room);
    await sandbox.control.sendMeetingEvent(room.id, { event: 'meeting.updated', password: 'Changed1' });
    const check = { provider: 'zoom', meeting: room, slot: ten } as const;
    const found = await activities.checkMeeting({ ...ada.about, ...check });
    const joinUrl = `https://zoom.us/j/${room.id}?pwd=${Buffer.from('Changed1').toString('base64url')}`;
    expect(found).toMatchObject({ status: 'present', access: { joinUrl } });
    expect(await activities.checkMeeting({ ...ben.about, ...check })).toMatchObject({ access: { joinUrl } });
    expect(await cleo.create(noon)).toEqual({ ...room, joinUrl });
  });

  it('is created once when two auditions ask for it simultaneously', async () => {
    const { ada, ben, cleo, ten, quarterPast, noon, meetings, fault } = await setup();
    fault('zoom', { kind: 'latency', operation: 'meetings.create', latencyMs: 800, times: 1 });
    const rooms = await Promise.all([ada.create(ten), ben.create(quarterPast), cleo.create(noon)]);
    expect(new Set(rooms.map(({ id }) => id)).size).toBe(1);
    expect(meetings()).toHaveLength(1);
  });

  it('has the settings of the audition that created it, and names those of the next that it does not have', async () => {
    const { ada, ben, cleo, ten } = await setup();
    const settings = { ...shared, waitingRoom: true, endOfMeeting: 'with_slot' } as const;
    const room = await ada.create(ten, 'zoom', settings);
    expect(room.notHonored).toBeUndefined();
    expect(await ben.create(ten, 'zoom', settings)).toEqual(room);
    const other = { ...shared, waitingRoom: false, registrants: true, muteOnEntry: false } as const;
    expect(await cleo.create(ten, 'zoom', other)).toEqual({
      ...room,
      notHonored: ['waitingRoom', 'registrants'],
    });
  });

  it('is removed by the last audition that leaves it, and created anew for the next', async () => {
    const { ada, ben, cleo, ten, quarterPast, meetings } = await setup();
    const room = await ada.create(ten);
    await ben.create(quarterPast);
    expect(await ada.leave(ten)).toEqual({ result: 'undone' });
    expect(await ada.leave(ten)).toEqual({ result: 'undone' });
    expect(meetings()).toHaveLength(1);
    expect(await ben.leave(quarterPast)).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
    const next = await cleo.create(ten);
    expect(next.id).not.toBe(room.id);
    expect(meetings()).toHaveLength(1);
    await expect(ada.createAs(1, ten)).rejects.toMatchObject({ type: 'Compensated' });
  });

  it('is not kept for an audition that was cancelled after its attempt had failed without effect', async () => {
    const bench = await setup();
    const { ada, ben, ten, meetings } = bench;
    const freeHosts = await occupyHosts(bench);
    await expect(ada.create(ten)).rejects.toMatchObject({ details: [{ code: 'hosts_busy' }] });
    await ada.leave(ten);
    await freeHosts();
    await ben.create(ten);
    expect(meetings()).toHaveLength(1);
    await ben.leave(ten);
    expect(meetings()).toEqual([]);
  });

  it('is an effect of an audition whose attempt failed without effect, so that a run that takes over can end its use', async () => {
    const bench = await setup();
    const { ada, ben, ten, meetings, repositories } = bench;
    const freeHosts = await occupyHosts(bench);
    await expect(ada.create(ten)).rejects.toMatchObject({ details: [{ code: 'hosts_busy' }] });
    await freeHosts();
    await ben.create(ten);
    await ben.leave(ten);
    const standing = await repositories.ledger.standingEffects(ada.auditionId);
    expect(standing).toMatchObject([{ key: ada.keyOfMeeting('zoom'), target: { kind: 'meeting' } }]);
    await ada.leave(
      ten,
      standing.map(({ key }) => key),
    );
    expect(meetings()).toEqual([]);
    expect(await repositories.ledger.standingEffects(ada.auditionId)).toEqual([]);
  });

  it('is removed by an audition whose attempt failed without effect, when it is the last one to leave', async () => {
    const bench = await setup();
    const { ada, ben, ten, meetings } = bench;
    const freeHosts = await occupyHosts(bench);
    await expect(ada.create(ten)).rejects.toMatchObject({ details: [{ code: 'hosts_busy' }] });
    await freeHosts();
    await ben.create(ten);
    await ben.leave(ten);
    expect(meetings()).toHaveLength(1);
    await ada.leave(ten);
    expect(meetings()).toEqual([]);
  });
});

describe('the time of the room', () => {
  it('is extended once for an audition outside of it, with its host', async () => {
    const { block, ada, ben, ten, meetings, state } = await setup();
    const room = await ada.create(ten);
    const evening = slotAt(block, '18:00');
    expect(await ben.create(evening)).toEqual(room);
    expect(await ben.createAs(1, evening)).toEqual(room);
    expect(meetings()).toMatchObject([{ start_time: '2031-12-02T09:00:00Z', duration: 495 }]);
    expect(state().calls.zoom['meetings.update']).toEqual({ 204: 1 });
  });

  it('is extended by the next attempt when the answer was lost', async () => {
    const { block, ada, ben, ten, meetings, fault } = await setup();
    const room = await ada.create(ten);
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.update', times: 1 });
    const evening = slotAt(block, '18:00');
    await expect(ben.create(evening)).rejects.toMatchObject({ type: 'outage' });
    expect(await ben.createAs(1, evening)).toEqual(room);
    expect(meetings()).toMatchObject([{ duration: 495 }]);
  });

  it('moves the room to another meeting when the host is busy, and reports that to the others', async () => {
    const { block, ada, ben, cleo, ten, meetings, pool } = await setup();
    const room = await ada.create(ten);
    // Another audition has the host in the evening.
    const own = { room: 'own' } as const;
    await cleo.create(slotAt(undefined, '18:00'), 'zoom', own);
    const evening = slotAt(block, '18:00');
    const other = await ben.create(evening);
    expect(other.id).not.toBe(room.id);
    expect(meetings()).toHaveLength(2);
    expect(await inboxOf(pool, ada.auditionId)).toHaveLength(1);
    expect(await ada.create(ten)).toEqual(other);
    await ada.leave(ten, [ada.keyOfMeeting('zoom', 1), ada.keyOfMeeting('zoom', 2)]);
    expect(meetings()).toHaveLength(2);
    await ben.leave(evening);
    expect(meetings()).toHaveLength(1);
  });

  it('is not ended by an audition before the end of the session', async () => {
    const { activities, block, ada, ben, ten, sandbox, meetings } = await setup();
    const meeting = await ada.create(ten);
    const last = slotAt(block, '12:45');
    await ben.create(last);
    // No one receives the webhook.
    void sandbox.control.sendMeetingEvent(meeting.id, { event: 'meeting.started' });
    const input = { provider: 'zoom', meeting } as const;
    await activities.endMeeting({ ...ada.about, ...input, key: ada.key('meeting-end:zoom:r1'), slot: ten });
    expect(meetings()).toMatchObject([{ status: 'started' }]);
    await activities.endMeeting({ ...ben.about, ...input, key: ben.key('meeting-end:zoom:r1'), slot: last });
    expect(meetings()).toMatchObject([{ status: 'waiting' }]);
  });
});

/** Returns the reports to the audition that wait in the inbox. */
const inboxOf = async (pool: Awaited<ReturnType<typeof setup>>['pool'], auditionId: string) => {
  const { rows } = await pool.query(
    "SELECT kind FROM webhook_inbox WHERE kind = 'room.left' AND dedupe_key LIKE '%' || $1",
    [auditionId],
  );
  return rows;
};

describe('an audition that moves', () => {
  it('keeps the room within its session', async () => {
    const { ada, ben, ten, noon, meetings } = await setup();
    const room = await ada.create(ten);
    await ben.create(ten);
    expect(await ada.move(room, noon, 2)).toEqual(room);
    expect(await ada.move(room, noon, 2)).toEqual(room);
    expect(meetings()).toHaveLength(1);
    // The removal of the move, which the workflow has registered, ends no use.
    await ada.leave(noon, [ada.keyOfMove('zoom', 2)]);
    await ben.leave(ten);
    expect(meetings()).toHaveLength(1);
    await ada.leave(ten);
    expect(meetings()).toEqual([]);
  });

  it('leaves the room for that of another session, and for a meeting of its own', async () => {
    const { block, ada, ben, ten, meetings } = await setup();
    const room = await ada.create(ten);
    await ben.create(ten);
    const nextWeek = {
      ...ten,
      start: '2031-12-09T09:00:00.000Z',
      end: '2031-12-09T09:15:00.000Z',
      block,
    } as const;
    const other = await ada.move(room, nextWeek, 2);
    expect(other.id).not.toBe(room.id);
    expect(await ada.move(room, nextWeek, 2)).toEqual(other);
    expect(meetings()).toHaveLength(2);
    const own = await ada.move(other, slotAt(undefined, '20:00'), 3);
    expect(own.room).toBeUndefined();
    expect(
      meetings()
        .map(({ id }) => String(id))
        .toSorted(),
    ).toEqual([room.id, own.id].toSorted());
    const back = await ada.move(own, ten, 4);
    expect(back).toEqual(room);
    expect(meetings()).toHaveLength(1);
    await ben.leave(ten);
    await ada.leave(
      ten,
      [2, 3, 4].map((revision) => ada.keyOfMove('zoom', revision)),
    );
    expect(meetings()).toEqual([]);
  });

  it('stays in the room of its later slot when an older move is attempted again', async () => {
    const { block, ada, ten, noon, meetings } = await setup();
    const room = await ada.create(ten);
    await ada.move(room, noon, 3);
    const evening = slotAt(block, '18:00');
    expect(await ada.move(room, evening, 2)).toEqual(room);
    expect(meetings()).toMatchObject([{ duration: 180 }]);
  });
});

describe('another room', () => {
  it('is created once for all auditions of the session when the meeting is gone', async () => {
    const { ada, ben, cleo, ten, quarterPast, noon, meetings, providers, pool } = await setup();
    const room = await ada.create(ten);
    await ben.create(quarterPast);
    await cleo.create(noon);
    const [user = ''] = providers.meetings.zoom.defaultUsers ?? [];
    await providers.meetings.zoom.remove({ kind: 'service', user }, room.id, {
      signal: AbortSignal.timeout(5_000),
      correlationId: 'corr-1',
    });
    const others = await Promise.all([ada.create(ten), ben.create(quarterPast)]);
    expect(new Set(others.map(({ id }) => id)).size).toBe(1);
    expect(others[0]?.id).not.toBe(room.id);
    expect(meetings()).toHaveLength(1);
    expect(await inboxOf(pool, cleo.auditionId)).toHaveLength(1);
    expect(await cleo.create(noon)).toEqual(others[0]);
    expect(meetings()).toHaveLength(1);
  });

  it('is on the next provider when the first one fails, and the former one is removed when it is back', async () => {
    const { ada, ben, ten, quarterPast, meetings, fault, timePasses } = await setup();
    await ada.create(ten);
    await ben.create(quarterPast);
    fault('zoom', { kind: 'outage' });
    const [first, second] = await Promise.all([
      ada.create(ten, 'google_meet'),
      ben.create(quarterPast, 'google_meet'),
    ]);
    expect(second).toEqual(first);
    expect(first).toMatchObject({ provider: 'google_meet', room: 'session' });
    await ada.leave(ten, [ada.keyOfMeeting('zoom', 1)]);
    await expect(ben.leave(quarterPast, [ben.keyOfMeeting('zoom', 1)])).rejects.toMatchObject({
      type: 'outage',
    });
    fault('zoom', { kind: 'none' });
    await timePasses();
    await ben.leave(quarterPast, [ben.keyOfMeeting('zoom', 1)]);
    expect(meetings()).toEqual([]);
  });

  it('takes the place of one that is removed although held auditions keep their uses', async () => {
    const { ada, ben, ten, quarterPast, noon, cleo, meetings, pool } = await setup();
    await ada.create(ten);
    await ben.create(quarterPast);
    await cleo.create(noon);
    // The session of the first audition is over.
    await pool.query(
      "UPDATE session_room_uses SET starts_at = now() - interval '1 hour', ends_at = now() - interval '1 minute' WHERE audition_id = $1",
      [ada.auditionId],
    );
    await ben.create(quarterPast, 'google_meet');
    await cleo.create(noon, 'google_meet');
    await ben.leave(quarterPast, [ben.keyOfMeeting('zoom', 1)]);
    expect(meetings()).toHaveLength(1);
    await cleo.leave(noon, [cleo.keyOfMeeting('zoom', 1)]);
    expect(meetings()).toEqual([]);
  });

  it('is not left for one that cannot be created', async () => {
    const { ada, ben, ten, quarterPast, noon, cleo, fault } = await setup();
    const room = await ada.create(ten);
    await ben.create(quarterPast);
    fault('google', { kind: 'outage' });
    await expect(ada.create(ten, 'google_meet')).rejects.toMatchObject({ type: 'outage' });
    expect(await cleo.create(noon)).toEqual(room);
  });

  it('is tried at one provider after the other by the audition that no provider serves', async () => {
    const { ada, ben, ten, quarterPast, meetings, fault, timePasses } = await setup();
    fault('zoom', { kind: 'outage' });
    await expect(ada.create(ten)).rejects.toMatchObject({ type: 'outage' });
    await expect(ben.create(quarterPast)).rejects.toMatchObject({ type: 'outage' });
    const room = await ada.create(ten, 'google_meet');
    expect(room.provider).toBe('google_meet');
    fault('zoom', { kind: 'none' });
    await timePasses();
    // The attempt at the first provider goes on, and finds the room that the session has by now.
    expect(await ben.createAs(1, quarterPast)).toEqual(room);
    await ada.leave(ten, [ada.keyOfMeeting('zoom', 1)]);
    expect(meetings()).toEqual([]);
  });

  it('is not the one that the audition has failed to create, when that use was removed before it asks again', async () => {
    const { ada, ben, ten, quarterPast, fault, timePasses } = await setup();
    fault('zoom', { kind: 'outage' });
    await expect(ada.create(ten)).rejects.toMatchObject({ type: 'outage' });
    // The other one keeps the room from being left.
    await expect(ben.create(quarterPast)).rejects.toMatchObject({ type: 'outage' });
    await timePasses();
    // The removal in the background is faster than the request to the next provider.
    await ada.leave(ten, [ada.keyOfMeeting('zoom', 1)]);
    const room = await ada.create(ten, 'google_meet');
    expect(room.provider).toBe('google_meet');
    expect(await ben.create(quarterPast, 'google_meet')).toEqual(room);
  });

  it('is not asked for by an audition that has left the session and comes back', async () => {
    const { ada, ben, ten, quarterPast, meetings } = await setup();
    const room = await ada.create(ten);
    await ben.create(quarterPast);
    await ada.leave(ten);
    expect(await ada.create(ten)).toEqual(room);
    expect(meetings()).toHaveLength(1);
  });
});

const person = (id: string, name: string) => ({ id: participantIdSchema.parse(id), name });

describe('the registrants of the room', () => {
  it('are those of all its auditions, and end with the use of the audition', async () => {
    const { activities, ada, ben, ten, quarterPast, state } = await setup();
    const settings = { ...shared, registrants: true };
    const meeting = await ada.create(ten, 'zoom', settings);
    await ben.create(quarterPast, 'zoom', settings);
    const register = (
      { about }: typeof ada,
      slot: typeof ten,
      ...participants: ReturnType<typeof person>[]
    ) => activities.registerParticipants({ ...about, provider: 'zoom', meeting, slot, participants });
    await register(ada, ten, person('ada', 'Ada'), person('carl', 'Carl'));
    await register(ben, quarterPast, person('ben', 'Ben'), person('carl', 'Carl'));
    const registered = () =>
      state()
        .zoom.registrants.filter(({ status }) => status === 'approved')
        .map(({ firstName }) => firstName)
        .toSorted();
    expect(registered()).toEqual(['Ada', 'Ben', 'Carl', 'Carl']);
    await ada.leave(ten);
    expect(registered()).toEqual(['Ben', 'Carl']);
  });
});

describe.each(['zoom', 'google_meet', 'microsoft_teams'] as const)('a room on %s', (provider) => {
  it('is checked, extended, and removed with the last use', async () => {
    const { activities, repositories, block, ada, ben, ten, state } = await setup();
    const account = `host-${randomUUID()}@contoso.example`;
    await repositories.connections.put({
      id: 'conn_room',
      organization: 'org_1',
      provider: 'microsoft',
      account,
      refreshToken: `sandbox-refresh-${account}`,
    });
    await repositories.meetingPreferences.set('org_1', {
      hosts: { microsoft_teams: [{ kind: 'connection', connection: 'conn_room' }] },
    });
    const evening = slotAt(block, '18:00');
    const meeting = await ada.create(ten, provider);
    expect(await ben.create(evening, provider)).toEqual(meeting);
    const check = { provider, meeting, slot: ten } as const;
    expect(await activities.checkMeeting({ ...ada.about, ...check })).toMatchObject({ status: 'present' });
    expect((await activities.readAttendance({ ...ada.about, ...check })).attendance).toBeUndefined();
    const times = () => {
      const { zoom, google, microsoft } = state();
      return [
        ...zoom.meetings.map(({ start_time }) => start_time),
        ...google.calendars
          .flatMap(({ events }) => events)
          .flatMap((event) => (event.status === 'cancelled' ? [] : [event.summary])),
        ...microsoft.onlineMeetings.filter(({ deleted }) => !deleted).map(({ joinWebUrl }) => joinWebUrl),
      ];
    };
    expect(times()).toHaveLength(1);
    await ada.leave(ten, [ada.keyOfMeeting(provider)], provider);
    expect(times()).toHaveLength(1);
    await ben.leave(evening, [ben.keyOfMeeting(provider)], provider);
    expect(times()).toEqual([]);
    expect(await activities.checkMeeting({ ...ada.about, ...check })).toMatchObject({ status: 'absent' });
  });
});
