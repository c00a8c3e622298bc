import { describe, expect, it } from 'vitest';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { laterSlot, slot } from '../../tests/harness/activity-harness.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { useMeetingHosts } from '../../tests/harness/meeting-hosts.ts';

const setup = useMeetingHosts();

const at = (minutes: number): Slot => {
  const start = Date.parse(slot.start) + minutes * 60_000;
  return { ...slot, start: toInstant(start), end: toInstant(start + 30 * 60_000) };
};

describe('the hosts of an organization', () => {
  it('have one meeting at a time when 20 auditions request the same time', async () => {
    const { choose, user, create, another, meetings, hostsOfMeetings } = await setup();
    await choose(user('a'), user('b'), user('c'));
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => create({ audition: another() })),
    );
    expect(new Set(hostsOfMeetings())).toEqual(new Set(['a', 'b', 'c']));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toHaveLength(17);
    for (const reason of refused) expect(reason).toMatchObject({ type: 'conflict', nonRetryable: true });
    expect(meetings()).toHaveLength(3);
  });

  it('have no overlapping meetings when 20 auditions request staggered times', async () => {
    const { choose, user, create, another, meetings } = await setup();
    await choose(user('a'), user('b'), user('c'));
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => create({ audition: another(), at: at(index * 10) })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(meetings().length);
    // Three hosts suffice: a host is free again after three further auditions.
    expect(meetings().length).toBeGreaterThanOrEqual(14);
    for (const ofHost of Map.groupBy(meetings(), ({ host_email: email }) => email).values()) {
      const starts = ofHost.map(({ start_time: start }) => Date.parse(start)).sort((a, b) => a - b);
      starts.slice(1).forEach((start, index) => {
        expect(start - (starts[index] ?? 0)).toBeGreaterThanOrEqual(30 * 60_000);
      });
    }
  });

  it('are tried in order, beginning with the host of the request', async () => {
    const { choose, user, connect, create, another, hostsOfMeetings } = await setup();
    await choose(user('a'), user('b'));
    const own = await connect('conn_order', 'director');
    await create({ host: own });
    await create({ host: own, audition: another() });
    await create({ host: own, audition: another() });
    expect(hostsOfMeetings()).toEqual(['director', 'a', 'b']);
  });

  it('are one host when they are a connection and a user with the same address', async () => {
    const { choose, user, connect, create, another, hostsOfMeetings } = await setup();
    await choose(user('a'), await connect('conn_same', 'A'));
    await create();
    await expect(create({ audition: another() })).rejects.toMatchObject({ type: 'conflict' });
    expect(hostsOfMeetings()).toEqual(['a']);
  });

  it('are free again when the meeting is removed', async () => {
    const { choose, user, create, remove, another, claims, hostsOfMeetings } = await setup();
    await choose(user('a'));
    await create();
    expect(await claims()).toHaveLength(1);
    expect(await remove()).toEqual({ result: 'undone' });
    expect(await claims()).toEqual([]);
    await create({ audition: another() });
    expect(hostsOfMeetings()).toEqual(['a']);
  });

  it('are the default hosts when it has chosen none, which have one meeting at a time too', async () => {
    const { choose, create, another, claims, hostsOfMeetings } = await setup();
    await choose();
    await create();
    await create({ audition: another() });
    expect(hostsOfMeetings()).toEqual(['first', 'second']);
    await expect(create({ audition: another() })).rejects.toMatchObject({
      type: 'conflict',
      nonRetryable: true,
      details: [expect.objectContaining({ code: 'hosts_busy' })],
    });
    await create({ audition: another(), at: laterSlot });
    expect(hostsOfMeetings()).toEqual(['first', 'second', 'first']);
    expect(await claims()).toHaveLength(1);
  });

  it('are claimed by a move also when the creation has recorded none, as in earlier versions', async () => {
    const { choose, create, move, remove, another, claims, hostsOfMeetings, ...bench } = await setup();
    await choose();
    const { zoom } = bench.providers.meetings;
    const key = bench.key('meeting:zoom:1');
    const { meeting } = await zoom.create(
      { kind: 'service', user: zoom.defaultUsers?.[0] ?? 'me' },
      { reference: 'earlier', topic: 'Nightfall', slot, settings: {} },
      callContext(),
    );
    const { ledger } = bench.repositories;
    const operation = { key, organization: 'org_1', provider: 'zoom', operation: 'meetings.create' } as const;
    const target = { kind: 'meeting', provider: 'zoom', slot } as const;
    const { auditionId } = bench;
    await ledger.begin({
      ...operation,
      auditionId,
      target,
      requestHash: '-',
      leaseMs: 60_000,
      handedOver: true,
    });
    await ledger.complete(key, { providerId: meeting.id, result: meeting }, []);
    await move(meeting, laterSlot);
    expect(await claims()).toMatchObject([{ key, revision: 2 }]);
    await create({ audition: another(), at: laterSlot });
    expect(hostsOfMeetings()).toEqual(['first', 'second']);
    await remove('meeting-move:zoom:r2');
    expect(await claims()).toEqual([]);
  });
});

