/** A person changes the passcode, and so the address, of the meeting at its provider. */
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
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
const access = { joinUrl: 'https://meet.example/zoom?pwd=2', dialIn: '+33 1 23 45 67 89, 1#' };

const scheduled = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);
const report = async (played: RunningAudition, inboxId: string) => {
  const { meeting } = await played.view();
  await played.handle.signal(messages.meetingChangedSignal, {
    inboxId,
    origin: 'system',
    meetingId: meeting?.id,
  });
};
const checks = ({ world }: RunningAudition) => world.callsOf('checkMeeting').length;
const changes = ({ world }: RunningAudition) =>
  world.factTypes().filter((type) => type === 'meeting_access_changed').length;
const updatesIn = ({ world }: RunningAudition) => world.notices.filter((key) => key.includes(':update:'));
const hasAccess = (played: RunningAudition) =>
  played.until(({ meeting }) => meeting?.joinUrl === access.joinUrl);

describe('a changed address of the meeting', () => {
  it('is that of the join links from then on, and nobody needs to be told', async () => {
    await stage.runAudition({ plan, recordAs: 'meeting-access-changed' }, async (played) => {
      await scheduled(played);
      const events = played.world.callsOf('writeEvents').length;
      played.world.access = access;
      await report(played, 'whk_1');
      const { meeting } = await hasAccess(played);
      expect(meeting).toMatchObject({ provider: 'zoom', ...access });
      await report(played, 'whk_1');
      await report(played, 'whk_2');
      await expect.poll(() => checks(played)).toBe(2);
      expect(changes(played)).toBe(1);
      expect(updatesIn(played)).toEqual([]);
      expect(played.world.callsOf('writeEvents')).toHaveLength(events);
    });
  });

  it('is sent once, and written to the calendars, in an audition without join links', async () => {
    const without = { ...plan, joinLinks: undefined };
    await stage.runAudition({ plan: without, recordAs: 'meeting-access-sent' }, async (played) => {
      await scheduled(played);
      const events = played.world.callsOf('writeEvents').length;
      played.world.access = access;
      await report(played, 'whk_1');
      await played.until(() => updatesIn(played).length === 4);
      await report(played, 'whk_2');
      await expect.poll(() => checks(played)).toBe(2);
      expect(new Set(updatesIn(played)).size).toBe(4);
      expect(played.world.callsOf('writeEvents')).toHaveLength(events + 1);
      expect(changes(played)).toBe(1);
    });
  });

  it('is sent again when it changes again', async () => {
    const without = { ...plan, joinLinks: undefined };
    await stage.runAudition({ plan: without }, async (played) => {
      await scheduled(played);
      played.world.access = { joinUrl: 'https://meet.example/zoom?pwd=1' };
      await report(played, 'whk_1');
      await played.until(() => updatesIn(played).length === 4);
      played.world.access = access;
      await report(played, 'whk_2');
      await played.until(() => updatesIn(played).length === 8);
      expect(new Set(updatesIn(played)).size).toBe(8);
    });
  });

  it('is not sent when only the telephone number is another one', async () => {
    const without = { ...plan, joinLinks: undefined };
    await stage.runAudition({ plan: without }, async (played) => {
      await scheduled(played);
      const { meeting } = await played.view();
      if (!meeting) throw new TypeError('there is no meeting');
      played.world.access = { joinUrl: meeting.joinUrl, dialIn: access.dialIn };
      await report(played, 'whk_1');
      await played.until((view) => view.meeting?.dialIn === access.dialIn);
      expect(updatesIn(played)).toEqual([]);
    });
  });

  it('has the addresses of the registrants read again', async () => {
    const registered = { ...plan, meetingSettings: { registrants: true } };
    await stage.runAudition({ plan: registered, recordAs: 'registrant-addresses-read' }, async (played) => {
      await scheduled(played);
      const calls = () => played.world.callsOf('registerParticipants');
      await expect.poll(() => calls().length).toBe(1);
      played.world.access = access;
      await report(played, 'whk_1');
      await hasAccess(played);
      await expect.poll(() => calls().map((call) => call.endsWith(' other-address'))).toEqual([false, true]);
    });
  });

  it('is found by the check before the session without a report', async () => {
    const checked = { ...plan, policy: { ...defaultPolicy, meetingCheck: 15 * minute } };
    await stage.runAudition({ plan: checked }, async (played) => {
      const { slot } = await scheduled(played);
      if (!slot) throw new TypeError('no slot is held');
      played.world.access = access;
      await played.advanceTo(toInstant(toEpochMs(slot.start) - 14 * minute));
      await hasAccess(played);
      expect(played.world.factTypes()).not.toContain('meeting_lost');
    });
  });

  it('is found when the provider answers again, and the failure moves nobody', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await scheduled(played);
      played.world.access = access;
      let left = 3;
      played.world.beforeActivity = ({ activity }) => {
        if (activity !== 'checkMeeting' || left === 0) return;
        left -= 1;
        throw ApplicationFailure.create({ type: 'outage', message: 'down', details: [{ provider: 'fake' }] });
      };
      await report(played, 'whk_1');
      const { meeting, attention } = await hasAccess(played);
      expect([meeting?.provider, attention]).toEqual(['zoom', []]);
      expect(played.world.factTypes()).not.toContain('meeting_lost');
    });
  });

  it('is not asked for when the report is about another meeting', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await scheduled(played);
      await played.handle.signal(messages.meetingChangedSignal, { origin: 'system', meetingId: 'another' });
      await played.view();
      expect(checks(played)).toBe(0);
    });
  });
});
