/** Moving an audition to another slot: success, refusal and reversal. */
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Slot } from '../../domain/audition/slot.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { castingDirector, performer, slotIn } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  updateFailureOf,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const scheduled = ({ until }: RunningAudition) => until(({ state }) => state === 'scheduled');

const laterSlot = async (hours = 96): Promise<Slot> => slotIn(hours, await stage.environment.currentTimeMs());

const move = ({ send }: RunningAudition, slot: Slot) =>
  send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot }, reason: 'travel' });

describe('a reschedule', () => {
  it('moves everything to the new slot, then notifies all participants', async () => {
    await stage.runAudition({ recordAs: 'rescheduled' }, async (played) => {
      const { world } = played;
      await scheduled(played);
      const slot = await laterSlot();
      const moved = await move(played, slot);
      expect(moved).toMatchObject({ state: 'scheduled', slot, revision: 2, announcedAs: [2] });
      expect([...world.claims]).toEqual([2]);
      expect(world.callsOf('moveMeeting')).toHaveLength(1);
      await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'update').length === 4);
      expect(moved.participants.every(({ answer }) => answer === 'none')).toBe(true);
    });
  });

  it.each([
    [
      'a participant is busy',
      'slot_taken',
      'move-busy',
      ({ world }: RunningAudition) => void (world.busy = [always]),
    ],
    [
      'another audition holds it',
      'slot_taken',
      'move-taken',
      ({ world }: RunningAudition) => void (world.holdsTaken = true),
    ],
  ])('is refused when %s, and changes nothing', async (_, code, recordAs, arrange) => {
    await stage.runAudition({ recordAs }, async (played) => {
      await scheduled(played);
      arrange(played);
      expect(await updateFailureOf(move(played, await laterSlot()))).toMatchObject({ code });
      expect(await played.view()).toMatchObject({ state: 'scheduled', revision: 1 });
      expect([...played.world.claims]).toEqual([1]);
      expect(played.world.callsOf('moveMeeting')).toEqual([]);
    });
  });

  it('tells when the plan of the host is too short for the new slot', async () => {
    await stage.runAudition({ recordAs: 'rescheduled-beyond-plan' }, async (played) => {
      await scheduled(played);
      played.world.movedMeeting = { notHonored: ['duration'] };
      const moved = await move(played, await laterSlot());
      expect(moved.meeting).toMatchObject({ notHonored: ['duration'] });
      played.world.movedMeeting = { notHonored: [] };
      expect((await move(played, await laterSlot(97))).meeting).not.toHaveProperty('notHonored');
    });
  });

  it('is refused once the new slot has begun', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      expect(await updateFailureOf(move(played, await laterSlot(-1)))).toMatchObject({
        code: 'slot_in_the_past',
      });
    });
  });

  it('is refused when the session begins while the new slot is being held', async () => {
    await stage.runAudition({ recordAs: 'move-session-began' }, async (played) => {
      const { world, send, advanceTo } = played;
      const { slot } = await scheduled(played);
      if (!slot) throw new Error('there is no slot');
      await advanceTo(toInstant(toEpochMs(slot.start) + 60_000));
      world.beforeActivity = async ({ activity }) => {
        if (activity !== 'claimSlot') return;
        await send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      };
      expect(await updateFailureOf(move(played, await laterSlot()))).toMatchObject({ code: 'wrong_state' });
      expect(await played.view()).toMatchObject({ state: 'in_progress', slot, revision: 1 });
      expect([...world.claims]).toEqual([1]);
    });
  });

  it.each(['outage', 'quota_exhausted', 'not_permitted', 'reconnect', 'conflict'] as const)(
    'makes the meeting on the next provider when its own fails: %s',
    async (kind) => {
      const recordAs = kind === 'outage' ? { recordAs: 'move-fell-back' } : {};
      await stage.runAudition(recordAs, async (played) => {
        const { meeting } = await scheduled(played);
        const slot = await laterSlot();
        played.world.fail('moveMeeting', kind);
        let failures = 20;
        played.world.beforeActivity = ({ activity }) => {
          if (activity !== 'removeMeeting' || failures === 0) return;
          failures -= 1;
          throw ApplicationFailure.create({ type: 'outage', message: 'down' });
        };
        const from = await stage.environment.currentTimeMs();
        await move(played, slot);
        const moved = await played.until(({ state, revision }) => state === 'scheduled' && revision === 2);
        expect(moved.meeting).toMatchObject({ provider: 'google_meet' });
        expect(moved.meeting?.id).not.toBe(meeting?.id);
        expect(toEpochMs(moved.updatedAt) - from).toBeLessThan(2 * 60_000);
        expect(moved.attention).toEqual([]);
        // Zoom's meeting is removed when Zoom answers again.
        await played.until(() => played.world.meetings.size === 1);
        expect([...played.world.meetings].map((key) => key.split(':meeting:')[1])).toEqual(['google_meet:2']);
        expect((await played.view()).attention).toEqual([]);
        const updates = played.world.notices.filter((key) => key.includes(':update:'));
        expect(updates).toHaveLength(4);
      });
    },
  );

  it('asks an operator when no provider can make the meeting at the new time', async () => {
    await stage.runAudition({}, async (played) => {
      const { meeting } = await scheduled(played);
      played.world.fail('moveMeeting', 'not_permitted');
      played.world.fail('createMeeting', 'not_permitted');
      await move(played, await laterSlot());
      await played.until(({ attention }) => attention.some(({ step }) => step === 'meeting'));
      expect((await played.view()).meeting).toEqual(meeting);
      played.world.clearFaults();
      await played.resolve('meeting', 'retry');
      const moved = await played.until(({ state, revision }) => state === 'scheduled' && revision === 2);
      expect(moved.meeting).toEqual(meeting);
      expect(played.world.meetings.size).toBe(1);
    });
  });

  it('returns to the old slot with its old answers when it is aborted', async () => {
    await stage.runAudition({ recordAs: 'move-aborted' }, async (played) => {
      const { world, send, until } = played;
      const { slot } = await scheduled(played);
      for (const { id } of [performer, castingDirector])
        await send(messages.respondUpdate, { ...apiCommand, participant: id, answer: 'accepted' });
      world.fail('moveMeeting', 'reconnect');
      world.fail('createMeeting', 'reconnect');
      await move(played, await laterSlot());
      world.clearFaults();
      await played.resolve('meeting', 'abort');
      const back = await until(({ revision, state }) => revision === 3 && state === 'confirmed');
      expect(back).toMatchObject({ slot, announcedAs: [1, 3], attention: [] });
      expect([...world.claims]).toEqual([1]);
      expect(world.notices.filter((key) => key.includes(':update:'))).toEqual([]);
    });
  });

  it('leaves the audition in its slot when it is aborted at the calendar check', async () => {
    await stage.runAudition({ recordAs: 'move-check-aborted' }, async (played) => {
      await scheduled(played);
      played.world.fail('findBusy', 'reconnect', 'conn_performer');
      await move(played, await laterSlot());
      await played.resolve('conflict_check', 'abort');
      await played.until(({ attention }) => attention.length === 0);
      expect(await played.view()).toMatchObject({ state: 'scheduled', revision: 1 });
      await expect.poll(() => [...played.world.claims], { timeout: 10_000 }).toEqual([1]);
    });
  });

  it('holds nothing else when the calendar turns out to be busy after an operator retried', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      played.world.fail('findBusy', 'reconnect', 'conn_performer');
      const slot = await laterSlot();
      await move(played, slot);
      played.world.clearFaults();
      played.world.busy = [slot];
      await played.resolve('conflict_check', 'retry');
      await played.until(({ attention }) => attention.length === 0);
      await expect.poll(() => played.world.factTypes().at(-1), { timeout: 10_000 }).toBe('move_refused');
      expect([...played.world.claims]).toEqual([1]);
    });
  });

  it('to a window whose best slot is the present one changes nothing', async () => {
    await stage.runAudition({}, async (played) => {
      const { slot, sequence } = await played.until(({ notices }) => notices.length === 4);
      if (!slot) throw new Error('there is no slot');
      const { start: earliest, end: latest, zone } = slot;
      const wish = { kind: 'window', earliest, latest, durationMinutes: 30, zone } as const;
      const view = await played.send(messages.rescheduleUpdate, { ...apiCommand, wish });
      expect(view).toMatchObject({ revision: 1, sequence });
      expect([...played.world.claims]).toEqual([1]);
    });
  });

  it('waits for the one before it, and is refused when the audition ends in the meantime', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      played.world.fail('moveMeeting', 'outage');
      played.world.fail('createMeeting', 'outage');
      const [soon, late] = [await laterSlot(), await laterSlot(120)];
      const refusals = Promise.all([
        updateFailureOf(move(played, soon)),
        updateFailureOf(move(played, late)),
      ]);
      await played.until(({ revision }) => revision === 2);
      await played.send(messages.cancelUpdate, apiCommand);
      expect((await refusals).map(({ code }) => code)).toEqual(['audition_closed', 'audition_closed']);
      await played.result();
      expect(played.world.meetings.size).toBe(0);
    });
  });
});

const always = { start: '2020-01-01T00:00:00.000Z', end: '2080-01-01T00:00:00.000Z' } as const;
