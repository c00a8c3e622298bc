/** The check of a meeting before its session. */
import { describe, expect, it } from 'vitest';
import { slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

const setup = async () => {
  const bench = await benchFor();
  const input = { ...bench.about, key: bench.key('meeting:zoom:1'), provider: 'zoom', slot } as const;
  const meeting = await bench.activities.createMeeting({
    ...input,
    revision: 1,
    topic: 'Nightfall',
    hasFallback: false,
  });
  const check = () => bench.activities.checkMeeting({ ...bench.about, provider: 'zoom', meeting, slot });
  const remove = () =>
    bench.activities.removeMeeting({ ...bench.about, keys: [input.key], provider: 'zoom', slot });
  return { ...bench, meeting, check, remove };
};

describe('the check of a meeting on Zoom', () => {
  it('finds the meeting, and changes nothing', async () => {
    const { check, state, meeting } = await setup();
    expect(await check()).toEqual({ status: 'present' });
    expect(state().zoom.meetings.map(({ id }) => String(id))).toEqual([meeting.id]);
  });

  it('finds that the meeting is gone', async () => {
    const { check, remove } = await setup();
    await remove();
    expect(await check()).toEqual({ status: 'absent' });
  });

  it('fails so that it is repeated when Zoom does not answer once', async () => {
    const { check, fault } = await setup();
    fault('zoom', { kind: 'outage', times: 1 });
    await expect(check()).rejects.toMatchObject({ type: 'outage', nonRetryable: false });
    expect(await check()).toEqual({ status: 'present' });
  });
});

describe('a passcode that a person changes at Zoom', () => {
  it('leads to the present address, in the check and in the record of the creation', async () => {
    const { check, activities, about, sandbox, meeting, key } = await setup();
    await sandbox.control.sendMeetingEvent(meeting.id, { event: 'meeting.updated', password: 'Changed1' });
    const found = await check();
    const joinUrl = `https://zoom.us/j/${meeting.id}?pwd=${Buffer.from('Changed1').toString('base64url')}`;
    expect(found).toEqual({ status: 'present', access: { joinUrl } });
    const again = await activities.createMeeting({
      ...about,
      key: key('meeting:zoom:1'),
      provider: 'zoom',
      slot,
      revision: 1,
      topic: 'Nightfall',
      hasFallback: false,
    });
    expect(again).toEqual({ ...meeting, joinUrl });
    const present = { ...about, provider: 'zoom', meeting: { ...meeting, joinUrl }, slot } as const;
    expect(await activities.checkMeeting(present)).toEqual({ status: 'present' });
  });

  it('is not noticed while Zoom fails, and is afterwards', async () => {
    const { check, sandbox, meeting, fault } = await setup();
    await sandbox.control.sendMeetingEvent(meeting.id, { event: 'meeting.updated', password: 'Changed1' });
    fault('zoom', { kind: 'outage', times: 1 });
    await expect(check()).rejects.toMatchObject({ type: 'outage', nonRetryable: false });
    expect(await check()).toMatchObject({ access: { joinUrl: expect.stringContaining(meeting.id) } });
  });
});

describe('the attendance of a meeting on Zoom', () => {
  it('is not reported afterwards, because Zoom reports it by webhooks', async () => {
    const { activities, about, meeting } = await setup();
    expect(await activities.readAttendance({ ...about, provider: 'zoom', meeting, slot })).toEqual({});
  });
});

const setupMeet = async () => {
  const bench = await benchFor();
  const input = {
    ...bench.about,
    key: bench.key('meeting:google_meet:1'),
    provider: 'google_meet',
    slot,
  } as const;
  const meeting = await bench.activities.createMeeting({
    ...input,
    revision: 1,
    topic: 'Nightfall',
    hasFallback: false,
  });
  const about = { ...bench.about, provider: 'google_meet', meeting, slot } as const;
  /** As the audition does when the check has not found its meeting. */
  const replace = () =>
    bench.activities.createMeeting({
      ...input,
      key: bench.key('meeting:google_meet:2'),
      revision: 1,
      topic: 'Nightfall',
      hasFallback: false,
    });
  const remove = () =>
    bench.activities.removeMeeting({ ...bench.about, keys: [input.key], provider: 'google_meet', slot });
  return { ...bench, meeting, about, remove, replace };
};

describe('the check of a meeting on Google Meet', () => {
  it('finds the conference of the event, and that it is gone', async () => {
    const { activities, about, remove } = await setupMeet();
    expect(await activities.checkMeeting(about)).toEqual({ status: 'present' });
    await remove();
    expect(await activities.checkMeeting(about)).toEqual({ status: 'absent' });
  });

  it('finds another conference after the audition has replaced one that Meet no longer has', async () => {
    const { activities, about, meeting, sandbox, replace } = await setupMeet();
    sandbox.control.expireConference(meeting.id);
    expect(await activities.checkMeeting(about)).toEqual({ status: 'absent' });
    const other = await replace();
    expect(other.joinUrl).not.toBe(meeting.joinUrl);
    expect(await activities.checkMeeting({ ...about, meeting: other })).toEqual({ status: 'present' });
    expect(await replace()).toEqual(other);
  });

  it('counts Meet as unusable immediately when the account is disconnected', async () => {
    const { activities, about, revoke } = await setupMeet();
    revoke('google', 'office@example.com');
    const check = await activities.checkMeeting(about);
    expect(check).toMatchObject({
      status: 'unusable',
      failure: { code: 'reconnect', provider: 'google' },
    });
  });

  it('reads who was in the conference', async () => {
    const { activities, about, sandbox, meeting } = await setupMeet();
    expect((await activities.readAttendance(about)).attendance).toBeUndefined();
    sandbox.control.joinMeeting('google', meeting.id, { name: 'Ada' });
    sandbox.control.leaveMeeting('google', meeting.id, { name: 'Ada' });
    const { attendance } = await activities.readAttendance(about);
    expect(attendance).toMatchObject([{ name: 'Ada', joinedAt: expect.any(String) }]);
  });
});
