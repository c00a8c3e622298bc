/** The room that the auditions of a casting session share, against PostgreSQL and the sandbox. */
import { describe, expect, it } from 'vitest';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { auditionOf, createBlock, slotAt } from '../../tests/harness/casting-day.ts';

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

  it('is created once when two auditions ask for it simultaneously', async () => {
    const { ada, ben, cleo, ten, quarterPast, noon, meetings, fault } = await setup();
    fault('zoom', { kind: 'latency', operation: 'meetings.create', latencyMs: 800, times: 1 });
    const rooms = await Promise.all([ada.create(ten), ben.create(quarterPast), cleo.create(noon)]);
    expect(new Set(rooms.map(({ id }) => id)).size).toBe(1);
    expect(meetings()).toHaveLength(1);
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
});
