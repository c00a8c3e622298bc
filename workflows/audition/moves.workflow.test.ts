/** Moves in unplanned situations: waiting for an operator, next to the old slot, repeated, with a lost meeting. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../domain/audition/policy.ts';
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

const minute = 60_000;
const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);
const laterSlot = async (hours = 96) => slotIn(hours, await stage.environment.currentTimeMs());
const move = ({ send }: RunningAudition, slot: ReturnType<typeof slotIn>) =>
  send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });

/** Lets a reschedule wait for an operator before the audition has moved. */
const moveThatWaits = async (played: RunningAudition): Promise<void> => {
  await invited(played);
  played.world.fail('findBusy', 'reconnect', 'conn_performer');
  await move(played, await laterSlot());
};

describe('a reschedule that waits for an operator', () => {
  it('keeps the old slot in force: reminders, session and decision continue', async () => {
    await stage.runAudition({ recordAs: 'move-waiting' }, async (played) => {
      await moveThatWaits(played);
      const { slot, notices } = await played.until(
        ({ notices: sent }) => sent.filter(({ notice }) => notice === 'reminder').length === 8,
      );
      expect(notices.every(({ revision }) => revision === 1)).toBe(true);
      await played.advanceTo(toInstant(toEpochMs(slot?.start ?? '1970-01-01T00:00:00.000Z') + minute));
      const { attention } = await played.until(({ attention: open }) => open.length === 0);
      expect(attention).toEqual([]);
      await played.send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'booked' });
      expect(await played.result()).toMatchObject({ outcome: 'booked', revision: 1 });
      expect(played.world.factTypes()).toContain('move_refused');
    });
  });

  it('answers another reschedule with a refusal', async () => {
    await stage.runAudition({}, async (played) => {
      await moveThatWaits(played);
      expect(await updateFailureOf(move(played, await laterSlot(120)))).toMatchObject({
        code: 'move_in_progress',
      });
    });
  });

  it('does not delay a decision', async () => {
    await stage.runAudition({}, async (played) => {
      await moveThatWaits(played);
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'released' });
      expect(await played.result()).toMatchObject({ outcome: 'released', attention: [] });
    });
  });
});

describe('a move that cannot be finished', () => {
  it('returns to the old slot before that begins, and restores its open questions', async () => {
    await stage.runAudition({ recordAs: 'move-returned' }, async (played) => {
      const { world, send, until } = played;
      const { slot } = await invited(played);
      await send(messages.respondUpdate, {
        ...apiCommand,
        participant: castingDirector.id,
        answer: 'declined',
      });
      world.fail('moveMeeting', 'reconnect');
      world.fail('createMeeting', 'reconnect');
      expect(await move(played, await laterSlot())).toMatchObject({ revision: 2, state: 'scheduling' });
      const back = await until(({ revision }) => revision === 3);
      expect(back).toMatchObject({ slot, state: 'scheduled', announcedAs: [1, 3] });
      expect(toEpochMs(back.updatedAt)).toBeLessThan(
        toEpochMs(slot?.start ?? '1970-01-01T00:00:00.000Z') - defaultPolicy.checkInOpens + minute,
      );
      // The director who had declined.
      expect(back.attention.map(({ step }) => step)).toContain('answer');
      expect([...world.claims]).toEqual([1]);
      world.clearFaults();
      await until(({ attention }) => attention.some(({ step }) => step === 'session'));
      expect(world.notices.filter((key) => key.includes(':update:'))).toEqual([]);
    });
  });
});

