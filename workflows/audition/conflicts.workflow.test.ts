/** The conflict policies `wait` and `override`, and what a refusal says. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConflictHandling, defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { hour, minute } from '../../domain/time/units.ts';
import { auditionPlan, castingDirector, slotIn } from '../../tests/harness/audition-plan.ts';
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

const always: TimeRange = { start: '2000-01-01T00:00:00.000Z', end: '2100-01-01T00:00:00.000Z' };
const waiting = { ...defaultConflictRules, policy: 'wait', waitFor: 2 * minute } as const;
const overriding = { ...defaultConflictRules, policy: 'override' } as const;

const scheduled = ({ until }: RunningAudition) => until(({ state }) => state === 'scheduled');
const claimsOf = ({ world }: RunningAudition) => world.callsOf('claimSlot').length;

const move = async ({ send }: RunningAudition, conflicts?: ConflictHandling) =>
  send(messages.rescheduleUpdate, {
    ...apiCommand,
    wish: { kind: 'fixed', slot: slotIn(96, await stage.environment.currentTimeMs()) },
    conflicts,
  });

const taken = (world: RunningAudition['world']) => void (world.holdsTaken = true);
const busy = (world: RunningAudition['world']) => void (world.busy = [always]);

/** Ends the hold of the other audition before the third claim. */
const freeBeforeThird = (world: RunningAudition['world']): void => {
  world.holdsTaken = true;
  world.beforeActivity = ({ activity, key }) => {
    if (activity === 'claimSlot' && key === '3') world.holdsTaken = false;
  };
};

describe('the policy wait', () => {
  it('books the first slot when the hold of the other audition ends in time', async () => {
    await stage.runAudition(
      { recordAs: 'wait-hold-ended', plan: { conflicts: waiting }, prepare: freeBeforeThird },
      async (played) => {
        expect(await scheduled(played)).toMatchObject({ revision: 1 });
        expect(claimsOf(played)).toBe(3);
        expect([...played.world.claims]).toEqual([3]);
        expect(played.world.factTypes()).toContain('slot_held');
      },
    );
  });

  it('refuses the first slot when the time to wait is over', async () => {
    await stage.runAudition(
      { recordAs: 'wait-over', plan: { conflicts: waiting }, prepare: taken },
      async (played) => {
        const started = await stage.environment.currentTimeMs();
        expect(await played.result()).toMatchObject({ state: 'closed', outcome: 'failed' });
        expect(played.world.factTypes()).toContain('slot_refused');
        // Immediately, then after 5, 10, 20 and 40 seconds, and at the end of two minutes.
        expect(claimsOf(played)).toBe(6);
        const waited = (await stage.environment.currentTimeMs()) - started;
        expect(waited).toBeGreaterThanOrEqual(2 * minute);
      },
    );
  });

  it('searches a window again until another audition releases a time', async () => {
    const now = await stage.environment.currentTimeMs();
    const { start, end } = slotIn(72, now);
    const wish = {
      kind: 'window',
      earliest: start,
      latest: end,
      durationMinutes: 30,
      zone: 'Europe/Paris',
    } as const;
    const prepare = freeBeforeThird;
    await stage.runAudition(
      { recordAs: 'wait-in-window', plan: { wish, conflicts: waiting }, prepare },
      async (played) => {
        expect(await scheduled(played)).toMatchObject({ revision: 1, slot: { start } });
        expect(claimsOf(played)).toBe(3);
      },
    );
  });

  it('refuses a search when the time to wait is over', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      played.world.holdsTaken = true;
      const { start, end } = slotIn(96, await stage.environment.currentTimeMs());
      const wish = {
        kind: 'window',
        earliest: start,
        latest: end,
        durationMinutes: 30,
        zone: 'Europe/Paris',
      } as const;
      const conflicts = { policy: 'wait', waitFor: minute } as const;
      const refused = updateFailureOf(
        played.send(messages.rescheduleUpdate, { ...apiCommand, wish, conflicts }),
      );
      await played.until(() => claimsOf(played) === 6);
      expect(await refused).toMatchObject({ code: 'nothing_free' });
    });
  });

  it('does not wait for a busy calendar', async () => {
    await stage.runAudition({ plan: { conflicts: waiting }, prepare: busy }, async (played) => {
      expect(await played.result()).toMatchObject({ outcome: 'failed' });
      expect(claimsOf(played)).toBe(1);
    });
  });

  it('ends when the audition is cancelled meanwhile, and leaves nothing held', async () => {
    const plan = { conflicts: { ...waiting, waitFor: 60 * minute } };
    await stage.runAudition({ recordAs: 'wait-cancelled', plan, prepare: taken }, async (played) => {
      await expect.poll(() => claimsOf(played), { timeout: 10_000 }).toBeGreaterThan(0);
      await played.send(messages.cancelUpdate, apiCommand);
      expect(await played.result()).toMatchObject({ outcome: 'cancelled' });
      expect(played.world.claims.size).toBe(0);
    });
  });

  it('keeps the audition in its slot while a reschedule waits', async () => {
    await stage.runAudition({ recordAs: 'wait-move' }, async (played) => {
      await scheduled(played);
      const meanwhile: AuditionView[] = [];
      played.world.holdsTaken = true;
      played.world.beforeActivity = async ({ activity, key }) => {
        if (activity !== 'claimSlot' || key !== '4') return;
        meanwhile.push(await played.view());
        played.world.holdsTaken = false;
      };
      const moving = move(played, { policy: 'wait', waitFor: 10 * minute });
      await played.until(({ revision, state }) => revision === 2 && state === 'scheduled');
      expect(await moving).toMatchObject({ revision: 2 });
      expect(meanwhile).toMatchObject([{ revision: 1, state: 'scheduled' }]);
      expect([...played.world.claims]).toEqual([4]);
    });
  });

  it('refuses a reschedule when the time to wait is over, and holds nothing else', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      played.world.holdsTaken = true;
      const refused = updateFailureOf(move(played, { policy: 'wait', waitFor: minute }));
      await played.until(() => claimsOf(played) === 6);
      expect(await refused).toMatchObject({ code: 'slot_taken' });
      expect([...played.world.claims]).toEqual([1]);
    });
  });
});

