/** The lifecycle of an audition, from request to each outcome. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import {
  auditionPlan,
  castingDirector,
  participantId,
  performer,
  slotIn,
} from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  terminateWhenIdle,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const respond = (participant: string, answer: 'accepted' | 'declined') => ({
  ...apiCommand,
  participant: participantId(participant),
  answer,
});

const scheduled = ({ until }: RunningAudition) => until(({ state }) => state === 'scheduled');

/** Notices are sent after the audition is scheduled. */
const invited = ({ until, plan }: RunningAudition) =>
  until(
    ({ state, notices }) =>
      state === 'scheduled' &&
      notices.length === plan.participants.flatMap(({ channels }) => channels).length,
  );

/** Runs the audition until its session is over. */
const untilSessionOver = async ({ handle, send, until, advanceTo, plan }: RunningAudition): Promise<void> => {
  await until(({ state }) => state === 'scheduled');
  const start = plan.wish.kind === 'fixed' ? plan.wish.slot.start : '1970-01-01T00:00:00.000Z';
  await advanceTo(toInstant(toEpochMs(start) - 60_000));
  await send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
  await advanceTo(toInstant(toEpochMs(start) + 60_000));
  await handle.signal(messages.meetingEndedSignal, { origin: 'system' });
  await until(({ state }) => state === 'awaiting_decision');
};

describe('an audition with a calendar that is only read', () => {
  it('reads its busy times, and writes no event to it', async () => {
    const feed = { provider: 'ics', connection: 'conn_feed', calendarId: 'primary' } as const;
    const participants = [{ ...performer, calendar: feed }, castingDirector];
    await stage.runAudition({ plan: { participants } }, async (played) => {
      await invited(played);
      expect(played.world.callsOf('findBusy')).toContain('conn_office');
      expect([...played.world.calendarEvents].join()).toContain(castingDirector.id);
      expect(played.world.calendarEvents.size).toBe(1);
      await played.send(messages.cancelUpdate, { ...apiCommand, reason: 'role cut' });
      await played.result();
      expect(played.world.calendarEvents.size).toBe(0);
    });
  });
});

