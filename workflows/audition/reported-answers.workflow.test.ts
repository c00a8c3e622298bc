/** What participants answer and propose in calendars and by email, and events that move the audition by policy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarChangeOf } from '../../domain/audition/calendar-change.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import type { ProposedTime, ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { hour, minute, second } from '../../domain/time/units.ts';
import { castingDirector, participantId, performer, slotIn } from '../../tests/harness/audition-plan.ts';
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

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

let reports = 0;
const newReport = () => {
  reports += 1;
  return { inboxId: `answer-${reports}`, participant: performer.id, origin: 'email', revision: 1 } as const;
};

const report = (
  { handle }: RunningAudition,
  answer: ReportedAnswer['answer'],
  other: Partial<ReportedAnswer> = {},
) => handle.signal(messages.answerReportedSignal, { ...newReport(), answer, ...other });

const propose = ({ handle }: RunningAudition, other: Partial<ProposedTime> = {}) =>
  handle.signal(messages.timeProposedSignal, { ...newReport(), ...other });

const answerIn = ({ participants }: AuditionView) =>
  participants.find(({ id }) => id === performer.id)?.answer;
const answered = ({ until }: RunningAudition, answer: ReportedAnswer['answer']) =>
  until((view) => answerIn(view) === answer);

/** The facts about answers, in order. */
const answersIn = ({ world }: RunningAudition) =>
  world.events.flatMap(({ fact }) => {
    if (fact.type === 'responded') return [`${fact.answer} by ${fact.origin}`];
    return fact.type === 'answer_ignored' ? [`${fact.answer} ignored: ${fact.reason}`] : [];
  });

const asked = ({ until }: RunningAudition) =>
  until(({ attention }) => attention.some(({ step }) => step === 'proposal'));

const moved = ({ handle }: RunningAudition, change: CalendarChangeOf) => {
  reports += 1;
  return handle.signal(messages.calendarChangedSignal, {
    inboxId: `move-${reports}`,
    participant: performer.id,
    provider: 'google',
    connection: 'conn_performer',
    revision: 1,
    change,
  });
};
const movedBy = ({ slot }: AuditionView, hours: number) => {
  const start = toEpochMs(slot?.start ?? '2026-01-01T00:00:00.000Z') + hours * hour;
  return { kind: 'moved', isAllDay: false, start: toInstant(start), end: toInstant(start + hour) } as const;
};

const now = () => stage.environment.currentTimeMs();

describe('an answer in a calendar or by email', () => {
  it('is recorded once, however often it is reported', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await report(played, 'tentative', { origin: 'calendar', inboxId: 'same' });
      await report(played, 'tentative', { origin: 'calendar', inboxId: 'same' });
      await report(played, 'tentative');
      await answered(played, 'tentative');
      await report(played, 'accepted');
      await answered(played, 'accepted');
      await played.until(() => answersIn(played).length === 2);
      expect(answersIn(played)).toEqual(['tentative by calendar', 'accepted by email']);
    });
  });

  it('that declines can be changed within the grace, in the calendar too', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await report(played, 'declined');
      const view = await answered(played, 'declined');
      expect([view.state, view.participants[0]?.answerFinalAt === undefined]).toEqual(['scheduled', false]);
      await played.until(() => played.world.yieldsHolds);
      await report(played, 'accepted', { origin: 'calendar' });
      await answered(played, 'accepted');
      await played.until(() => !played.world.yieldsHolds);
      expect([...played.world.claims]).toEqual([2]);
    });
  });

  it('that declines closes the audition when the grace is over', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await report(played, 'declined', { origin: 'calendar' });
      expect(await played.result()).toMatchObject({ outcome: 'declined' });
    });
  });

  it('closes the audition immediately when the policy gives no grace, and later reports change nothing', async () => {
    const policy = { ...defaultPolicy, declineGrace: 0 };
    await stage.runAudition({ plan: { policy } }, async (played) => {
      await invited(played);
      await report(played, 'declined');
      await report(played, 'accepted');
      await propose(played);
      expect(await played.result()).toMatchObject({ outcome: 'declined' });
      expect(answersIn(played)).toEqual(['declined by email']);
    });
  });

  it('that accepts after a decline is ignored when the slot was given to another audition', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await report(played, 'declined');
      await answered(played, 'declined');
      played.world.holdsTaken = true;
      await report(played, 'accepted');
      expect(await played.result()).toMatchObject({ outcome: 'declined' });
      expect(answersIn(played)).toEqual(['declined by email', 'accepted ignored: slot_taken']);
    });
  });

  it('about an earlier slot is ignored, and the trail says so', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      const slot = slotIn(96, await now());
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      await report(played, 'declined');
      await report(played, 'accepted', { revision: 2 });
      await answered(played, 'accepted');
      await played.until(() => answersIn(played).length === 2);
      expect(answersIn(played)).toEqual(['declined ignored: answer_superseded', 'accepted by email']);
    });
  });

  it('given before another answer is ignored, whatever their order of arrival', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      const at = await now();
      await report(played, 'accepted', { at: toInstant(at) });
      await answered(played, 'accepted');
      await report(played, 'declined', { at: toInstant(at - 2 * second) });
      await report(played, 'tentative', { at: toInstant(at - minute), origin: 'calendar' });
      await played.until(() => answersIn(played).length === 3);
      expect(answersIn(played)).toEqual([
        'accepted by email',
        'declined ignored: answer_superseded',
        'tentative ignored: answer_superseded',
      ]);
    });
  });

  it('with a time in the future does not make later answers earlier', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await report(played, 'tentative', { at: toInstant((await now()) + hour) });
      await answered(played, 'tentative');
      await report(played, 'accepted');
      await answered(played, 'accepted');
      await played.until(() => answersIn(played).length === 2);
      expect(answersIn(played)).toEqual(['tentative by email', 'accepted by email']);
    });
  });

  it('of a person who does not take part is ignored', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await report(played, 'accepted', { participant: participantId('stranger') });
      await played.until(() => answersIn(played).length === 1);
      expect(answersIn(played)).toEqual(['accepted ignored: unknown_participant']);
    });
  });
});

