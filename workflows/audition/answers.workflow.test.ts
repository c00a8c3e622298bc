/** Answers: their revision, and the time in which a performer can change a decline. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { performer, slotIn } from '../../tests/harness/audition-plan.ts';
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

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

const answer = ({ send }: RunningAudition, said: 'accepted' | 'declined', revision?: number) =>
  send(messages.respondUpdate, {
    ...apiCommand,
    participant: performer.id,
    answer: said,
    ...(revision === undefined ? {} : { revision }),
  });

describe('a performer who declines', () => {
  it('closes the audition when the grace is over, and others are told only then', async () => {
    await stage.runAudition({ recordAs: 'declined' }, async (played) => {
      await invited(played);
      const { state, participants, updatedAt } = await answer(played, 'declined');
      expect(state).toBe('scheduled');
      const { answerFinalAt = '' } = participants.find(({ id }) => id === performer.id) ?? {};
      expect(Date.parse(answerFinalAt) - toEpochMs(updatedAt)).toBe(defaultPolicy.declineGrace);
      expect(played.world.retractions).toEqual([]);
      expect(played.world.yieldsHolds).toBe(true);
      expect(await played.result()).toMatchObject({ outcome: 'declined' });
      // The performer gets no cancellation.
      expect(played.world.retractions).toHaveLength(2);
      expect([played.world.meetings.size, played.world.claims.size]).toEqual([0, 0]);
    });
  });

  it('can accept within the grace', async () => {
    await stage.runAudition({ recordAs: 'decline-withdrawn' }, async (played) => {
      await invited(played);
      await answer(played, 'declined');
      const { participants } = await answer(played, 'accepted');
      expect(participants.find(({ id }) => id === performer.id)).toMatchObject({ answer: 'accepted' });
      expect(played.world.yieldsHolds).toBe(false);
      expect([...played.world.claims]).toEqual([2]);
      await played.until(({ notices }) => notices.some(({ notice }) => notice === 'reminder'));
    });
  });

  it('cannot accept when the slot was given to another audition', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await answer(played, 'declined');
      played.world.holdsTaken = true;
      expect(await updateFailureOf(answer(played, 'accepted'))).toMatchObject({ code: 'slot_taken' });
      expect(await played.result()).toMatchObject({ outcome: 'declined' });
    });
  });

  it('is told that a calendar has another event at the time, when it has', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await answer(played, 'declined');
      played.world.busy = [{ start: '2020-01-01T00:00:00.000Z', end: '2080-01-01T00:00:00.000Z' }];
      expect(await updateFailureOf(answer(played, 'accepted'))).toMatchObject({
        code: 'slot_taken',
        message: expect.stringContaining('another event'),
      });
    });
  });

  it('closes the audition before the grace is over, when another audition has taken the slot', async () => {
    await stage.runAudition({ recordAs: 'declined-slot-taken' }, async (played) => {
      await invited(played);
      const { updatedAt } = await answer(played, 'declined');
      await played.handle.signal(messages.slotTakenSignal);
      const { outcome, stateSince } = await played.result();
      expect(outcome).toBe('declined');
      expect(toEpochMs(stateSince)).toBeLessThan(toEpochMs(updatedAt) + defaultPolicy.declineGrace);
    });
  });

  it('changes nothing by another audition that takes the slot of an audition that no performer has declined', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await played.handle.signal(messages.slotTakenSignal);
      const { state } = await answer(played, 'accepted');
      expect(state).toBe('scheduled');
      expect((await answer(played, 'declined')).state).toBe('scheduled');
    });
  });

  it('closes the audition immediately when the policy gives no grace', async () => {
    const policy = { ...defaultPolicy, declineGrace: 0 };
    await stage.runAudition({ plan: { policy } }, async (played) => {
      await invited(played);
      expect((await answer(played, 'declined')).outcome).toBe('declined');
    });
  });
});

describe('an answer to an earlier slot', () => {
  it('is refused after the audition has moved', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      expect(await updateFailureOf(answer(played, 'declined', 1))).toMatchObject({
        code: 'answer_superseded',
      });
      const { participants } = await answer(played, 'accepted', 2);
      expect(participants.find(({ id }) => id === performer.id)).toMatchObject({ answer: 'accepted' });
    });
  });
});

describe('an answer that has to wait', () => {
  it('for a move is about the slot before it', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await answer(played, 'declined');
      const gate = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      played.world.beforeActivity = async ({ activity }) => {
        if (activity !== 'claimSlot') return;
        reached.resolve();
        await gate.promise;
      };
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      const moved = played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      await reached.promise;
      const accepted = await played.handle.startUpdate(messages.respondUpdate, {
        args: [{ ...apiCommand, participant: performer.id, answer: 'accepted', revision: 1 }],
        waitForStage: 'ACCEPTED',
      });
      gate.resolve();
      expect((await moved).revision).toBe(2);
      expect(await updateFailureOf(accepted.result())).toMatchObject({ code: 'answer_superseded' });
      const { participants } = await played.view();
      expect(participants.find(({ id }) => id === performer.id)?.answer).toBe('none');
    });
  });

  it('for its slot counts, although the decline would become final meanwhile', async () => {
    await stage.runAudition({ recordAs: 'decline-withdrawn-late' }, async (played) => {
      await invited(played);
      const { updatedAt } = await answer(played, 'declined');
      await played.advanceTo(toInstant(toEpochMs(updatedAt) + defaultPolicy.declineGrace - 30_000));
      played.world.fail('claimSlot', 'outage');
      const accepted = await played.handle.startUpdate(messages.respondUpdate, {
        args: [{ ...apiCommand, participant: performer.id, answer: 'accepted', revision: 1 }],
        waitForStage: 'ACCEPTED',
      });
      await stage.environment.sleep(90_000);
      played.world.clearFaults();
      await accepted.result();
      const { state, participants } = await played.view();
      expect(state).toBe('scheduled');
      expect(participants.find(({ id }) => id === performer.id)).toMatchObject({ answer: 'accepted' });
    });
  });
});

it('an answer is refused once the slot is over: whether it took place is a question', async () => {
  await stage.runAudition({ plan: { meetingProviders: [] } }, async (played) => {
    const { slot } = await invited(played);
    await played.advanceTo(slot?.end ?? '1970-01-01T00:00:00.000Z');
    expect(await updateFailureOf(answer(played, 'declined', 1))).toMatchObject({ code: 'wrong_state' });
    const { attention } = await played.view();
    expect(attention.map(({ step }) => step)).toContain('session');
  });
});

it('a near slot escalates a missing answer before it begins', async () => {
  const now = await stage.environment.currentTimeMs();
  const slot = slotIn(2, now);
  await stage.runAudition({ plan: { wish: { kind: 'fixed', slot } } }, async (played) => {
    const { attention } = await played.until(({ attention }) => attention.length > 0);
    expect(attention).toMatchObject([{ step: 'answer' }]);
    expect(toEpochMs(attention[0]?.raisedAt ?? slot.end)).toBeLessThan(toEpochMs(slot.start) - 30 * 60_000);
    expect(toEpochMs(attention[0]?.dueAt ?? slot.end)).toBeLessThanOrEqual(toEpochMs(slot.start));
  });
});

/** Returns the first item as it was raised. Time may have been skipped beyond its deadline since. */
const firstItem = ({ world }: RunningAudition) => {
  const [item] = world.events.flatMap(({ fact }) => (fact.type === 'attention_raised' ? [fact.item] : []));
  if (!item) throw new Error('no attention item was raised');
  return item;
};

it.each([5, 15, 40])('a slot in %i minutes escalates a missing answer before it begins', async (minutes) => {
  const slot = slotIn(minutes / 60, await stage.environment.currentTimeMs());
  await stage.runAudition({ plan: { wish: { kind: 'fixed', slot } } }, async (played) => {
    await played.until(({ attention }) => attention.length > 0);
    const { step, raisedAt, dueAt } = firstItem(played);
    expect(step).toBe('answer');
    expect(toEpochMs(raisedAt)).toBeLessThan(toEpochMs(slot.start) - 60_000);
    expect(toEpochMs(dueAt)).toBeLessThanOrEqual(toEpochMs(slot.start));
  });
});

const refuseNotices = (world: RunningAudition['world']) => world.fail('sendNotice', 'rejected_input');

it('an item that is raised in the last minute before the slot is due when the slot begins', async () => {
  const slot = slotIn(1 / 60, await stage.environment.currentTimeMs());
  const plan = { wish: { kind: 'fixed', slot } } as const;
  await stage.runAudition({ plan, prepare: refuseNotices }, async (played) => {
    await played.until(({ attention }) => attention.length > 0);
    expect(firstItem(played).dueAt).toBe(slot.start);
  });
});