describe('the policy override', () => {
  it('books the first slot over a busy calendar for a caller who may, and records it', async () => {
    const plan = { conflicts: overriding, mayOverrideConflicts: true };
    await stage.runAudition({ recordAs: 'override-first', plan, prepare: busy }, async (played) => {
      const { overridden } = await scheduled(played);
      expect(overridden).toMatchObject([{ kind: 'calendar_event', connection: 'conn_office', ...always }]);
      const held = played.world.events.find(({ fact }) => fact.type === 'slot_held');
      expect(held?.fact).toMatchObject({ overridden });
    });
  });

  it('asks about a later conflict that an overridden one precedes', async () => {
    const plan = { conflicts: overriding, mayOverrideConflicts: true };
    await stage.runAudition({ plan, prepare: busy }, async (played) => {
      const { slot } = await scheduled(played);
      if (!slot) throw new Error('there is no slot');
      const report = (inboxId: string, others?: readonly TimeRange[]) =>
        played.handle.signal(messages.calendarChangedSignal, {
          inboxId,
          participant: castingDirector.id,
          provider: 'google',
          connection: 'conn_office',
          revision: 1,
          change: { kind: 'conflict', ...always, ...(others ? { others } : {}) },
        });
      const factsOfChanges = () =>
        played.world.events.flatMap(({ fact }) => (fact.type === 'calendar_changed' ? [fact] : []));
      await report('only-overridden');
      await report('with-another', [always, { start: slot.start, end: slot.end }]);
      const { attention } = await played.until(({ attention: items }) => items.length > 0);
      expect(attention).toMatchObject([
        { step: 'calendar_conflict', what: expect.stringContaining(`from ${slot.start} to ${slot.end}`) },
      ]);
      await expect
        .poll(factsOfChanges, { timeout: 10_000 })
        .toMatchObject([{ change: 'conflict', start: slot.start, end: slot.end }]);
      // The other event is gone, and the overridden one is no question.
      await report('overridden-again');
      await played.until(({ attention: items }) => items.length === 0);
    });
  });

  it('asks nothing about an overridden event that the report about another connection names', async () => {
    const plan = { conflicts: overriding, mayOverrideConflicts: true };
    await stage.runAudition({ plan, prepare: busy }, async (played) => {
      const { slot } = await scheduled(played);
      if (!slot) throw new Error('there is no slot');
      const near = { start: slot.end, end: toInstant(toEpochMs(slot.end) + hour) };
      const report = (inboxId: string, others?: readonly TimeRange[]) =>
        played.handle.signal(messages.calendarChangedSignal, {
          inboxId,
          participant: castingDirector.id,
          provider: 'ics',
          connection: 'conn_feed',
          revision: 1,
          change: { kind: 'conflict', ...always, connection: 'conn_office', ...(others ? { others } : {}) },
        });
      await report('only-overridden');
      await report('with-another', [near]);
      const { attention } = await played.until(({ attention: items }) => items.length > 0);
      expect(attention).toMatchObject([
        {
          step: 'calendar_conflict',
          provider: 'ics',
          what: expect.stringContaining(`from ${near.start} to ${near.end}, too close to the slot`),
        },
      ]);
    });
  });

  it('refuses the slot of a caller who may not', async () => {
    await stage.runAudition({ plan: { conflicts: overriding }, prepare: busy }, async (played) => {
      expect(await played.result()).toMatchObject({ outcome: 'failed' });
    });
  });

  it('is no right of the next round that a callback starts', async () => {
    const plan = { conflicts: overriding, mayOverrideConflicts: true };
    await stage.runAudition({ plan, prepare: busy }, async (played) => {
      await scheduled(played);
      const now = await stage.environment.currentTimeMs();
      const next = { id: auditionPlan(now).id, slot: slotIn(120, now), round: 'callback' as const };
      busy(played.createWorld(next.id));
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'callback', next });
      await played.result();
      const result = stage.client.workflow.getHandle(`audition/${next.id}`).result();
      expect(await result).toMatchObject({ outcome: 'failed' });
    });
  });

  it('moves over a busy calendar, records it, and asks nothing about that event', async () => {
    await stage.runAudition({ recordAs: 'override-move' }, async (played) => {
      await scheduled(played);
      busy(played.world);
      expect(await updateFailureOf(move(played))).toMatchObject({ code: 'slot_taken' });
      expect(await updateFailureOf(move(played, { policy: 'override' }))).toMatchObject({
        code: 'slot_taken',
      });
      const moved = await move(played, { policy: 'override', mayOverride: true });
      expect(moved.overridden).toMatchObject([always]);
      const report = (event: TimeRange) =>
        played.handle.signal(messages.calendarChangedSignal, {
          inboxId: crypto.randomUUID(),
          participant: castingDirector.id,
          provider: 'google',
          connection: 'conn_office',
          revision: 2,
          change: { kind: 'conflict', ...event },
        });
      await report(always);
      await report({ ...always, start: '2001-01-01T00:00:00.000Z' });
      const { attention } = await played.until(({ attention: open }) => open.length > 0);
      expect(attention).toMatchObject([{ step: 'calendar_conflict' }]);
      const reported = () => played.world.factTypes().filter((type) => type === 'calendar_changed').length;
      await expect.poll(reported, { timeout: 10_000 }).toBe(1);
    });
  });
});