describe('a proposed time', () => {
  it('is a question, and reschedules the audition when the casting office follows', async () => {
    await stage.runAudition({}, async (played) => {
      const { slot } = await invited(played);
      const start = toEpochMs(slot?.start ?? '2026-01-01T00:00:00.000Z') + hour;
      const proposed = { start: toInstant(start), end: toInstant(start + hour / 2) };
      await propose(played, { slot: proposed, answer: 'declined' });
      const { attention, state } = await asked(played);
      expect(state).toBe('scheduled');
      expect(attention).toMatchObject([{ step: 'proposal', actions: ['follow', 'ignore'] }]);
      expect(attention[0]?.what).toContain('says about the present time: declined');
      await played.resolve('proposal', 'follow');
      const view = await played.until(({ revision }) => revision === 2);
      expect(view.slot).toMatchObject(proposed);
      expect(answersIn(played)).toEqual([]);
      const moved = played.world.events.find(({ fact }) => fact.type === 'slot_moved')?.fact;
      expect(moved).toMatchObject({ origin: 'email' });
    });
  });

  it('is asked about again, with the reason, when the audition cannot follow', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await propose(played, { slot: slotIn(100, await now()) });
      await asked(played);
      played.world.holdsTaken = true;
      await played.resolve('proposal', 'follow');
      const { attention } = await played.until((view) => view.attention[0]?.code === 'slot_taken');
      expect(attention[0]?.what).toContain('could not follow');
    });
  });

  it('beyond the limits of a slot cannot be followed, and the question says why', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await propose(played, { slot: slotIn(100, await now()), exceeds: 'slot_too_far_ahead' });
      const { attention } = await asked(played);
      expect(attention).toMatchObject([{ actions: ['ignore'], code: 'slot_too_far_ahead' }]);
      expect(attention[0]?.what).toContain('more than two years ahead');
    });
  });

  it('that cannot be read is a question too, and a later proposal replaces it', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await propose(played);
      expect((await asked(played)).attention[0]?.actions).toEqual(['ignore']);
      await propose(played, { slot: slotIn(100, await now()) });
      const { attention } = await played.until((view) => view.attention[0]?.actions.length === 2);
      expect(attention).toHaveLength(1);
      const wish = { kind: 'fixed', slot: slotIn(101, await now()) } as const;
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish });
      await played.until((view) => view.attention.length === 0);
    });
  });
});

describe('a proposed time of a participant who leaves the cast', () => {
  it('is no question any more, and a proposal of another participant still is', async () => {
    await stage.runAudition({ recordAs: 'proposal-of-former-participant' }, async (played) => {
      await invited(played);
      await propose(played, { participant: castingDirector.id, slot: slotIn(100, await now()) });
      await propose(played, { slot: slotIn(101, await now()) });
      await played.until(({ attention }) => attention.length === 2);
      const changes = [{ kind: 'remove', participant: castingDirector.id }] as const;
      await played.send(messages.participantsUpdate, { ...apiCommand, changes });
      const { attention } = await played.until((view) => view.attention.length === 1);
      expect(attention[0]?.what).toContain(`${performer.id} proposes`);
    });
  });
});

describe('a moved event, with the policy `reschedule`', () => {
  const policy = { ...defaultPolicy, calendarMoves: 'reschedule' } as const;
  it('reschedules the audition without a question', async () => {
    await stage.runAudition({ plan: { policy } }, async (played) => {
      const change = movedBy(await invited(played), 2);
      await moved(played, change);
      const view = await played.until(({ revision, state }) => revision === 2 && state === 'scheduled');
      expect(view.slot).toMatchObject({ start: change.start, end: change.end });
      const facts = played.world.events.map(({ fact }) => fact);
      expect(facts.filter(({ type }) => type === 'attention_raised')).toEqual([]);
      expect(facts.find(({ type }) => type === 'calendar_changed')).toMatchObject({ change: 'moved' });
      expect(facts.find(({ type }) => type === 'slot_moved')).toMatchObject({ origin: 'calendar' });
    });
  });

  it('is a question with the reason, when the audition cannot move', async () => {
    await stage.runAudition({ plan: { policy } }, async (played) => {
      const view = await invited(played);
      played.world.holdsTaken = true;
      await moved(played, movedBy(view, 2));
      const { attention, revision } = await played.until((asked) => asked.attention.length > 0);
      expect(attention).toMatchObject([{ step: 'calendar_change', code: 'slot_taken' }]);
      expect(attention[0]?.actions).toEqual(['follow', 'restore', 'ignore']);
      expect(revision).toBe(1);
    });
  });

  it('is a question when it lasts all day or ends before it starts', async () => {
    await stage.runAudition({ plan: { policy } }, async (played) => {
      const change = movedBy(await invited(played), 2);
      await moved(played, { ...change, isAllDay: true });
      await played.until(({ attention }) => attention[0]?.actions.length === 2);
      await moved(played, { ...change, end: change.start });
      await played.until(
        () => played.world.events.filter(({ fact }) => fact.type === 'calendar_changed').length === 2,
      );
      expect((await played.view()).revision).toBe(1);
    });
  });
});
