import { describe, expect, it } from 'vitest';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { deleteGoogleEvent } from '../../tests/harness/event-deletion.ts';
import { createRecordingHosts } from './recording-hosts.ts';

const benchFor = useActivityHarness();

/** Creates the meetings of an audition in the calendar that the organization has chosen. */
const setUpMeet = async () => {
  const bench = await benchFor();
  const input = { ...bench.about, provider: 'google_meet', topic: 'Nightfall' } as const;
  const create = (pass: number) =>
    bench.activities.createMeeting({
      ...input,
      key: bench.key(`meeting:google_meet:${pass}`),
      slot,
      revision: 1,
      hasFallback: false,
    });
  const move = (meeting: Meeting) =>
    bench.activities.moveMeeting({
      ...input,
      key: bench.key('meeting-move:google_meet:r2'),
      slot: laterSlot,
      revision: 2,
      meeting,
    });
  const chooseCalendar = async (id: ConnectionId) => {
    await bench.repositories.connections.put({
      id,
      organization: 'org_1',
      provider: 'google',
      account: `${id}@example.com`,
      refreshToken: `sandbox-refresh-${id}@example.com`,
    });
    await bench.repositories.organizations.put({
      id: 'org_1',
      name: 'Office',
      meetingProviders: ['google_meet'],
      meetCalendar: { connection: id, calendarId: 'primary' },
    });
  };
  const openHost = createRecordingHosts({ ...bench, reportAttention: () => {} });
  const connectionOf = async (meetingId: string) => {
    const host = await openHost({ ...bench.about, provider: 'google_meet', meetingId });
    return host.kind === 'connected' ? host.connection.id : undefined;
  };
  const deleteEvent = async () => {
    const events = bench.state().google.calendars.flatMap((calendar) => calendar.events);
    await deleteGoogleEvent(bench.publicUrl, 'office@example.com', events[0]?.id);
  };
  return { ...bench, create, move, chooseCalendar, connectionOf, deleteEvent };
};

describe('the host of a recording', () => {
  it('is the host of its meeting, also after the meeting was removed', async () => {
    const bench = await benchFor();
    const user = `hired-${bench.auditionId}@example.com`;
    await bench.repositories.meetingPreferences.set('org_1', {
      hosts: { zoom: [{ kind: 'service', user }] },
    });
    const key = bench.key('meeting:zoom:1');
    const meeting = await bench.activities.createMeeting({
      ...bench.about,
      key,
      provider: 'zoom',
      slot,
      revision: 1,
      topic: 'Nightfall',
      hasFallback: false,
    });
    const openHost = createRecordingHosts({ ...bench, reportAttention: () => {} });
    const call = { ...bench.about, provider: 'zoom', meetingId: meeting.id } as const;
    expect(await openHost(call)).toEqual({ kind: 'service', user });
    await bench.activities.removeMeeting({ ...bench.about, keys: [key], provider: 'zoom', slot });
    expect(bench.state().zoom.meetings).toEqual([]);
    expect(await openHost(call)).toEqual({ kind: 'service', user });
  });

  describe('of Google Meet', () => {
    it('is the account of the calendar in which that meeting was, of several calendars', async () => {
      const { create, chooseCalendar, connectionOf } = await setUpMeet();
      const first = await create(1);
      await chooseCalendar('conn_5');
      const second = await create(2);
      expect(second.id).not.toBe(first.id);
      expect(await connectionOf(first.id)).toBe('conn_1');
      expect(await connectionOf(second.id)).toBe('conn_5');
    });

    it('is the account of the calendar in which a move has made the meeting anew', async () => {
      const { create, move, chooseCalendar, connectionOf, deleteEvent } = await setUpMeet();
      const created = await create(1);
      await deleteEvent();
      const moved = await move(created);
      expect(moved.id).not.toBe(created.id);
      await chooseCalendar('conn_5');
      await create(2);
      expect(await connectionOf(moved.id)).toBe('conn_1');
    });

    it('is the account of the latest calendar when the meeting is not recorded', async () => {
      const { create, connectionOf } = await setUpMeet();
      await create(1);
      expect(await connectionOf('unknown')).toBe('conn_1');
    });
  });
});