describe('an audition', () => {
  it('runs from request to decision', async () => {
    await stage.runAudition({ recordAs: 'booked' }, async (played) => {
      const { world, handle, send, result } = played;
      await invited(played);
      expect(world.meetings.size).toBe(1);
      expect(world.calendarEvents.size).toBe(2);
      expect(world.notices.filter((key) => key.includes(':invitation:'))).toHaveLength(4);

      await send(messages.respondUpdate, respond(performer.id, 'accepted'));
      const confirmed = await send(messages.respondUpdate, respond(castingDirector.id, 'accepted'));
      expect(confirmed.state).toBe('confirmed');

      const start = await startOf(played);
      await played.advanceTo(toInstant(start - 60_000));
      await send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      await played.advanceTo(toInstant(start + 60_000));
      await handle.signal(messages.meetingEndedSignal, { origin: 'system' });
      await played.until(({ state }) => state === 'awaiting_decision');
      await send(messages.decideUpdate, { ...apiCommand, decision: 'booked' });

      expect(await result()).toMatchObject({ state: 'closed', outcome: 'booked', attention: [] });
      expect(world.notices.filter((key) => key.includes(':reminder:'))).toHaveLength(8);
      expect(world.retractions).toEqual([]);
      expect(world.factTypes().at(-1)).toBe('decided');
    });
  });

  it('starts the next round as a separate audition that outlives it', async () => {
    await stage.runAudition({ recordAs: 'callback' }, async (played) => {
      await untilSessionOver(played);
      const now = await stage.environment.currentTimeMs();
      const next = { id: auditionPlan(now).id, slot: slotIn(120, now), round: 'callback' as const };
      const world = played.createWorld(next.id);
      const decided = await played.send(messages.decideUpdate, { ...apiCommand, decision: 'callback', next });
      expect(decided).toMatchObject({ outcome: 'callback', next: next.id });
      await played.result();

      const nextRound = stage.client.workflow.getHandle(`audition/${next.id}`);
      const nextView = async () => nextRound.query(messages.viewQuery);
      await expect.poll(async () => (await nextView()).state, { timeout: 20_000 }).toBe('scheduled');
      expect(await nextView()).toMatchObject({ round: 'callback', previous: played.plan.id });
      expect(world.notices.filter((key) => key.includes(':invitation:'))).toHaveLength(4);
      await terminateWhenIdle(nextRound);
    });
  });

  it('gives the meeting of the next round the settings of that round', async () => {
    const meetingSettings = { waitingRoom: true };
    const meetingSettingsOfRounds = { first: meetingSettings, callback: { waitingRoom: false } };
    await stage.runAudition({ plan: { meetingSettings, meetingSettingsOfRounds } }, async (played) => {
      await untilSessionOver(played);
      const now = await stage.environment.currentTimeMs();
      const next = { id: auditionPlan(now).id, slot: slotIn(120, now), round: 'callback' as const };
      played.createWorld(next.id);
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'callback', next });
      await played.result();

      const nextRound = stage.client.workflow.getHandle(`audition/${next.id}`);
      await expect
        .poll(async () => (await nextRound.query(messages.viewQuery)).state, { timeout: 20_000 })
        .toBe('scheduled');
      expect((await nextRound.query(messages.planQuery)).meetingSettings).toEqual({ waitingRoom: false });
      await terminateWhenIdle(nextRound);
    });
  });

  it('is closed and undone when the performer declines, who gets no cancellation', async () => {
    await stage.runAudition({ recordAs: 'declined' }, async (played) => {
      const { send, world, result } = played;
      await invited(played);
      await send(messages.respondUpdate, respond(performer.id, 'declined'));
      expect(await result()).toMatchObject({ outcome: 'declined' });
      expect([world.meetings.size, world.calendarEvents.size, world.claims.size]).toEqual([0, 0, 0]);
      expect(world.retractions.filter((key) => key.includes(performer.id))).toEqual([]);
      expect(world.retractions).toHaveLength(2);
    });
  });

  it('ends a session without an end report, and escalates an overdue decision', async () => {
    await stage.runAudition({ recordAs: 'late-decision' }, async (played) => {
      const { send, until, advanceTo } = played;
      await scheduled(played);
      await advanceTo(toInstant((await startOf(played)) - 60_000));
      await send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      await until(({ state }) => state === 'awaiting_decision');
      await until(({ attention }) => attention.some(({ step }) => step === 'decision'));
      await send(messages.decideUpdate, { ...apiCommand, decision: 'released' });
      expect(await played.result()).toMatchObject({ outcome: 'released', attention: [] });
    });
  });

  it('sends no cancellations when it is cancelled after its session', async () => {
    await stage.runAudition({}, async (played) => {
      await untilSessionOver(played);
      await played.send(messages.cancelUpdate, apiCommand);
      expect(await played.result()).toMatchObject({ outcome: 'cancelled' });
      expect(played.world.retractions).toEqual([]);
      expect(played.world.meetings.size).toBe(1);
    });
  });

  it('undoes everything when it is cancelled', async () => {
    await stage.runAudition({ recordAs: 'cancelled' }, async (played) => {
      const { world, send, result } = played;
      await invited(played);
      const cancelled = await send(messages.cancelUpdate, { ...apiCommand, reason: 'the part is cut' });
      expect(cancelled).toMatchObject({ state: 'closed', outcome: 'cancelled' });
      await result();
      expect(world.meetings.size).toBe(0);
      expect(world.calendarEvents.size).toBe(0);
      expect(world.claims.size).toBe(0);
      expect(world.retractions).toHaveLength(4);
    });
  });

  it.each([
    ['taken', 'slot-taken', (played: RunningAudition['world']) => void (played.holdsTaken = true)],
    ['busy', 'slot-busy', (world: RunningAudition['world']) => void (world.busy = [slotIn(0, 0), always])],
  ])('is refused when its slot is %s, and leaves no effects', async (reason, recordAs, prepare) => {
    await stage.runAudition({ recordAs, prepare }, async ({ handle, result, world }) => {
      const first = await handle.executeUpdate(messages.firstResultUpdate);
      expect(first).toMatchObject({ kind: 'refused', reason });
      expect(await result()).toMatchObject({ outcome: 'failed' });
      expect([world.meetings.size, world.notices.length, world.claims.size]).toEqual([0, 0, 0]);
    });
  });

  it('holds a free slot in a window', async () => {
    const now = await stage.environment.currentTimeMs();
    const { start, zone } = slotIn(48, now);
    const wish = {
      kind: 'window',
      earliest: start,
      latest: toInstant(toEpochMs(start) + 4 * 3_600_000),
      durationMinutes: 30,
      zone,
    } as const;
    const busy = [{ start, end: toInstant(toEpochMs(start) + 3_600_000) }];
    await stage.runAudition(
      { recordAs: 'window', plan: { wish }, prepare: (world) => void (world.busy = busy) },
      async (played) => {
        const { slot } = await scheduled(played);
        expect(toEpochMs(slot?.start ?? start)).toBeGreaterThanOrEqual(toEpochMs(start) + 3_600_000);
        expect(played.world.meetings.size).toBe(1);
      },
    );
  });

  it('creates no meeting when it takes place in person', async () => {
    await stage.runAudition({ recordAs: 'in-person', plan: { meetingProviders: [] } }, async (played) => {
      const { meeting } = await scheduled(played);
      expect(meeting).toBeUndefined();
      expect(played.world.callsOf('createMeeting')).toEqual([]);
    });
  });
});

const always = { start: '2020-01-01T00:00:00.000Z', end: '2080-01-01T00:00:00.000Z' } as const;

const startOf = async ({ view }: RunningAudition): Promise<number> => {
  const { slot } = await view();
  if (!slot) throw new Error('there is no slot');
  return toEpochMs(slot.start);
};
