/** Tests that the event whose conference is the meeting is compared with its calendar as an event of the audition. */
import { describe, expect, it } from 'vitest';
import { ada, later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';

const setUpSync = useCalendarSync();

/** The organization creates its meetings in the calendar of the test. */
const setup = async () => {
  const bench = await setUpSync();
  const { activities, repositories, about, key, connection, pool } = bench;
  await repositories.organizations.put({
    id: 'org_1',
    name: 'Office',
    meetingProviders: ['google_meet'],
    meetCalendar: { connection, calendarId: 'primary' },
  });
  const input = { ...about, provider: 'google_meet', topic: 'Nightfall: Captain' } as const;
  const create = (number = 1) =>
    activities.createMeeting({
      ...input,
      key: key(`meeting:google_meet:${number}`),
      slot,
      revision: 1,
      hasFallback: false,
    });
  const move = async (revision: number, at = later) =>
    activities.moveMeeting({
      ...input,
      key: key(`meeting-move:google_meet:r${revision}`),
      slot: at,
      revision,
      meeting: await create(),
    });
  const remove = () =>
    activities.removeMeeting({
      ...about,
      provider: 'google_meet',
      keys: [key('meeting:google_meet:1')],
      slot,
    });
  const releaseHolds = () => bench.holds.release();
  const uses = async () => {
    const { rows } = await pool.query(
      `SELECT participant, hosted_by IS NOT NULL AS hosts FROM synced_events
       WHERE connection = $1 AND audition_id IS NOT NULL`,
      [connection],
    );
    return rows;
  };
  return { ...bench, create, move, remove, releaseHolds, uses };
};

describe('the event of a meeting', () => {
  it('is reported when a person moves, deletes or puts it back, although no participant has the calendar', async () => {
    const { create, releaseHolds, sync, person, sent, kinds, auditionId } = await setup();
    await create();
    await releaseHolds();
    await sync();
    expect(sent).toEqual([]);
    await person.move(later.start, later.end);
    await sync();
    await person.move(slot.start, slot.end);
    await sync();
    await person.remove();
    await sync();
    expect(kinds()).toEqual(['moved', 'put_back', 'deleted']);
    expect(sent[0]).toMatchObject({
      audition: auditionId,
      change: { revision: 1, isForMeeting: true, change: { start: later.start, end: later.end } },
    });
    expect(sent[0]?.change.participant).toBeUndefined();
  });

  it('does not echo: not when it is created, moved, or removed by the audition', async () => {
    const { create, move, remove, sync, sent, uses } = await setup();
    await create();
    await sync();
    await move(2);
    await sync();
    expect(await uses()).toEqual([{ participant: null, hosts: true }]);
    await remove();
    await sync();
    expect(sent).toEqual([]);
    expect(await uses()).toEqual([]);
  });

  it('is named as the event of the meeting when it books a room that the slot does not have any more', async () => {
    const { create, move, book, setRoom, sync, sandbox, person, sent } = await setup();
    const studio = 'c_former@resource.calendar.google.com';
    sandbox.control.addRoom('google', { email: studio, name: 'Studio 2', answers: 'manual' });
    await create();
    await book(1, slot, studio);
    await sync();
    setRoom('c_attic@resource.calendar.google.com', 2);
    await move(2);
    await sync();
    await person.remove();
    await sync();
    expect(sent).toMatchObject([{ change: { isForMeeting: true, change: { kind: 'deleted' } } }]);
  });

  it('is the event of the participant who has the same calendar, until one of both uses ends', async () => {
    const { create, remove, write, activities, about, key, calendar, sync, person, sent, uses } =
      await setup();
    await create();
    await write(1, slot);
    await sync();
    await person.move(later.start, later.end);
    await sync();
    expect(sent).toMatchObject([{ change: { participant: ada, change: { kind: 'moved' } } }]);
    expect(sent[0]?.change.isForMeeting).toBeUndefined();
    expect(await uses()).toEqual([{ participant: ada, hosts: true }]);
    await activities.removeEvent({ ...about, keys: [key('event:ada:r1')], calendar });
    expect(await uses()).toEqual([{ participant: null, hosts: true }]);
    await remove();
    expect(await uses()).toEqual([]);
    await sync();
    expect(sent).toHaveLength(1);
  });

  it('is restored for the participant with another conference after its deletion', async () => {
    const { create, write, sync, person, sent, uses, account, sandbox, auditionId } = await setup();
    const first = await create();
    await write(1, slot);
    await sync();
    await person.remove();
    await sync();
    expect(sent).toMatchObject([
      { change: { participant: ada, hostsMeeting: true, change: { kind: 'deleted' } } },
    ]);
    expect(sent[0]?.change.isForMeeting).toBeUndefined();
    // As the audition does: it restores the event, and then replaces the meeting.
    await write(1, slot, ':restored');
    const second = await create(2);
    expect(second.joinUrl).not.toBe(first.joinUrl);
    const { calendar } = connectToSandbox(sandbox.url, account);
    const { data } = await calendar.events.list({ calendarId: 'primary' });
    expect(data.items).toMatchObject([
      { status: 'confirmed', summary: 'Captain', hangoutLink: second.joinUrl },
    ]);
    expect(data.items?.[0]?.extendedProperties?.private).toMatchObject({ castmatchReference: auditionId });
    expect(await uses()).toEqual([{ participant: ada, hosts: true }]);
    await sync();
    expect(sent).toHaveLength(1);
  });

  it('keeps the event of a participant when the meeting is removed', async () => {
    const { create, remove, write, sync, sent, uses } = await setup();
    await write(1, slot);
    await create();
    await remove();
    await sync();
    expect(await uses()).toEqual([{ participant: ada, hosts: false }]);
    expect(sent).toEqual([]);
  });

  it('is no conflict for the participant for whom the calendar only counts as busy', async () => {
    const { create, sync, sent, repositories, auditionId, connection, pool, account, person } = await setup();
    await create();
    await pool.query(
      `INSERT INTO auditions (id, organization, project, role, state, needs_attention, requested_at, sequence, view)
       VALUES ($1, 'org_1', 'p', 'r', 'scheduled', false, now(), 1, $2)
       ON CONFLICT (id) DO UPDATE SET state = 'scheduled', view = $2`,
      [auditionId, JSON.stringify({ slot, revision: 1 })],
    );
    await repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, [
      {
        participant: ada,
        connection,
        provider: 'google',
        calendarId: 'primary',
        calendarName: `google/${account}`,
      },
    ]);
    await sync();
    expect(sent).toEqual([]);
    person.add(slot.start, slot.end);
    await sync();
    expect(sent).toMatchObject([{ change: { participant: ada, change: { kind: 'conflict' } } }]);
  });

  it('is recorded by the repetition of a step that ended before', async () => {
    const { create, sync, person, kinds, pool, connection } = await setup();
    await create();
    await pool.query('DELETE FROM synced_events WHERE connection = $1', [connection]);
    await create();
    await sync();
    await person.remove();
    await sync();
    expect(kinds()).toEqual(['deleted']);
  });
});
