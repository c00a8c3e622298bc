import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { meetingReference } from '../effects/deterministic-ids.ts';

const benchFor = useActivityHarness();

const setup = async () => {
  const bench = await benchFor();
  const [user = 'me'] = bench.providers.meetings.zoom.defaultUsers ?? [];
  const host = { kind: 'service', user } as const;
  const input = { ...bench.about, key: bench.key('meeting:zoom:1'), provider: 'zoom', slot } as const;
  const create = () =>
    bench.activities.createMeeting({ ...input, revision: 1, topic: 'Nightfall', hasFallback: false });
  const remove = (...moves: readonly string[]) =>
    bench.activities.removeMeeting({
      ...bench.about,
      keys: [input.key, ...moves],
      provider: 'zoom',
      slot,
    });
  /** Creates a second meeting under the same reference, as an overlapping attempt does. */
  const makeAnother = () => {
    const reference = meetingReference(bench.auditionId, input.key);
    const call = { signal: AbortSignal.timeout(5_000), correlationId: 'corr-1' };
    return bench.providers.meetings.zoom.create(
      host,
      { reference, topic: 'Nightfall', slot, settings: {} },
      call,
    );
  };
  const moveKey = bench.key('meeting-move:zoom:r2');
  const moveTo = (meeting: Meeting, revision: number, to: Slot) =>
    bench.activities.moveMeeting({
      ...input,
      key: bench.key(`meeting-move:zoom:r${revision}`),
      slot: to,
      revision,
      topic: 'Nightfall',
      meeting,
    });
  const move = (meeting: Meeting) => moveTo(meeting, 2, laterSlot);
  /** Deletes the meeting, as its host does at Zoom. */
  const deleteByHand = ({ id }: Meeting) =>
    bench.providers.meetings.zoom.remove(host, id, {
      signal: AbortSignal.timeout(5_000),
      correlationId: 'corr-1',
    });
  return {
    ...bench,
    input,
    create,
    remove,
    move,
    moveTo,
    moveKey,
    deleteByHand,
    makeAnother,
    meetings: () => bench.state().zoom.meetings,
  };
};

