/** Observations of participants: by their join links, and by the provider of the meeting. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { auditionPlan, castingDirector, performer } from '../../tests/harness/audition-plan.ts';
import {
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

const plan: Partial<AuditionPlan> = { joinLinks: true, reminders: [] };

/** Advances to a time from the start of the slot. Returns it, and a function that sends observations of that time. */
const at = async (played: RunningAudition, minutes: number) => {
  const { slot, meeting } = await played.until(({ notices }) => notices.length >= 4);
  if (!slot || !meeting) throw new TypeError('the audition is not scheduled');
  const instant = toInstant(toEpochMs(slot.start) + minutes * minute);
  await played.advanceTo(instant);
  let ids = 0;
  const common = () => {
    ids += 1;
    return { at: instant, correlationId: 'c', inboxId: `whk_${minutes}_${ids}` };
  };
  const checkedIn = (participant = performer.id): messages.PresenceReport => ({
    ...common(),
    what: 'checked_in',
    participant,
  });
  const seen = (
    what: 'joined' | 'left',
    person: { name?: string; email?: string },
    meetingId = meeting.id,
  ): messages.PresenceReport => ({ ...common(), what, meetingId, ...person });
  const report = (...reports: readonly messages.PresenceReport[]) =>
    played.handle.signal(messages.presenceReportedSignal, reports);
  return { instant, checkedIn, seen, report };
};
const presenceOf = async ({ view }: RunningAudition, id: string) =>
  (await view()).participants.find((participant) => participant.id === id);

describe('a personal join link', () => {
  it('checks its participant in once, and the performer begins the session', async () => {
    await stage.runAudition({ plan, recordAs: 'checked-in-by-link' }, async (played) => {
      const { report, checkedIn } = await at(played, -10);
      const one = checkedIn();
      await report(one, checkedIn());
      await report(one);
      const view = await played.until(({ state }) => state === 'in_progress');
      expect(view.participants[0]).toMatchObject({ id: performer.id, checkedIn: true });
      expect(played.world.factTypes().filter((type) => type === 'checked_in')).toHaveLength(1);
    });
  });

  it('records no check-in before check-in opens', async () => {
    await stage.runAudition({ plan }, async (played) => {
      const { report, checkedIn } = await at(played, -31);
      await report(checkedIn());
      expect((await presenceOf(played, performer.id))?.checkedIn).toBe(false);
    });
  });
});

const isAsked = ({ attention }: Awaited<ReturnType<RunningAudition['view']>>) =>
  attention.some(({ step }) => step === 'session');

describe('an audition whose performers are admitted in turn', () => {
  const inTurn: Partial<AuditionPlan> = { ...plan, meetingSettings: { admission: 'in_turn' } };

  it('says so in its view, records the check-in, and begins the session with the admission, once', async () => {
    await stage.runAudition({ plan: inTurn, recordAs: 'admitted-in-turn' }, async (played) => {
      const { report, checkedIn, instant } = await at(played, -5);
      expect((await played.view()).joinLinks?.admission).toBe('in_turn');
      await report(checkedIn());
      const waiting = await played.until(({ participants }) => participants[0]?.checkedIn === true);
      expect(waiting.state).toBe('scheduled');
      const admitted: messages.PresenceReport = {
        what: 'admitted',
        participant: performer.id,
        at: instant,
        correlationId: 'c',
        inboxId: 'whk_admitted',
      };
      await report(admitted, { ...admitted, inboxId: 'whk_again' });
      await played.until(({ state }) => state === 'in_progress');
      const starts = () => played.world.factTypes().filter((type) => type === 'session_started');
      await played.until(() => starts().length > 0);
      expect(starts()).toHaveLength(1);
    });
  });

  it('asks about a performer who waits, and never closes as a no-show', async () => {
    const automatic: Partial<AuditionPlan> = { ...inTurn, policy: { ...defaultPolicy, noShow: 'automatic' } };
    await stage.runAudition({ plan: automatic, recordAs: 'waiting-performer' }, async (played) => {
      const { report, checkedIn } = await at(played, -5);
      await report(checkedIn());
      const { state, attention } = await played.until((view) => isAsked(view) || view.state === 'closed');
      expect(state).toBe('scheduled');
      expect(attention).toMatchObject([{ what: expect.stringContaining('has checked in') }]);
    });
  });

  it('asks about a performer who waits when Meet reports that nobody joined', async () => {
    const onMeet: Partial<AuditionPlan> = {
      ...inTurn,
      meetingProviders: ['google_meet'],
      policy: { ...defaultPolicy, meetingCheck: 15 * minute, noShow: 'automatic' },
    };
    await stage.runAudition({ plan: onMeet }, async (played) => {
      const { report, checkedIn } = await at(played, -5);
      played.world.attendance = [];
      await report(checkedIn());
      const { state } = await played.until((view) => isAsked(view) || view.state === 'closed');
      expect(state).toBe('scheduled');
    });
  });

  it('does not deny the check-in in the question', async () => {
    await stage.runAudition({ plan: inTurn }, async (played) => {
      const { report, checkedIn } = await at(played, -5);
      await report(checkedIn());
      const { attention } = await played.until(isAsked);
      expect(attention).toMatchObject([{ what: expect.stringContaining('has checked in') }]);
    });
  });
});

