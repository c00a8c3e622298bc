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

describe('the attendance of a meeting on Zoom', () => {
  it('is not reported afterwards, because Zoom reports it by webhooks', async () => {
    const { activities, about, meeting } = await setup();
    expect(await activities.readAttendance({ ...about, provider: 'zoom', meeting, slot })).toEqual({});
  });
});