describe('a change of the cast', () => {
  const newcomer = { ...castingDirector, id: participantIdSchema.parse('reader-2'), kind: 'reader' as const };
  const add = ({ send }: RunningAudition, conflicts?: ConflictHandling) =>
    send(messages.participantsUpdate, {
      ...apiCommand,
      changes: [{ kind: 'add', participant: newcomer }],
      conflicts,
    });

  it('is made over a busy calendar by a caller who may, and records it', async () => {
    await stage.runAudition({ plan: { conflicts: overriding } }, async (played) => {
      await scheduled(played);
      busy(played.world);
      expect(await updateFailureOf(add(played, {}))).toMatchObject({ code: 'slot_taken' });
      const changed = await add(played, { mayOverride: true });
      expect(changed.participants.map(({ id }) => id)).toContain(newcomer.id);
      expect(changed.overridden).toMatchObject([always]);
      const fact = played.world.events.find((event) => event.fact.type === 'participant_added')?.fact;
      expect(fact).toMatchObject({ overridden: [{ kind: 'calendar_event', ...always }] });
    });
  });

  it('waits for the hold of another audition', async () => {
    await stage.runAudition({ plan: { conflicts: waiting } }, async (played) => {
      await scheduled(played);
      freeBeforeThird(played.world);
      const changed = await add(played, {});
      expect(changed.participants.map(({ id }) => id)).toContain(newcomer.id);
      expect([...played.world.claims]).toEqual([3]);
    });
  });

  it('that an earlier version of the API has sent is refused', async () => {
    await stage.runAudition(
      { plan: { conflicts: overriding, mayOverrideConflicts: true } },
      async (played) => {
        await scheduled(played);
        busy(played.world);
        expect(await updateFailureOf(add(played))).toMatchObject({ code: 'slot_taken' });
      },
    );
  });
});

describe('the refusal of a reschedule', () => {
  it('says what blocks the slot, in its second detail', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      played.world.busy = [always];
      const failure = await move(played).catch((error: unknown) => error);
      const cause = failure instanceof WorkflowUpdateFailedError ? failure.cause : undefined;
      expect(cause instanceof ApplicationFailure && cause.details?.[1]).toMatchObject({
        blockers: [{ kind: 'calendar_event', connection: 'conn_office' }],
      });
    });
  });
});
