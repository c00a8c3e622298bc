import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { castingDirector, participantId, performer, slotIn } from '../../tests/harness/audition-plan.ts';
import { asked, openStage, operator, type Stage } from '../../tests/harness/stage.ts';
import * as messages from './messages.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const accept = (participant: string) => ({
  ...asked,
  participant: participantId(participant),
  answer: 'accepted' as const,
});

describe('an audition', () => {
  it('goes from request to decision', async () => {
    await stage.play({}, async ({ world, plan, handle, until, result }) => {
      await until(({ state }) => state === 'scheduled');
      expect(world.meetings.size).toBe(1);
      expect(world.calendarEvents.size).toBe(2);
      expect(world.notices.filter((key) => key.includes(':invitation:'))).toHaveLength(4);

      await handle.executeUpdate(messages.respond, { args: [accept(performer.id)] });
      const confirmed = await handle.executeUpdate(messages.respond, { args: [accept(castingDirector.id)] });
      expect(confirmed.state).toBe('confirmed');

      const slotStart = plan.wish.kind === 'fixed' ? Date.parse(plan.wish.slot.start) : 0;
      await stage.environment.sleep(slotStart - (await stage.environment.currentTimeMs()) - 60_000);
      await handle.executeUpdate(messages.checkIn, { args: [{ ...asked, participant: performer.id }] });
      await handle.signal(messages.meetingEnded, { origin: 'system' });
      await until(({ state }) => state === 'awaiting_decision');
      await handle.executeUpdate(messages.decide, { args: [{ ...asked, decision: 'booked' }] });

      expect(await result()).toMatchObject({ state: 'closed', outcome: 'booked', attention: [] });
      expect(world.notices.filter((key) => key.includes(':reminder:'))).toHaveLength(8);
      expect(world.retractions).toEqual([]);
      expect(world.factsOf().at(-1)).toBe('decided');
    });
  });

  it('is a no-show when the performer never checks in', async () => {
    await stage.play({}, async ({ result, world }) => {
      expect(await result()).toMatchObject({ outcome: 'no_show' });
      expect(world.retractions).toEqual([]);
    });
  });

  it('undoes everything when it is cancelled', async () => {
    await stage.play({}, async ({ world, handle, until, result }) => {
      await until(({ state }) => state === 'scheduled');
      const cancelled = await handle.executeUpdate(messages.cancel, {
        args: [{ ...asked, reason: 'the part is cut' }],
      });
      expect(cancelled).toMatchObject({ state: 'closed', outcome: 'cancelled' });
      await result();
      expect(world.meetings.size).toBe(0);
      expect(world.calendarEvents.size).toBe(0);
      expect(world.heldRevisions.size).toBe(0);
      expect(world.retractions).toHaveLength(4);
    });
  });

  it('falls back to the next meeting provider, and undoes what the first may have done', async () => {
    await stage.play(
      { arrange: (world) => world.fail('createMeeting', 'outage', 'zoom') },
      async ({ until, world }) => {
        const view = await until(({ state }) => state === 'scheduled');
        expect(view.meeting?.provider).toBe('google_meet');
        expect(world.callsOf('removeMeeting')).toHaveLength(1);
        expect(world.factsOf()).toContain('meeting_fell_back');
      },
    );
  });

  it('waits for a person when no provider makes a meeting, and goes on with what they give', async () => {
    await stage.play(
      { arrange: (world) => world.fail('createMeeting', 'reconnect') },
      async ({ until, handle }) => {
        const [item] = (await until(({ attention }) => attention.length > 0)).attention;
        expect(item).toMatchObject({ step: 'meeting', code: 'reconnect' });
        await handle.executeUpdate(messages.resolveAttention, {
          args: [
            { ...operator, id: item?.id ?? 'att_none', action: 'override', joinUrl: 'https://by.hand/1' },
          ],
        });
        const view = await until(({ state }) => state === 'scheduled');
        expect(view.meeting).toMatchObject({ provider: 'manual', joinUrl: 'https://by.hand/1' });
      },
    );
  });

  it('moves to another slot and tells everybody', async () => {
    await stage.play({}, async ({ until, handle, world, plan }) => {
      await until(({ state }) => state === 'scheduled');
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      const moved = await handle.executeUpdate(messages.reschedule, { args: [{ ...asked, slot }] });
      expect(moved).toMatchObject({ state: 'scheduled', slot, revision: 2 });
      expect([...world.heldRevisions]).toEqual([2]);
      expect(world.callsOf('moveMeeting')).toHaveLength(1);
      expect(world.notices.filter((key) => key.includes(':update:'))).toHaveLength(4);
      expect(moved.participants.every(({ answer }) => answer === 'none')).toBe(true);
      expect(plan.wish.kind).toBe('fixed');
    });
  });
});