describe('a host that cannot take a meeting', () => {
  it.each(['lapsed', 'deactivated'] as const)('is passed over: %s', async (kind) => {
    const { choose, user, create, claims, hostsOfMeetings } = await setup({
      domain: `${kind}.example.com`,
      sandbox: { zoom: { users: { [`a@${kind}.example.com`]: kind } } },
    });
    await choose(user('a'), user('b'));
    await create();
    expect(hostsOfMeetings()).toEqual(['b']);
    expect(await claims()).toHaveLength(1);
  });

  it('is passed over when its daily limit is reached', async () => {
    const { choose, user, create, another, hostsOfMeetings } = await setup({
      sandbox: { zoom: { dailyLimit: 1 } },
    });
    await choose(user('a'), user('b'));
    await create();
    await create({ audition: another(), at: laterSlot });
    expect(hostsOfMeetings()).toEqual(['a', 'b']);
    await expect(create({ audition: another(), at: at(600) })).rejects.toMatchObject({
      type: 'quota_exhausted',
    });
  });

  it('is passed over when its grant was revoked, and the connection is reported when no host is left', async () => {
    const { choose, user, connect, create, another, revoke, hostsOfMeetings, domain, repositories } =
      await setup();
    const person = await connect('conn_revoked', 'person');
    await choose(person, user('b'));
    await create({ audition: another(), at: laterSlot });
    revoke('zoom', `person@${domain}`);
    await create();
    expect(hostsOfMeetings()).toEqual(['person', 'b']);
    await expect(create({ audition: another() })).rejects.toMatchObject({
      type: 'reconnect',
      details: [expect.objectContaining({ provider: 'zoom', connection: 'conn_revoked' })],
    });
    expect(await repositories.connections.get('org_1', 'conn_revoked')).toMatchObject({
      status: 'needs_reauthorization',
    });
  });

  it('leaves no claim behind when no host is left', async () => {
    const { choose, user, create, claims } = await setup({
      domain: 'no-host-left.example.com',
      sandbox: { zoom: { users: { 'a@no-host-left.example.com': 'lapsed' } } },
    });
    await choose(user('a'));
    await expect(create()).rejects.toMatchObject({
      type: 'not_permitted',
      nonRetryable: true,
      details: [expect.objectContaining({ code: '3161' })],
    });
    expect(await claims()).toEqual([]);
  });

  it('is not passed over for an outage, which concerns every host', async () => {
    const { choose, user, create, fault, claims, timePasses, hostsOfMeetings } = await setup();
    await choose(user('a'), user('b'));
    fault('zoom', { kind: 'outage', operation: 'meetings.create', times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage' });
    expect(hostsOfMeetings()).toEqual([]);
    await timePasses();
    await create();
    expect(hostsOfMeetings()).toEqual(['a']);
    expect(await claims()).toHaveLength(1);
  });
});

describe('a move to a slot that is longer than the plan of the host permits', () => {
  const hour: Slot = { ...laterSlot, end: toInstant(Date.parse(laterSlot.start) + 60 * 60_000) };

  it('names the duration, and a move to a shorter slot takes it back', async () => {
    const sandbox = { zoom: { users: { 'a@basic-move.example.com': 'basic' } } } as const;
    const { choose, user, create, move, meetings } = await setup({
      domain: 'basic-move.example.com',
      sandbox,
    });
    await choose(user('a'));
    const created = await create({ at: at(0), settings: { language: 'fr' } });
    expect(created.notHonored).toEqual(['language']);
    const long = await move(created, hour);
    expect(long).toEqual({ ...created, notHonored: ['language', 'duration'] });
    expect(await move(long, at(600), 3)).toEqual(created);
    expect(meetings()).toHaveLength(1);
  });

  it('says nothing at a licensed host', async () => {
    const { choose, user, create, move } = await setup();
    await choose(user('a'));
    const created = await create();
    expect(await move(created, hour)).toEqual(created);
  });
});

describe('a meeting with a host of the organization', () => {
  it('is found at its host when the answer was lost', async () => {
    const { choose, user, create, fault, claims, hostsOfMeetings } = await setup();
    await choose(user('a'), user('b'));
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage' });
    await choose(user('b'));
    await create();
    expect(hostsOfMeetings()).toEqual(['a']);
    expect(await claims()).toHaveLength(1);
  });

  it('is removed at its host when the answer was lost, and a late attempt claims no host', async () => {
    const { choose, user, create, remove, fault, claims, meetings } = await setup();
    await choose(user('a'));
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage' });
    await choose(user('b'));
    expect(await remove()).toEqual({ result: 'undone' });
    await expect(create()).rejects.toMatchObject({ type: 'Compensated' });
    expect(meetings()).toEqual([]);
    expect(await claims()).toEqual([]);
  });

  it.each(['before', 'after'] as const)(
    'is created once when the worker is killed %s the call',
    async (when) => {
      let kills = 1;
      const { choose, user, create, remove, timePasses, claims, meetings } = await setup({
        wrapZoom: (zoom) => ({
          create: async (...wish) => {
            const isKilled = kills > 0;
            kills -= 1;
            if (isKilled && when === 'before') throw new Error('killed');
            const created = await zoom.create(...wish);
            if (isKilled) throw new Error('killed');
            return created;
          },
        }),
      });
      await choose(user('a'), user('b'));
      await expect(create()).rejects.toThrow('killed');
      expect(await claims()).toHaveLength(1);
      await timePasses();
      await create();
      expect(meetings()).toHaveLength(1);
      expect(await claims()).toHaveLength(1);
      await remove();
      expect(meetings()).toEqual([]);
      expect(await claims()).toEqual([]);
    },
  );

  it('leaves nothing when the worker is killed before the call, and the audition is cancelled', async () => {
    const { choose, user, create, remove, timePasses, claims } = await setup({
      wrapZoom: () => ({ create: () => Promise.reject(new Error('killed')) }),
    });
    await choose(user('a'));
    await expect(create()).rejects.toThrow('killed');
    await timePasses();
    await remove();
    expect(await claims()).toEqual([]);
  });

  it('is moved and removed with the token of its owner', async () => {
    const { choose, connect, create, move, remove, claims, meetings, hostsOfMeetings } = await setup();
    await choose(await connect('conn_owner', 'person'));
    const meeting = await create();
    expect(hostsOfMeetings()).toEqual(['person']);
    await choose();
    expect(await move(meeting, laterSlot)).toEqual(meeting);
    expect(meetings()).toMatchObject([{ start_time: laterSlot.start.replace('.000Z', 'Z') }]);
    expect(await claims()).toMatchObject([{ revision: 2 }]);
    expect(await remove()).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
    expect(await claims()).toEqual([]);
  });

  it('is replaced by one at another host when its host is busy at the new time', async () => {
    const { choose, user, create, move, remove, another, claims, hostsOfMeetings, key } = await setup();
    await choose(user('a'), user('b'));
    const meeting = await create();
    await create({ audition: another(), at: laterSlot });
    const replaced = await move(meeting, laterSlot);
    expect(replaced.id).not.toBe(meeting.id);
    expect(await move(meeting, laterSlot)).toEqual(replaced);
    expect(hostsOfMeetings()).toEqual(['a', 'b']);
    expect(await claims()).toMatchObject([{ key: key('meeting-move:zoom:r2'), revision: 2 }]);
    await remove('meeting-move:zoom:r2');
    expect(hostsOfMeetings()).toEqual(['a']);
  });

  it('stays where it is when every host is busy at the new time', async () => {
    const { choose, user, create, move, another, claims, meetings } = await setup();
    await choose(user('a'));
    const meeting = await create();
    await create({ audition: another(), at: laterSlot });
    await expect(move(meeting, laterSlot)).rejects.toMatchObject({ type: 'conflict' });
    expect(meetings()).toHaveLength(2);
    expect(await claims()).toMatchObject([{ revision: 1 }]);
  });

  it('has both times while a move has failed, and the new one when it has succeeded', async () => {
    const { choose, user, create, move, fault, claims } = await setup();
    await choose(user('a'));
    const meeting = await create();
    fault('zoom', { kind: 'outage', operation: 'meetings.update', times: 1 });
    await expect(move(meeting, laterSlot)).rejects.toMatchObject({ type: 'outage' });
    expect(await claims()).toMatchObject([{ revision: 1 }, { revision: 2 }]);
    await move(meeting, laterSlot);
    expect(await claims()).toMatchObject([{ revision: 2 }]);
  });

  it('names the settings that it does not have, also when its answer was lost', async () => {
    const { choose, user, create, fault, meetings } = await setup({
      sandbox: { zoom: { lockedSettings: { mute_upon_entry: false } } },
    });
    await choose(user('a'));
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    const settings: MeetingSettings = { muteOnEntry: true, waitingRoom: false, language: 'fr' };
    await expect(create({ settings })).rejects.toMatchObject({ type: 'outage' });
    expect(await create({ settings })).toMatchObject({ notHonored: ['muteOnEntry', 'language'] });
    expect(meetings()).toMatchObject([{ settings: { waiting_room: false, mute_upon_entry: false } }]);
  });
});
