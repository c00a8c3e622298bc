import { describe, expect, it } from 'vitest';
import type { Meeting } from '../../domain/audition/meeting.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { deleteGoogleEvent } from '../../tests/harness/event-deletion.ts';

const benchFor = useActivityHarness();

const office = 'office@example.com';
const ada = participantIdSchema.parse('ada');
const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' } as const;

const setup = async () => {
  const bench = await benchFor();
  const { activities, about, key } = bench;
  const input = { ...about, provider: 'google_meet', topic: 'Nightfall: Captain' } as const;
  const create = (pass = 1) =>
    activities.createMeeting({
      ...input,
      key: key(`meeting:google_meet:${pass}`),
      slot,
      revision: 1,
      hasFallback: true,
    });
  const move = (meeting: Meeting, revision = 2) =>
    activities.moveMeeting({
      ...input,
      key: key(`meeting-move:google_meet:r${revision}`),
      slot: laterSlot,
      revision,
      meeting,
    });
  const remove = (...steps: readonly string[]) =>
    activities.removeMeeting({ ...about, keys: steps.map(key), provider: 'google_meet', slot });
  const writeEvent = (revision = 1) =>
    activities.writeEvent({
      ...about,
      key: key(`event:ada:r${revision}`),
      participant: ada,
      calendar,
      content: { slot, revision, summary: 'Captain, Nightfall', description: '' },
    });
  const eventsOf = (account: string) =>
    bench
      .state()
      .google.calendars.filter(({ id }) => id === account)
      .flatMap(({ events }) => events)
      .filter(({ status }) => status !== 'cancelled');
  /** The organization chooses another calendar for meetings. */
  const chooseOther = async () => {
    await bench.repositories.connections.put({
      id: 'conn_5',
      organization: 'org_1',
      provider: 'google',
      account: 'other@example.com',
      refreshToken: 'sandbox-refresh-other@example.com',
    });
    await bench.repositories.organizations.put({
      id: 'org_1',
      name: 'Office',
      meetingProviders: ['zoom', 'google_meet'],
      meetCalendar: { connection: 'conn_5', calendarId: 'primary' },
    });
  };
  const deleteByHand = (eventId: string | undefined) => deleteGoogleEvent(bench.publicUrl, office, eventId);
  return { ...bench, create, move, remove, writeEvent, eventsOf, chooseOther, deleteByHand };
};

const created = 'meeting:google_meet:1';
const moved = 'meeting-move:google_meet:r2';

