/** The check of the meeting before the session, and moves to another meeting. */
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { performer } from '../../tests/harness/audition-plan.ts';
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

const checked: Partial<AuditionPlan> = {
  joinLinks: true,
  reminders: [],
  policy: { ...defaultPolicy, meetingCheck: 15 * minute },
};
const withBackup: Partial<AuditionPlan> = { ...checked, backup: { phone: '+33 1 23 45 67 89' } };

const notified = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);
const minutesFromStart = async ({ view }: RunningAudition, minutes: number) => {
  const { slot } = await view();
  if (!slot) throw new TypeError('no slot is held');
  return toInstant(toEpochMs(slot.start) + minutes * minute);
};
const advanceFromStart = async (played: RunningAudition, minutes: number) =>
  played.advanceTo(await minutesFromStart(played, minutes));
const isOn = (provider: string) => (view: Awaited<ReturnType<RunningAudition['view']>>) =>
  view.meeting?.provider === provider;
const updatesIn = ({ world }: RunningAudition) => world.notices.filter((key) => key.includes(':update:'));
/** The performer gets an email and a text message, the two others an email. */
const expectNotifiedOnce = (played: RunningAudition) => {
  expect(updatesIn(played)).toHaveLength(4);
  expect(new Set(updatesIn(played)).size).toBe(4);
};
const meetingsOf = ({ world }: RunningAudition) =>
  [...world.meetings].map((key) => key.split(':meeting:')[1]);

/** Fails as many attempts to remove a meeting, as during an outage. */
const failingRemovals = (count: number): RunningAudition['world']['beforeActivity'] => {
  let left = count;
  return ({ activity }) => {
    if (activity !== 'removeMeeting' || left === 0) return;
    left -= 1;
    throw ApplicationFailure.create({ type: 'outage', message: 'down', details: [{ provider: 'fake' }] });
  };
};

