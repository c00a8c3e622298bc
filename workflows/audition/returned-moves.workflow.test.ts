/** Moves that return to the old slot: all that was open, answered or pending before the move is so again. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { castingDirector, performer, slotIn } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const minute = 60_000;
const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);
const slotAfter = async (hours = 96) => slotIn(hours, await stage.environment.currentTimeMs());
const startOf = async ({ view }: RunningAudition): Promise<number> =>
  toEpochMs((await view()).slot?.start ?? '1970-01-01T00:00:00.000Z');
const say = ({ send }: RunningAudition, participant: typeof performer.id, answer: 'accepted' | 'declined') =>
  send(messages.respondUpdate, { ...apiCommand, participant, answer });
const itemOf = async ({ view }: RunningAudition, step: string) =>
  (await view()).attention.filter((item) => item.step === step);

/** Moves the audition so that its meeting cannot follow. */
const moveThatHangs = async (played: RunningAudition, hours = 96): Promise<void> => {
  played.world.fail('moveMeeting', 'reconnect');
  played.world.fail('createMeeting', 'reconnect');
  const wish = { kind: 'fixed', slot: await slotAfter(hours) } as const;
  await played.send(messages.rescheduleUpdate, { ...apiCommand, wish });
  await played.until(({ attention }) => attention.some(({ step }) => step === 'meeting'));
};

/** Moves the audition in vain: an operator aborts the move. */
const moveInVain = async (played: RunningAudition): Promise<void> => {
  await moveThatHangs(played);
  played.world.clearFaults();
  await played.resolve('meeting', 'abort');
  await played.until(({ revision }) => revision === 3);
};