describe('a meeting on Google Meet', () => {
  it('is the conference of the event that is written in the same calendar', async () => {
    const { create, writeEvent, eventsOf } = await setup();
    const meeting = await create();
    expect(await create()).toEqual(meeting);
    await writeEvent();
    expect(eventsOf(office)).toMatchObject([{ summary: 'Captain, Nightfall', hangoutLink: meeting.joinUrl }]);
  });

  it('takes only the conference when it is removed after the event of a participant was written', async () => {
    const { create, writeEvent, remove, eventsOf } = await setup();
    await create();
    await writeEvent();
    expect(await remove(created)).toEqual({ result: 'undone' });
    expect(eventsOf(office)).toMatchObject([{ summary: 'Captain, Nightfall' }]);
    expect(eventsOf(office)[0]).not.toHaveProperty('hangoutLink');
  });

  it('is removed late, after its answer was lost, without the event of a participant', async () => {
    const { create, writeEvent, remove, eventsOf, fault } = await setup();
    fault('google', { kind: 'lost_answer', operation: 'events.insert', times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage' });
    await writeEvent();
    expect(await remove(created)).toEqual({ result: 'undone' });
    expect(eventsOf(office)).toMatchObject([{ summary: 'Captain, Nightfall' }]);
    await expect(create()).rejects.toMatchObject({ type: 'Compensated' });
  });

  it('outlives the removal of the participant in whose calendar it is', async () => {
    const { create, writeEvent, activities, about, key, eventsOf } = await setup();
    const { joinUrl } = await create();
    await writeEvent();
    await activities.removeEvent({ ...about, keys: [key('event:ada:r1')], calendar });
    expect(eventsOf(office)).toMatchObject([{ hangoutLink: joinUrl }]);
  });

  it('is moved and removed in the calendar in which it was made, whatever was chosen since', async () => {
    const { create, move, remove, chooseOther, eventsOf, repositories, auditionId } = await setup();
    const meeting = await create();
    await chooseOther();
    expect(await move(meeting)).toEqual(meeting);
    expect(eventsOf(office)).toHaveLength(1);
    expect(await remove(created)).toEqual({ result: 'undone' });
    expect(eventsOf(office)).toEqual([]);
    expect(eventsOf('other@example.com')).toEqual([]);
    expect(await repositories.ledger.standingEffects(auditionId)).toEqual([]);
  });

  it('is repeated in the calendar of the first attempt, whatever was chosen since', async () => {
    const { create, chooseOther, eventsOf, fault } = await setup();
    fault('google', { kind: 'lost_answer', operation: 'events.insert', times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage' });
    await chooseOther();
    await create();
    expect(eventsOf(office)).toHaveLength(1);
    expect(eventsOf('other@example.com')).toEqual([]);
  });

  it('is the only one after another calendar was chosen and it was created again', async () => {
    const { create, remove, eventsOf, chooseOther } = await setup();
    await create();
    await chooseOther();
    const { joinUrl } = await create(2);
    expect(eventsOf(office)).toEqual([]);
    expect(eventsOf('other@example.com')).toMatchObject([{ hangoutLink: joinUrl }]);
    expect(await remove('meeting:google_meet:2')).toEqual({ result: 'undone' });
    expect(eventsOf('other@example.com')).toEqual([]);
    expect(await remove(created)).toEqual({ result: 'undone' });
  });

  it('is created again while the earlier calendar is disconnected, and the earlier one is removed later', async () => {
    const { create, remove, eventsOf, chooseOther, timePasses, repositories } = await setup();
    const connectOffice = (refreshToken: string) =>
      repositories.connections.put({
        id: 'conn_1',
        organization: 'org_1',
        provider: 'google',
        account: office,
        refreshToken,
      });
    await create();
    await chooseOther();
    await connectOffice('revoked');
    await create(2);
    expect(eventsOf(office)).toHaveLength(1);
    await expect(remove(created)).rejects.toMatchObject({ type: 'reconnect' });
    await connectOffice(`sandbox-refresh-${office}`);
    await timePasses();
    expect(await remove(created)).toEqual({ result: 'undone' });
    expect(eventsOf(office)).toEqual([]);
    expect(eventsOf('other@example.com')).toHaveLength(1);
  });

  it('is made anew by a move when its event was deleted, and removed', async () => {
    const { create, move, remove, eventsOf, deleteByHand } = await setup();
    const meeting = await create();
    await deleteByHand(eventsOf(office)[0]?.id);
    const again = await move(meeting);
    expect(again.joinUrl).not.toBe(meeting.joinUrl);
    expect(await move(meeting)).toEqual(again);
    expect(eventsOf(office)).toMatchObject([{ hangoutLink: again.joinUrl }]);
    await remove(moved);
    expect(eventsOf(office)).toHaveLength(1);
    expect(await remove(created)).toEqual({ result: 'undone' });
    expect(eventsOf(office)).toEqual([]);
  });

  it('is created by a move when no creation is recorded', async () => {
    const { move, remove, eventsOf } = await setup();
    const meeting = await move({
      provider: 'google_meet',
      id: 'lost',
      joinUrl: 'https://meet.example.com/lost',
    });
    expect(eventsOf(office)).toMatchObject([{ hangoutLink: meeting.joinUrl }]);
    expect(await remove(moved)).toEqual({ result: 'undone' });
    expect(eventsOf(office)).toEqual([]);
  });

  it('has nothing to undo when it was never created', async () => {
    const { remove } = await setup();
    expect(await remove(created)).toEqual({ result: 'nothing_to_undo' });
  });

  it('fails as reconnect when the organization has not chosen a calendar', async () => {
    const { create, repositories } = await setup();
    await repositories.organizations.put({ id: 'org_1', name: 'Office', meetingProviders: ['google_meet'] });
    await expect(create()).rejects.toMatchObject({ type: 'reconnect', nonRetryable: true });
  });
});

describe('the settings and the attendance of a meeting on Meet', () => {
  it('are those of its space, and what Meet lacks is named', async () => {
    const { activities, about, key, sandbox, state } = await setup();
    const meeting = await activities.createMeeting({
      ...about,
      key: key('meeting:google_meet:1'),
      provider: 'google_meet',
      topic: 'Nightfall: Captain',
      slot,
      revision: 1,
      hasFallback: false,
      settings: { waitingRoom: true, muteOnEntry: true },
    });
    expect(meeting).toMatchObject({ notHonored: ['muteOnEntry'] });
    expect(state().google.spaces).toMatchObject([{ config: { accessType: 'RESTRICTED' } }]);
    const question = { ...about, provider: 'google_meet', meeting, slot } as const;
    expect(await activities.checkMeeting(question)).toEqual({ status: 'present' });
    expect((await activities.readAttendance(question)).attendance).toBeUndefined();
    sandbox.control.joinMeeting('google', meeting.joinUrl, { name: 'Ada' });
    sandbox.control.endMeeting('google', meeting.id);
    expect(await activities.readAttendance(question)).toMatchObject({ attendance: [{ name: 'Ada' }] });
  });
});