describe('a meeting on Zoom', () => {
  it('is created once when createMeeting is repeated', async () => {
    const { create, meetings } = await setup();
    const first = await create();
    expect(await create()).toEqual(first);
    expect(first).toMatchObject({ provider: 'zoom', joinUrl: expect.stringContaining('https://') });
    expect(meetings()).toHaveLength(1);
  });

  it('is found by the next attempt when the answer was lost', async () => {
    const { create, meetings, fault } = await setup();
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage', nonRetryable: false });
    const meeting = await create();
    expect(meetings().map(({ id }) => String(id))).toEqual([meeting.id]);
  });

  it('is removed when its answer was lost, and a late attempt creates none', async () => {
    const { create, remove, meetings, fault } = await setup();
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await create().catch(() => undefined);
    expect(meetings()).toHaveLength(1);
    expect(await remove()).toEqual({ result: 'undone' });
    expect(meetings()).toHaveLength(0);
    await expect(create()).rejects.toMatchObject({ type: 'Compensated', nonRetryable: true });
  });

  it('is created once when Zoom answers after the deadline: the next attempts only search', async () => {
    const { create, meetings, fault } = await setup();
    fault('zoom', { kind: 'latency', operation: 'meetings.create', latencyMs: 9_500, times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage', nonRetryable: false });
    await expect(create()).rejects.toMatchObject({ type: 'busy', nextRetryDelay: 10_000 });
    await vi.waitFor(() => expect(meetings()).toHaveLength(1), 3_000);
    const meeting = await create();
    expect(meetings().map(({ id }) => String(id))).toEqual([meeting.id]);
  });

  it('is reduced to one when it was created twice, and is removed completely', async () => {
    const { create, remove, meetings, fault, timePasses, makeAnother } = await setup();
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await create().catch(() => undefined);
    await makeAnother();
    await timePasses();
    const meeting = await create();
    expect(meetings().map(({ id }) => String(id))).toEqual([meeting.id]);
    await makeAnother();
    expect(await remove()).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
  });

  it('has nothing to undo when it was never created', async () => {
    const { remove } = await setup();
    expect(await remove()).toEqual({ result: 'nothing_to_undo' });
  });

  it('is moved to the instant of its new slot across a clock change', async () => {
    const { create, move, meetings } = await setup();
    const meeting = await create();
    expect(await move(meeting)).toEqual(meeting);
    expect(await move(meeting)).toEqual(meeting);
    expect(meetings()).toMatchObject([{ start_time: '2031-10-26T00:30:00Z' }]);
  });

  it('keeps the time of a later revision when an older move is attempted again', async () => {
    const { create, moveTo, meetings, fault, state } = await setup();
    const meeting = await create();
    fault('zoom', { kind: 'outage', operation: 'meetings.update', times: 1 });
    await expect(moveTo(meeting, 3, slot)).rejects.toMatchObject({ type: 'outage' });
    await moveTo(meeting, 4, laterSlot);
    expect(await moveTo(meeting, 3, slot)).toEqual(meeting);
    expect(meetings()).toMatchObject([{ start_time: '2031-10-26T00:30:00Z' }]);
    expect(state().calls.zoom['meetings.update']).toMatchObject({ 204: 1 });
  });

  it('is moved to the time of the later revision when two moves run simultaneously', async () => {
    const { create, moveTo, meetings, fault } = await setup();
    const meeting = await create();
    fault('zoom', { kind: 'latency', operation: 'meetings.update', latencyMs: 2_000, times: 1 });
    const slow = moveTo(meeting, 3, slot);
    await pause(500);
    await expect(moveTo(meeting, 4, laterSlot)).rejects.toMatchObject({
      type: 'retry_after',
      nonRetryable: false,
    });
    await slow;
    await moveTo(meeting, 4, laterSlot);
    expect(meetings()).toMatchObject([{ start_time: '2031-10-26T00:30:00Z' }]);
  });

  it('is removed once after it was moved', async () => {
    const { create, move, remove, meetings, state, repositories, auditionId } = await setup();
    await move(await create());
    expect(await remove()).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
    expect(await repositories.ledger.standingEffects(auditionId)).toEqual([]);
    expect(state().calls.zoom['meetings.delete']).toEqual({ 204: 1 });
  });

  it('is kept when only its move is undone', async () => {
    const { create, move, moveKey, activities, about, meetings } = await setup();
    await move(await create());
    expect(await activities.removeMeeting({ ...about, keys: [moveKey], provider: 'zoom', slot })).toEqual({
      result: 'nothing_to_undo',
    });
    expect(meetings()).toHaveLength(1);
  });

  it('is made anew by a move when Zoom no longer has it, and removed under the key of the move', async () => {
    const { create, move, moveKey, deleteByHand, remove, meetings } = await setup();
    const meeting = await create();
    await deleteByHand(meeting);
    const again = await move(meeting);
    expect(again.id).not.toBe(meeting.id);
    expect(await move(meeting)).toEqual(again);
    expect(meetings()).toMatchObject([{ start_time: '2031-10-26T00:30:00Z', join_url: again.joinUrl }]);
    expect(await remove(moveKey)).toEqual({ result: 'undone' });
    expect(meetings()).toEqual([]);
  });

  it('is made anew once when the answer to its second creation was lost', async () => {
    const { create, move, deleteByHand, meetings, fault } = await setup();
    const meeting = await create();
    await deleteByHand(meeting);
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await expect(move(meeting)).rejects.toMatchObject({ type: 'outage', nonRetryable: false });
    const again = await move(meeting);
    expect(meetings().map(({ id }) => String(id))).toEqual([again.id]);
  });

  it('is moved by the next attempt when the answer to its move was lost', async () => {
    const { create, move, meetings, fault } = await setup();
    const meeting = await create();
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.update', times: 1 });
    await expect(move(meeting)).rejects.toMatchObject({ type: 'outage' });
    expect(await move(meeting)).toEqual(meeting);
    expect(meetings()).toMatchObject([{ start_time: '2031-10-26T00:30:00Z' }]);
  });

  it('is recorded with what removing it needs', async () => {
    const { create, repositories, auditionId, input } = await setup();
    await create();
    expect(await repositories.ledger.standingEffects(auditionId)).toEqual([
      {
        key: input.key,
        target: {
          kind: 'meeting',
          provider: 'zoom',
          slot,
          host: { kind: 'service', user: expect.stringMatching(/^first@/) },
        },
        providerId: expect.any(String),
      },
    ]);
  });

  it('is ended once, also when people open it again and the activity is repeated', async () => {
    const { create, activities, about, key, sandbox, meetings } = await setup();
    const meeting = await create();
    const end = () =>
      activities.endMeeting({ ...about, key: key('meeting-end:zoom:r1'), provider: 'zoom', meeting, slot });
    /** No one receives the webhook. */
    const open = () => void sandbox.control.sendMeetingEvent(meeting.id, { event: 'meeting.started' });
    open();
    await end();
    expect(meetings()).toMatchObject([{ status: 'waiting' }]);
    open();
    await end();
    expect(meetings()).toMatchObject([{ status: 'started' }]);
  });

  it('is retried after the delay that Zoom requests', async () => {
    const { create, fault } = await setup();
    fault('zoom', { kind: 'rate_limit', retryAfterSeconds: 30, times: 1 });
    const failure: unknown = await create().catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'retry_after', details: [{ provider: 'zoom' }] });
    expect(failure).toHaveProperty('nextRetryDelay', expect.any(Number));
  });
});