describe('the check of the meeting before the session', () => {
  it('is one call when the meeting is there, and changes nothing', async () => {
    await stage.runAudition({ plan: checked, recordAs: 'meeting-checked' }, async (played) => {
      await notified(played);
      await advanceFromStart(played, -16);
      expect(played.world.callsOf('checkMeeting')).toEqual([]);
      await advanceFromStart(played, 1);
      expect(played.world.callsOf('checkMeeting')).toHaveLength(1);
      expect(meetingsOf(played)).toEqual(['zoom:1']);
      expect(updatesIn(played)).toEqual([]);
    });
  });

  it('moves everyone to the next provider when the present one fails, and notifies each of them once', async () => {
    await stage.runAudition({ plan: checked, recordAs: 'provider-fails-with-notice' }, async (played) => {
      await notified(played);
      const events = played.world.callsOf('writeEvents').length;
      played.world.fail('checkMeeting', 'outage');
      played.world.beforeActivity = failingRemovals(3);
      const view = await played.until(isOn('google_meet'));
      expect(Date.parse(view.updatedAt)).toBeLessThan(Date.parse(await minutesFromStart(played, -13)));
      expect(played.world.factTypes()).toContain('meeting_lost');
      await played.until(() => played.world.meetings.size === 1);
      expect(meetingsOf(played)).toEqual(['google_meet:2']);
      expectNotifiedOnce(played);
      expect(played.world.callsOf('writeEvents')).toHaveLength(events);
      expect((await played.view()).attention.map(({ step }) => step)).toEqual(['answer']);
    });
  });

  it.each(['reconnect', 'not_permitted'] as const)(
    'moves everyone within a second when the provider refuses: %s',
    async (kind) => {
      await stage.runAudition({ plan: checked }, async (played) => {
        await notified(played);
        played.world.fail('checkMeeting', kind);
        const view = await played.until(isOn('google_meet'));
        const due = Date.parse(await minutesFromStart(played, -15));
        expect(Date.parse(view.updatedAt) - due).toBeLessThan(5_000);
        expect(played.world.callsOf('checkMeeting')).toHaveLength(1);
      });
    },
  );

  it('keeps the meeting when only our own database fails', async () => {
    await stage.runAudition({ plan: checked }, async (played) => {
      await notified(played);
      played.world.beforeActivity = ({ activity }) => {
        if (activity !== 'checkMeeting') return;
        throw Object.assign(new Error('down'), { name: 'DatabaseDown' });
      };
      await advanceFromStart(played, -10);
      expect(meetingsOf(played)).toEqual(['zoom:1']);
      expect(played.world.factTypes()).not.toContain('meeting_lost');
    });
  });

  it('replaces a meeting that is gone, under the same join links', async () => {
    await stage.runAudition({ plan: checked, recordAs: 'meeting-gone-with-notice' }, async (played) => {
      await notified(played);
      played.world.meetings.clear();
      await played.until(({ meeting }) => meeting?.id.endsWith(':2') === true);
      expect(meetingsOf(played)).toEqual(['zoom:2']);
      await played.until(() => updatesIn(played).length === 4);
      expectNotifiedOnce(played);
    });
  });

  it('sends the new link to each participant once in an audition without join links', async () => {
    const plan = { ...checked, joinLinks: undefined };
    await stage.runAudition({ plan, recordAs: 'provider-fails-without-join-links' }, async (played) => {
      await notified(played);
      played.world.fail('checkMeeting', 'outage');
      await played.until(isOn('google_meet'));
      await played.until(() => updatesIn(played).length === 4);
      await advanceFromStart(played, -1);
      expect(new Set(updatesIn(played)).size).toBe(4);
    });
  });

  it('also takes place when an early check-in has begun the session', async () => {
    await stage.runAudition({ plan: checked }, async (played) => {
      await notified(played);
      await advanceFromStart(played, -20);
      await played.send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      played.world.fail('checkMeeting', 'outage');
      expect((await played.until(isOn('google_meet'))).state).toBe('in_progress');
    });
  });

  it('is left out when the slot was so near that the meeting is new', async () => {
    await stage.runAudition(
      { plan: { ...checked, policy: { ...defaultPolicy, meetingCheck: 90 * 24 * 60 * minute } } },
      async (played) => {
        await notified(played);
        await advanceFromStart(played, 1);
        expect(played.world.callsOf('checkMeeting')).toEqual([]);
      },
    );
  });
});

/** Sends what the meeting watch sends in each of its rounds while the provider fails. */
const doubt = async (played: RunningAudition, times = 1) => {
  const { meeting } = await played.view();
  for (let time = 0; time < times; time += 1)
    await played.handle.signal(messages.meetingDoubtedSignal, { origin: 'system', meetingId: meeting?.id });
};
const checks = ({ world }: RunningAudition) => world.callsOf('checkMeeting').length;