describe('a move', () => {
  it('to the same slot changes nothing', async () => {
    await stage.runAudition({}, async (played) => {
      const { slot, sequence } = await invited(played);
      if (!slot) throw new Error('there is no slot');
      expect(await move(played, slot)).toMatchObject({ revision: 1, sequence });
      expect(played.world.callsOf('claimSlot')).toHaveLength(1);
    });
  });

  it('keeps the room', async () => {
    const slot = { ...slotIn(72, await stage.environment.currentTimeMs()), room: 'Studio A' };
    await stage.runAudition(
      { plan: { wish: { kind: 'fixed', slot }, meetingProviders: [] } },
      async (played) => {
        await invited(played);
        expect(await move(played, await laterSlot())).toMatchObject({
          slot: { room: 'Studio A' },
          revision: 2,
        });
      },
    );
  });

  it.each([
    ['another spelling of its room', { room: ' studio  a' }],
    ['another name of its zone', { zone: 'Europe/Brussels' }],
  ])('to the same slot with %s changes nothing', async (_, spelling) => {
    const slot = { ...slotIn(72, await stage.environment.currentTimeMs()), room: 'Studio A' };
    await stage.runAudition(
      { plan: { wish: { kind: 'fixed', slot }, meetingProviders: [] } },
      async (played) => {
        const { sequence } = await invited(played);
        expect(await move(played, { ...slot, ...spelling })).toMatchObject({ revision: 1, sequence });
      },
    );
  });

  it('to a window in which the present slot is the best changes nothing', async () => {
    await stage.runAudition({ recordAs: 'move-window-same' }, async (played) => {
      const { slot } = await invited(played);
      if (!slot) throw new Error('there is no slot');
      const latest = toInstant(toEpochMs(slot.end) + 60 * minute);
      const wish = {
        kind: 'window',
        earliest: slot.start,
        latest,
        durationMinutes: 30,
        zone: slot.zone,
      } as const;
      const quarter = toEpochMs(slot.start) % (15 * minute) === 0;
      const same = quarter ? wish : { ...wish, latest: slot.end };
      const moved = await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: same });
      expect(moved).toMatchObject({ revision: 1, slot });
      expect([...played.world.claims]).toEqual([1]);
      expect(played.world.notices.filter((key) => key.includes(':update:'))).toEqual([]);
    });
  });

  it('releases the new slot when an operator aborts, or the calendar turns out to be busy', async () => {
    await stage.runAudition({}, async (played) => {
      await moveThatWaits(played);
      await played.resolve('conflict_check', 'abort');
      await played.until(({ attention }) => attention.length === 0);
      expect([...played.world.claims]).toEqual([1]);
      await move(played, await laterSlot());
      played.world.clearFaults();
      const { start, end } = await laterSlot();
      played.world.busy = [{ start, end }];
      await played.resolve('conflict_check', 'retry');
      await played.until(({ attention }) => attention.length === 0);
      await expect.poll(() => [...played.world.claims], { timeout: 10_000 }).toEqual([1]);
    });
  });

  it('accepts a window', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      const { start, zone } = await laterSlot();
      const latest = toInstant(toEpochMs(start) + 5 * 60 * minute);
      const wish = { kind: 'window', earliest: start, latest, durationMinutes: 30, zone } as const;
      const moved = await played.send(messages.rescheduleUpdate, { ...apiCommand, wish });
      expect(moved.revision).toBe(2);
      expect(moved.slot?.start && moved.slot.start >= start).toBe(true);
    });
  });

  it('is possible after an early check-in, until the slot begins', async () => {
    await stage.runAudition({}, async (played) => {
      const { slot } = await invited(played);
      const start = toEpochMs(slot?.start ?? '1970-01-01T00:00:00.000Z');
      await played.advanceTo(toInstant(start - 20 * minute));
      await played.send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      expect(await move(played, await laterSlot())).toMatchObject({ state: 'scheduled', revision: 2 });
    });
  });

  it('creates a new meeting when the provider no longer has the old one', async () => {
    await stage.runAudition({ recordAs: 'move-meeting-lost' }, async (played) => {
      const { meeting } = await invited(played);
      played.world.meetings.delete(meeting?.id ?? '');
      const moved = await move(played, await laterSlot());
      expect(moved.meeting?.id).not.toBe(meeting?.id);
      await played.send(messages.cancelUpdate, apiCommand);
      expect(played.world.meetings.size).toBe(0);
    });
  });

  it('withdraws the notices of the old slot', async () => {
    await stage.runAudition(
      {
        recordAs: 'notices-withdrawn',
        prepare: (world) => world.fail('sendNotice', 'rejected_input', ':email:'),
      },
      async (played) => {
        await played.until(({ attention }) => attention.length === 3);
        played.world.clearFaults();
        const moved = await move(played, await laterSlot());
        expect(moved.attention).toEqual([]);
        await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'update').length === 4);
        const emails = played.world.notices.filter((key) => key.includes(':email:'));
        expect(emails.every((key) => key.includes(':update:'))).toBe(true);
      },
    );
  });
});
