import { describe, expect, it } from 'vitest';
import { laterSlot, slot, useActivityBench } from '../../tests/harness/activity-bench.ts';

const benchFor = useActivityBench();

const setup = async () => {
  const bench = await benchFor();
  const input = { ...bench.about, key: bench.key('meeting:zoom:1'), provider: 'zoom', slot } as const;
  const create = () => bench.activities.createMeeting({ ...input, revision: 1, topic: 'Nightfall' });
  const remove = () => bench.activities.removeMeeting(input);
  return { ...bench, input, create, remove, meetings: () => bench.state().zoom.meetings };
};

describe('a meeting on Zoom', () => {
  it('is created once however often it is asked for', async () => {
    const { create, meetings } = await setup();
    const first = await create();
    expect(await create()).toEqual(first);
    expect(first).toMatchObject({ provider: 'zoom', joinUrl: expect.stringContaining('https://') });
    expect(meetings()).toHaveLength(1);
  });

  it('is found again when it was made and the answer got lost', async () => {
    const { create, meetings, fault } = await setup();
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage', nonRetryable: false });
    const meeting = await create();
    expect(meetings().map(({ id }) => String(id))).toEqual([meeting.id]);
  });

  it('that was made without anybody knowing is removed again, and a late attempt makes none', async () => {
    const { create, remove, meetings, fault } = await setup();
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await create().catch(() => undefined);
    expect(meetings()).toHaveLength(1);
    expect(await remove()).toEqual({ result: 'undone' });
    expect(meetings()).toHaveLength(0);
    await expect(create()).rejects.toMatchObject({ type: 'Compensated', nonRetryable: true });
  });

  it('that was never asked for leaves nothing to undo', async () => {
    const { remove } = await setup();
    expect(await remove()).toEqual({ result: 'nothing_to_undo' });
  });

  it('is moved to the instant of its new slot, over a clock change', async () => {
    const { create, activities, input, key, meetings } = await setup();
    const meeting = await create();
    const move = {
      ...input,
      key: key('meeting-move:zoom:r2'),
      slot: laterSlot,
      revision: 2,
      topic: 'Nightfall',
      meeting,
    };
    await activities.moveMeeting(move);
    await activities.moveMeeting(move);
    expect(meetings()).toMatchObject([{ start_time: '2031-10-26T00:30:00Z' }]);
  });

  it('waits as long as Zoom says', async () => {
    const { create, fault } = await setup();
    fault('zoom', { kind: 'rate_limit', retryAfterSeconds: 30, times: 1 });
    const failure: unknown = await create().catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'retry_after', details: [{ provider: 'zoom' }] });
    expect(failure).toHaveProperty('nextRetryDelay', expect.any(Number));
  });
});
