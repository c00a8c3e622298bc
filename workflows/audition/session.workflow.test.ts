/** The session that no provider reports: a question to the casting office, never a verdict. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditionPolicy, defaultPolicy } from '../../domain/audition/policy.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { performer, slotIn } from '../../tests/harness/audition-plan.ts';
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

const asked = ({ until }: RunningAudition) =>
  until(({ attention }) => attention.some(({ step }) => step === 'session'));

const startOf = async ({ view }: RunningAudition): Promise<number> =>
  toEpochMs((await view()).slot?.start ?? '1970-01-01T00:00:00.000Z');

const checkIn = ({ send }: RunningAudition) =>
  send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });

describe('a session that begins early', () => {
  it('leaves only the hold of its slot, when the decision comes while a move waits for a calendar', async () => {
    const now = await stage.environment.currentTimeMs();
    const wish = { kind: 'fixed', slot: slotIn(1 / 3, now) } as const;
    await stage.runAudition({ plan: { wish, reminders: [] } }, async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      await checkIn(played);
      played.world.fail('findBusy', 'reconnect', 'conn_performer');
      const moved = { kind: 'fixed', slot: slotIn(24, now) } as const;
      const pending = await played.handle.executeUpdate(messages.rescheduleUpdate, {
        args: [{ ...apiCommand, wish: moved }],
      });
      expect([pending.isPending, ...played.world.claims]).toEqual([true, 1, 2]);
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'released' });
      expect(await played.result()).toMatchObject({ outcome: 'released', attention: [] });
      expect([...played.world.claims]).toEqual([1]);
    });
  });
});

describe('a session of which no sign was observed', () => {
  it('is a question after the grace, in the state scheduled', async () => {
    await stage.runAudition({ plan: { meetingProviders: ['google_meet'] } }, async (played) => {
      const { state, attention } = await asked(played);
      expect(state).toBe('scheduled');
      const item = attention.find(({ step }) => step === 'session');
      expect(item).toMatchObject({ actions: ['held', 'no_show'] });
      expect(toEpochMs(item?.raisedAt ?? '1970-01-01T00:00:00.000Z')).toBeGreaterThanOrEqual(
        (await startOf(played)) + defaultPolicy.noShowGrace,
      );
    });
  });

  it('awaits its decision when the casting office says that it was held', async () => {
    await stage.runAudition({ recordAs: 'session-held' }, async (played) => {
      await asked(played);
      expect(await played.resolve('session', 'held')).toMatchObject({ attention: [] });
      await played.until(({ state }) => state === 'awaiting_decision');
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'booked' });
      expect(await played.result()).toMatchObject({ outcome: 'booked' });
    });
  });

  it('is a no-show when the casting office says so', async () => {
    await stage.runAudition({ recordAs: 'no-show' }, async (played) => {
      await asked(played);
      await played.resolve('session', 'no_show');
      expect(await played.result()).toMatchObject({ outcome: 'no_show', attention: [] });
      expect(played.world.retractions).toEqual([]);
    });
  });

  it.each([
    ['a late check-in', (played: RunningAudition) => checkIn(played)],
    [
      'the start of the meeting',
      async ({ handle, view }: RunningAudition) =>
        handle.signal(messages.meetingStartedSignal, {
          origin: 'system',
          meetingId: (await view()).meeting?.id,
        }),
    ],
  ])('has its question withdrawn by %s', async (_, act) => {
    await stage.runAudition({}, async (played) => {
      await asked(played);
      await act(played);
      const { attention } = await played.until(({ state }) => state === 'in_progress');
      expect(attention.filter(({ step }) => step === 'session')).toEqual([]);
    });
  });

  it('was held when the meeting was closed within its slot, although no report says that it was opened', async () => {
    await stage.runAudition({}, async (played) => {
      await asked(played);
      const { meeting } = await played.view();
      await played.handle.signal(messages.meetingEndedSignal, { origin: 'system', meetingId: meeting?.id });
      const { attention } = await played.until(({ state }) => state === 'awaiting_decision');
      expect(attention.filter(({ step }) => step === 'session')).toEqual([]);
    });
  });

  it('has its question withdrawn by a decision', async () => {
    await stage.runAudition({ recordAs: 'decided-unobserved' }, async (played) => {
      await asked(played);
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'released' });
      expect(await played.result()).toMatchObject({ outcome: 'released', attention: [] });
      expect(played.world.retractions).toEqual([]);
    });
  });
});

it('an audition that is cancelled after its slot sends no cancellations', async () => {
  await stage.runAudition({ plan: { meetingProviders: [] } }, async (played) => {
    const { slot } = await asked(played);
    await played.advanceTo(slot?.end ?? '1970-01-01T00:00:00.000Z');
    await played.send(messages.cancelUpdate, apiCommand);
    expect(await played.result()).toMatchObject({ outcome: 'cancelled' });
    expect(played.world.retractions).toEqual([]);
    expect(played.world.calendarEvents.size).toBe(0);
  });
});

const automatic: AuditionPolicy = { ...defaultPolicy, noShow: 'automatic' };

describe('the automatic no-show', () => {
  it('closes the audition when the provider of its meeting reports presence', async () => {
    await stage.runAudition(
      { plan: { policy: automatic }, recordAs: 'no-show-automatic' },
      async (played) => {
        expect(await played.result()).toMatchObject({ outcome: 'no_show' });
      },
    );
  });

  it.each([
    ['the provider reports no presence', { meetingProviders: ['google_meet' as const] }],
    ['the audition is in person', { meetingProviders: [] }],
  ])('is a question when %s', async (_, plan) => {
    await stage.runAudition({ plan: { policy: automatic, ...plan } }, async (played) => {
      const { outcome } = await asked(played);
      expect(outcome).toBeUndefined();
    });
  });
});

describe('a decision', () => {
  it('before the slot undoes the session, which is no longer needed', async () => {
    await stage.runAudition({ recordAs: 'decided-early' }, async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'booked' });
      expect(await played.result()).toMatchObject({ outcome: 'booked' });
      expect([played.world.meetings.size, played.world.calendarEvents.size]).toEqual([0, 0]);
      expect(played.world.retractions).toHaveLength(4);
    });
  });

  it('during the session closes the audition and undoes nothing', async () => {
    await stage.runAudition({}, async (played) => {
      await played.until(({ notices }) => notices.length === 4);
      await played.advanceTo(toInstant((await startOf(played)) + minute));
      await checkIn(played);
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'released' });
      expect(await played.result()).toMatchObject({ outcome: 'released' });
      expect(played.world.retractions).toEqual([]);
    });
  });
});