describe('a provider that fails after the check', () => {
  it('is left once, three minutes before the session, however often it is reported', async () => {
    await stage.runAudition({ plan: checked, recordAs: 'provider-fails-after-check' }, async (played) => {
      await notified(played);
      await advanceFromStart(played, -3);
      expect(checks(played)).toBe(1);
      played.world.fail('checkMeeting', 'outage');
      await doubt(played, 3);
      const view = await played.until(isOn('google_meet'));
      expect(Date.parse(view.updatedAt)).toBeLessThan(Date.parse(await minutesFromStart(played, -2)));
      await played.until(() => played.world.meetings.size === 1);
      expect(meetingsOf(played)).toEqual(['google_meet:2']);
      expectNotifiedOnce(played);
    });
  });

  it('is kept when it answers the audition', async () => {
    await stage.runAudition({ plan: checked, recordAs: 'provider-doubted' }, async (played) => {
      await notified(played);
      await advanceFromStart(played, -3);
      await doubt(played);
      await played.until(() => checks(played) === 2);
      await advanceFromStart(played, 1);
      expect(meetingsOf(played)).toEqual(['zoom:1']);
    });
  });

  it('is left in the first minutes of the slot while no participant has joined', async () => {
    await stage.runAudition({ plan: checked }, async (played) => {
      await notified(played);
      await advanceFromStart(played, 2);
      played.world.fail('checkMeeting', 'outage');
      await doubt(played);
      await played.until(isOn('google_meet'));
      await played.until(() => updatesIn(played).length === 4);
      expect(new Set(updatesIn(played)).size).toBe(4);
    });
  });

  it('is kept when people are in the meeting, when the first minutes are over, and before the check', async () => {
    await stage.runAudition({ plan: checked }, async (played) => {
      await notified(played);
      await advanceFromStart(played, -20);
      played.world.fail('checkMeeting', 'outage');
      await doubt(played);
      expect(checks(played)).toBe(0);
      played.world.clearFaults();
      await advanceFromStart(played, 1);
      const { meeting } = await played.view();
      const at = await minutesFromStart(played, 1);
      await played.handle.signal(messages.meetingStartedSignal, {
        origin: 'system',
        meetingId: meeting?.id,
        at,
      });
      await played.until(({ state }) => state === 'in_progress');
      played.world.fail('checkMeeting', 'outage');
      await doubt(played);
      await advanceFromStart(played, 11);
      await doubt(played);
      await advanceFromStart(played, 12);
      expect(checks(played)).toBe(1);
      expect(meetingsOf(played)).toEqual(['zoom:1']);
    });
  });

  it('asks an operator once when no provider follows', async () => {
    const plan: Partial<AuditionPlan> = { ...checked, meetingProviders: ['zoom'] };
    await stage.runAudition({ plan }, async (played) => {
      await notified(played);
      await advanceFromStart(played, -5);
      played.world.fail('checkMeeting', 'outage');
      await doubt(played);
      await played.until(isAsked);
      await doubt(played, 3);
      await advanceFromStart(played, -1);
      const { attention } = await played.view();
      expect(attention.filter(({ step }) => step === 'meeting')).toHaveLength(1);
    });
  });
});

const allFail = ({ world }: RunningAudition) => {
  world.fail('checkMeeting', 'outage');
  world.fail('createMeeting', 'outage');
};
const isAsked = ({ attention }: Awaited<ReturnType<RunningAudition['view']>>) =>
  attention.some(({ step }) => step === 'meeting');

describe('when no provider can make a meeting', () => {
  it('each participant is notified once how the audition takes place, and an operator is asked', async () => {
    await stage.runAudition({ plan: withBackup, recordAs: 'no-provider-before-session' }, async (played) => {
      await notified(played);
      allFail(played);
      await played.until(isAsked);
      await played.until(() => updatesIn(played).length === 4);
      const view = await played.view();
      expect(view.backupAnnouncedAs).toBe(1);
      // The provider may only fail to answer this service: its meeting stays.
      expect(meetingsOf(played)).toEqual(['zoom:1']);
      expect(view.meeting?.provider).toBe('zoom');
      expect(Date.parse(view.updatedAt)).toBeLessThan(Date.parse(await minutesFromStart(played, -13)));
      await played.resolve('meeting', 'retry');
      await played.until(isAsked);
      played.world.clearFaults();
      await played.resolve('meeting', 'retry');
      await played.until(
        ({ meeting }) => meeting?.id.endsWith(':4') === true || meeting?.id.endsWith(':3') === true,
      );
      await advanceFromStart(played, -1);
      expect(updatesIn(played)).toHaveLength(4);
      expect(played.world.meetings.size).toBe(1);
    });
  });

  it('an operator is asked and no notice is sent when the organization has no such plan', async () => {
    await stage.runAudition({ plan: checked }, async (played) => {
      await notified(played);
      allFail(played);
      await played.until(isAsked);
      await advanceFromStart(played, -1);
      expect(updatesIn(played)).toEqual([]);
    });
  });

  it('an audition with one provider keeps its meeting', async () => {
    const plan: Partial<AuditionPlan> = { ...withBackup, meetingProviders: ['zoom'] };
    await stage.runAudition({ plan }, async (played) => {
      await notified(played);
      played.world.fail('checkMeeting', 'outage');
      await played.until(isAsked);
      expect(meetingsOf(played)).toEqual(['zoom:1']);
      expect(played.world.callsOf('createMeeting')).toHaveLength(1);
    });
  });
});

