import { describe, expect, it } from 'vitest';
import type { Slot } from '../../domain/audition/slot.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';

const benchFor = useActivityHarness();

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' } as const;

const setup = async () => {
  const bench = await benchFor();
  const write = (revision: number, at: Slot) =>
    bench.activities.writeEvent({
      ...bench.about,
      key: bench.key(`event:r${revision}`),
      calendar,
      slot: at,
      revision,
      summary: 'Captain, Nightfall',
      description: 'Bring the sides',
    });
  const remove = (revision: number) =>
    bench.activities.removeEvent({
      ...bench.about,
      key: bench.key(`event:r${revision}`),
      calendar,
    });
  const events = () =>
    bench
      .state()
      .google.calendars.flatMap((calendarState) => calendarState.events)
      .filter(({ status }) => status !== 'cancelled');
  return { ...bench, write, remove, events };
};

describe('the calendar activities', () => {
  it('write one event and move it', async () => {
    const { write, events, auditionId } = await setup();
    const { eventId } = await write(1, slot);
    expect(eventId).toBe(eventIdFor(auditionId, calendar));
    await write(1, slot);
    await write(2, laterSlot);
    expect(events()).toMatchObject([{ id: eventId }]);
    expect(events().map(({ start }) => Date.parse(start.dateTime ?? ''))).toEqual([
      Date.parse(laterSlot.start),
    ]);
  });

  it('write one event when the answer was lost, and remove it', async () => {
    const { write, remove, events, fault } = await setup();
    fault('google', { kind: 'lost_answer', operation: 'events.insert', times: 1 });
    await write(1, slot).catch(() => undefined);
    await write(1, slot);
    expect(events()).toHaveLength(1);
    expect(await remove(1)).toEqual({ result: 'undone' });
    expect(events()).toHaveLength(0);
    await expect(write(1, slot)).rejects.toMatchObject({ type: 'Compensated' });
  });

  it('report the time of a written event as busy', async () => {
    const { write, activities, about } = await setup();
    await write(1, slot);
    const window = { from: slot.start, until: slot.end };
    const busy = await activities.findBusy({
      ...about,
      connection: 'conn_1',
      calendarIds: ['primary'],
      window,
    });
    expect(busy).toEqual([{ start: slot.start, end: slot.end }]);
  });

  it('fail as reconnect when the connection does not exist', async () => {
    const { activities, about, key } = await setup();
    const write = activities.writeEvent({
      ...about,
      key: key('event:r1'),
      calendar: { ...calendar, connection: 'conn_gone' },
      slot,
      revision: 1,
      summary: 'Captain',
      description: '',
    });
    await expect(write).rejects.toMatchObject({ type: 'reconnect', nonRetryable: true });
  });

  it("fail as reconnect for another organization's connection", async () => {
    const { activities, about } = await setup();
    const window = { from: slot.start, until: slot.end };
    const input = {
      ...about,
      organization: 'org_2',
      connection: 'conn_1',
      calendarIds: ['primary'],
      window,
    } as const;
    await expect(activities.findBusy(input)).rejects.toMatchObject({ type: 'reconnect' });
  });

  it('fail as reconnect without calling Google when the account needs reauthorization', async () => {
    const { activities, about, repositories, state } = await setup();
    const window = { from: slot.start, until: slot.end };
    const input = { ...about, connection: 'conn_1', calendarIds: ['primary'], window } as const;
    const { version = 0 } = (await repositories.connections.get('org_1', 'conn_1')) ?? {};
    await repositories.connections.markNeedsReauthorization('conn_1', 'grant_refused', version);
    await expect(activities.findBusy(input)).rejects.toMatchObject({
      type: 'reconnect',
      nonRetryable: true,
      details: [{ connection: 'conn_1', code: 'grant_refused' }],
    });
    expect(state().calls.google).toEqual({});
  });

  it('write the same event as the Meet conference in that calendar', async () => {
    const { write, events, activities, about, key, auditionId } = await setup();
    const input = { ...about, key: key('meeting:google_meet:1'), provider: 'google_meet', slot } as const;
    const create = () =>
      activities.createMeeting({ ...input, revision: 1, topic: 'Nightfall: Captain', hasFallback: false });
    const meeting = await create();
    expect(await create()).toEqual(meeting);
    await write(1, slot);
    expect(events()).toMatchObject([
      { id: eventIdFor(auditionId, calendar), summary: 'Captain, Nightfall', conferenceData: {} },
    ]);
    expect(meeting).toMatchObject({ provider: 'google_meet', joinUrl: expect.stringContaining('https://') });
    expect(await activities.removeMeeting(input)).toEqual({ result: 'undone' });
    expect(events()).toHaveLength(0);
  });
});