describe('a report of the provider', () => {
  it('shows who is present, who was late, and who left early', async () => {
    await stage.runAudition({ plan, recordAs: 'participants-observed' }, async (played) => {
      const early = await at(played, 1);
      await early.report(early.seen('joined', { email: 'ADA@example.com' }), early.checkedIn());
      const late = await at(played, 10);
      await late.report(late.seen('joined', { name: 'carl director' }));
      const leaving = await at(played, 15);
      await leaving.report(leaving.seen('left', { name: 'Ada Example' }));
      await played.until(({ participants }) => participants[0]?.presence?.status === 'left_early');
      expect((await presenceOf(played, performer.id))?.presence).toMatchObject({
        joinedAt: early.instant,
        leftAt: leaving.instant,
        isLate: false,
      });
      expect((await presenceOf(played, castingDirector.id))?.presence).toMatchObject({
        status: 'present',
        isLate: true,
      });
    });
  });

  it('about several people is one signal and changes nothing about strangers and other meetings', async () => {
    await stage.runAudition({ plan }, async (played) => {
      const { report, seen, checkedIn } = await at(played, 1);
      await report(
        checkedIn(),
        seen('joined', { name: 'Eve Stranger' }),
        seen('joined', { name: 'Ada Example' }, 'another'),
      );
      await played.until(({ state }) => state === 'in_progress');
      expect(played.world.factTypes()).not.toContain('participant_joined');
    });
  });

  it('counts for no participant when two share its email address, unless the name says who it is', async () => {
    const agency = 'agency@example.com';
    const participants = auditionPlan(0).participants.map((participant) =>
      participant.kind === 'reader' ? participant : { ...participant, email: agency },
    );
    const sharing: Partial<AuditionPlan> = { ...plan, participants };
    await stage.runAudition({ plan: sharing, recordAs: 'shared-address-of-attendee' }, async (played) => {
      const { report, seen } = await at(played, 1);
      await report(
        seen('joined', { email: agency, name: 'iPad' }),
        seen('joined', { email: agency, name: 'carl director' }),
      );
      await played.until(({ participants: seenOnes }) => seenOnes[1]?.presence?.status === 'present');
      expect((await presenceOf(played, performer.id))?.presence).toBeUndefined();
    });
  });
});

describe('a provider that reports the attendance afterwards', () => {
  const policy = { ...defaultPolicy, meetingCheck: 15 * minute };
  const onMeet: Partial<AuditionPlan> = { ...plan, meetingProviders: ['google_meet'], policy };
  const automatic: Partial<AuditionPlan> = { ...onMeet, policy: { ...policy, noShow: 'automatic' } };
  it('answers the question whether the session took place', async () => {
    await stage.runAudition({ plan: onMeet, recordAs: 'attendance-read' }, async (played) => {
      const { instant } = await at(played, 0);
      played.world.attendance = [
        { name: 'Ada Example', joinedAt: instant, leftAt: toInstant(toEpochMs(instant) + 10 * minute) },
        { name: 'Carl Director', joinedAt: instant, leftAt: toInstant(toEpochMs(instant) + 28 * minute) },
      ];
      const view = await played.until(({ state }) => state === 'awaiting_decision');
      expect(view.participants).toMatchObject([
        { id: performer.id, presence: { status: 'left_early' } },
        { id: castingDirector.id, presence: { status: 'present' } },
        {},
      ]);
      const asked = played.world.events.flatMap(({ fact }) =>
        fact.type === 'attention_raised' ? [fact.item.step] : [],
      );
      expect(asked).not.toContain('session');
    });
  });

  it('closes the audition as a no-show when the meeting was empty and the policy says so', async () => {
    await stage.runAudition({ plan: automatic, recordAs: 'nobody-came' }, async (played) => {
      await at(played, 0);
      played.world.attendance = [];
      const view = await played.result();
      expect([view.state, view.outcome]).toEqual(['closed', 'no_show']);
      expect(played.world.callsOf('readAttendance')).toHaveLength(2);
    });
  });

  it.each([
    ['a person came under an unknown name', [{ name: 'iPhone', joinedAt: '2031-01-01T00:00:00.000Z' }]],
    ['the provider does not report it', undefined],
  ] as const)('asks the casting office when %s', async (_why, attendance) => {
    await stage.runAudition({ plan: automatic }, async (played) => {
      await at(played, 0);
      played.world.attendance = attendance;
      await played.until(isAsked);
      expect((await played.view()).state).toBe('scheduled');
    });
  });

  it('asks the casting office when the provider cannot be asked', async () => {
    await stage.runAudition({ plan: onMeet }, async (played) => {
      await at(played, 0);
      played.world.fail('readAttendance', 'outage');
      expect((await played.until(isAsked)).state).toBe('scheduled');
    });
  });
});