const started = async (played: RunningAudition) => {
  await notified(played);
  await advanceFromStart(played, -10);
  await played.send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
  return played.until(({ state }) => state === 'in_progress');
};

describe('a move to another meeting during the session', () => {
  it('is made when a person asks for it, and the earlier meeting is removed', async () => {
    await stage.runAudition({ plan: checked, recordAs: 'other-meeting-with-notice' }, async (played) => {
      await started(played);
      const view = await played.send(messages.meetingUpdate, apiCommand);
      expect([view.meeting?.provider, view.state]).toEqual(['google_meet', 'in_progress']);
      await played.until(() => played.world.meetings.size === 1);
      expect(meetingsOf(played)).toEqual(['google_meet:2']);
      await played.until(() => updatesIn(played).length === 4);
      expectNotifiedOnce(played);
    });
  });

  it('sends no notice days before the session, because the join links lead to the other meeting', async () => {
    await stage.runAudition({ plan: checked }, async (played) => {
      await notified(played);
      await played.send(messages.meetingUpdate, apiCommand);
      await played.until(() => played.world.meetings.size === 1);
      expect(updatesIn(played)).toEqual([]);
    });
  });

  it('is refused for an audition in person', async () => {
    await stage.runAudition({ plan: { ...checked, meetingProviders: [] } }, async (played) => {
      await notified(played);
      expect(await updateFailureOf(played.send(messages.meetingUpdate, apiCommand))).toMatchObject({
        code: 'wrong_state',
      });
    });
  });

  it('is made on the provider that the person names', async () => {
    await stage.runAudition({ plan: checked }, async (played) => {
      await started(played);
      const view = await played.send(messages.meetingUpdate, { ...apiCommand, provider: 'zoom' });
      expect(view.meeting?.provider).toBe('zoom');
      await played.until(() => played.world.meetings.size === 1);
      expect(meetingsOf(played)).toEqual(['zoom:2']);
    });
  });

  it('is made when the meeting is closed early and its provider fails', async () => {
    await stage.runAudition({ plan: checked, recordAs: 'meeting-closed-by-outage' }, async (played) => {
      await started(played);
      await advanceFromStart(played, 5);
      const { meeting } = await played.view();
      played.world.fail('checkMeeting', 'outage');
      const at = await minutesFromStart(played, 5);
      await played.handle.signal(messages.meetingEndedSignal, {
        origin: 'system',
        meetingId: meeting?.id,
        at,
      });
      expect((await played.until(isOn('google_meet'))).state).toBe('in_progress');
    });
  });

  it('is not made when the meeting is closed early and still exists', async () => {
    await stage.runAudition({ plan: checked }, async (played) => {
      await started(played);
      await advanceFromStart(played, 5);
      const { meeting } = await played.view();
      const at = await minutesFromStart(played, 5);
      await played.handle.signal(messages.meetingEndedSignal, {
        origin: 'system',
        meetingId: meeting?.id,
        at,
      });
      await played.until(({ state }) => state === 'awaiting_decision');
      expect(meetingsOf(played)).toEqual(['zoom:1']);
    });
  });
});

it('the meeting that an audition has left is removed when the audition is cancelled meanwhile', async () => {
  await stage.runAudition({ plan: checked }, async (played) => {
    await notified(played);
    played.world.fail('checkMeeting', 'outage');
    played.world.fail('removeMeeting', 'outage', ':zoom:');
    // In small steps: the pauses between the attempts grow, and the harness passes through them second by second.
    await advanceFromStart(played, -15);
    await advanceFromStart(played, -14.5);
    await played.until(isOn('google_meet'));
    await played.send(messages.cancelUpdate, apiCommand);
    expect(meetingsOf(played)).toEqual(['zoom:1']);
    played.world.clearFaults();
    await played.result();
    expect(played.world.meetings.size).toBe(0);
  });
});