describe('a move that returns to the old slot', () => {
  it('asks again whether the session took place', async () => {
    await stage.runAudition({}, async (played) => {
      await played.until(({ attention }) => attention.some(({ step }) => step === 'session'));
      await moveInVain(played);
      expect(await itemOf(played, 'session')).toHaveLength(1);
      await played.resolve('session', 'held');
      await played.until(({ state }) => state === 'awaiting_decision');
    });
  });

  it('asks again about a notice that bounced', async () => {
    await stage.runAudition({ recordAs: 'move-aborted-bounced' }, async (played) => {
      const [notice] = (await invited(played)).notices;
      if (!notice) throw new Error('there is no notice');
      await played.handle.signal(messages.deliveryReportedSignal, { ...notice, status: 'failed' });
      await played.until(({ attention }) => attention.some(({ step }) => step === 'invitation'));
      await moveInVain(played);
      expect(await itemOf(played, 'invitation')).toHaveLength(1);
      await played.resolve('invitation', 'skip');
    });
  });

  it('asks about a notice of the old slot that bounces afterwards', async () => {
    await stage.runAudition({}, async (played) => {
      const [notice] = (await invited(played)).notices;
      if (!notice) throw new Error('there is no notice');
      await moveInVain(played);
      await played.handle.signal(messages.deliveryReportedSignal, { ...notice, status: 'failed' });
      await played.until(({ attention }) => attention.some(({ step }) => step === 'invitation'));
      expect(await itemOf(played, 'invitation')).toHaveLength(1);
    });
  });

  it('does not repeat a question that was answered before', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await say(played, castingDirector.id, 'declined');
      await played.resolve('answer', 'skip');
      await moveInVain(played);
      expect(await itemOf(played, 'answer')).toEqual([]);
    });
  });

  it('keeps the decline of a performer pending, with its period', async () => {
    await stage.runAudition({ recordAs: 'move-aborted-declined' }, async (played) => {
      await invited(played);
      const { participants } = await say(played, performer.id, 'declined');
      const { answerFinalAt, answeredAt } = participants.find(({ id }) => id === performer.id) ?? {};
      await moveInVain(played);
      const back = (await played.view()).participants.find(({ id }) => id === performer.id);
      expect(back).toMatchObject({ answer: 'declined', answerFinalAt, answeredAt });
      expect(await played.result()).toMatchObject({ outcome: 'declined' });
    });
  });

  it('continues a session that an early check-in had begun', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await played.advanceTo(toInstant((await startOf(played)) - 20 * minute));
      await played.send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      await moveInVain(played);
      const { state, participants } = await played.view();
      expect(state).toBe('in_progress');
      expect(participants.find(({ id }) => id === performer.id)).toMatchObject({ checkedIn: true });
    });
  });

  it('begins the session of a meeting that was opened during the move', async () => {
    await stage.runAudition({}, async (played) => {
      const { meeting } = await invited(played);
      const start = await startOf(played);
      await played.advanceTo(toInstant(start - 20 * minute));
      await moveThatHangs(played);
      await played.handle.signal(messages.meetingStartedSignal, { origin: 'system', meetingId: meeting?.id });
      await played.until(({ state }) => state === 'in_progress');
      expect(await played.view()).toMatchObject({ revision: 3, slot: { start: toInstant(start) } });
    });
  });

  it('creates one meeting, after its return, when the meeting was deleted during it', async () => {
    await stage.runAudition({}, async (played) => {
      const { world, handle } = played;
      const { meeting } = await invited(played);
      world.fail('writeEvent', 'reconnect');
      const wish = { kind: 'fixed', slot: await slotAfter() } as const;
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish });
      await played.until(({ attention }) => attention.some(({ step }) => step === 'calendar_event'));
      world.meetings.delete(meeting?.id ?? '');
      await handle.signal(messages.meetingDeletedSignal, { origin: 'system', meetingId: meeting?.id });
      world.clearFaults();
      const back = await played.until(
        ({ revision, meeting: other }) => revision === 3 && other !== undefined,
      );
      expect(back).toMatchObject({ state: 'scheduled', meeting: { provider: 'zoom' } });
      await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'update').length === 4);
      expect(world.callsOf('createMeeting')).toHaveLength(2);
      expect(world.meetings.size).toBe(1);
      const types = world.factTypes();
      expect(types.indexOf('move_reverted')).toBeLessThan(types.lastIndexOf('meeting_created'));
    });
  });

  it('no longer moves the meeting back once the audition has moved again', async () => {
    await stage.runAudition({}, async (played) => {
      const { world } = played;
      await invited(played);
      await moveThatHangs(played);
      await played.resolve('meeting', 'abort');
      await played.until(
        ({ revision, attention }) => revision === 3 && attention.some(({ step }) => step === 'meeting'),
      );
      world.clearFaults();
      const wish = { kind: 'fixed', slot: await slotAfter(120) } as const;
      const moved = await played.send(messages.rescheduleUpdate, { ...apiCommand, wish });
      expect(moved).toMatchObject({ state: 'scheduled', revision: 4, attention: [] });
      expect(world.callsOf('moveMeeting').at(-1)).toMatch(/:r4$/);
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      expect([world.meetings.size, world.calendarEvents.size, world.claims.size]).toEqual([0, 0, 0]);
    });
  });

  it('asks again about another event in the time of the old slot', async () => {
    await stage.runAudition({}, async (played) => {
      const { slot } = await invited(played);
      if (!slot) throw new Error('there is no slot');
      const conflict: CalendarChange = {
        inboxId: 'in-conflict',
        participant: performer.id,
        provider: 'google',
        connection: 'conn_performer',
        revision: 1,
        change: { kind: 'conflict', start: slot.start, end: slot.end },
      };
      await played.handle.signal(messages.calendarChangedSignal, conflict);
      await played.until(({ attention }) => attention.some(({ step }) => step === 'calendar_conflict'));
      await moveInVain(played);
      expect(await itemOf(played, 'calendar_conflict')).toHaveLength(1);
      await played.handle.signal(messages.calendarChangedSignal, {
        ...conflict,
        inboxId: 'in-over',
        revision: 3,
        change: { kind: 'conflict_over' },
      });
      await played.until(({ attention }) => attention.length === 0);
    });
  });

  it('goes on when an operator aborts its return', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await moveThatHangs(played);
      await played.resolve('meeting', 'abort');
      await played.until(
        ({ revision, attention }) => revision === 3 && attention.some(({ step }) => step === 'meeting'),
      );
      await played.resolve('meeting', 'abort');
      const { state } = await played.until(({ attention }) =>
        attention.every(({ step }) => step !== 'meeting'),
      );
      expect(state).toBe('scheduled');
    });
  });
});

it('a move to an earlier slot returns when that slot begins, because no participant knows it', async () => {
  await stage.runAudition({ recordAs: 'move-earlier-returned' }, async (played) => {
    const { slot } = await invited(played);
    await moveThatHangs(played, 48);
    const soon = await startOf(played);
    const back = await played.until(({ revision }) => revision === 3);
    expect(back).toMatchObject({ slot, state: 'scheduled' });
    expect(toEpochMs(back.stateSince)).toBeLessThan(soon + minute);
    expect(played.world.notices.filter((key) => key.includes(':update:'))).toEqual([]);
    expect(defaultPolicy.checkInOpens).toBeGreaterThan(minute);
  });
});
