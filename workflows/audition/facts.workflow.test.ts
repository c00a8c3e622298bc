/** Facts from outside: told more than once, in any order, about meetings that are no longer ours. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFactType } from '../../domain/audition/events.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
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

const scheduled = ({ until }: RunningAudition) => until(({ state }) => state === 'scheduled');

const meetingOf = async ({ view }: RunningAudition): Promise<string> => (await view()).meeting?.id ?? 'none';

const startOf = async ({ view }: RunningAudition): Promise<number> => {
  const { slot } = await view();
  if (!slot) throw new Error('there is no slot');
  return toEpochMs(slot.start);
};

/** Everything is arranged, and so many minutes are left until the session. */
const minutesBefore = async (played: RunningAudition, minutes: number): Promise<number> => {
  await scheduled(played);
  const start = await startOf(played);
  await played.advanceTo(toInstant(start - minutes * minute));
  return start;
};

const startedAt = ({ handle }: RunningAudition, report: Omit<messages.MeetingReport, 'origin'> = {}) =>
  handle.signal(messages.meetingStartedSignal, { origin: 'system', ...report });
const endedAt = ({ handle }: RunningAudition, report: Omit<messages.MeetingReport, 'origin'> = {}) =>
  handle.signal(messages.meetingEndedSignal, { origin: 'system', ...report });

/** Heard after every signal before it. */
const hearing = async ({ handle }: RunningAudition) =>
  handle.executeUpdate(messages.checkInUpdate, {
    args: [{ ...apiCommand, participant: performer.id }],
  });

const times = ({ world }: RunningAudition, ...types: readonly AuditionFactType[]) =>
  types.map((type) => world.factTypes().filter((fact) => fact === type).length);

describe('a fact that is told more than once', () => {
  it('takes effect once, in whatever order the repeats come', async () => {
    await stage.runAudition({ recordAs: 'facts-repeated' }, async (played) => {
      await minutesBefore(played, 10);
      const { handle, until } = played;
      const [notice] = (await played.view()).notices;
      if (!notice) throw new Error('nobody was told');
      const { participant, channel, deliveryId } = notice;
      const meetingId = await meetingOf(played);
      const failed = { participant, channel, deliveryId, status: 'failed', inboxId: 'in-failed' } as const;
      for (const _ of [1, 2, 3]) {
        await handle.signal(messages.deliveryReportedSignal, failed);
        await startedAt(played, { meetingId, inboxId: 'in-started' });
        await handle.signal(messages.deliveryReportedSignal, {
          ...failed,
          status: 'sent',
          inboxId: 'in-sent',
        });
        await endedAt(played, { meetingId, inboxId: 'in-ended' });
      }
      const view = await until(({ state }) => state === 'awaiting_decision');
      expect(view.attention.filter(({ step }) => step === 'invitation')).toHaveLength(1);
      await handle.executeUpdate(messages.decideUpdate, { args: [{ ...apiCommand, decision: 'released' }] });
      await played.result();
      expect(times(played, 'delivery_reported', 'session_started', 'session_ended')).toEqual([1, 1, 1]);
      const raised = played.world.events.filter(
        ({ fact }) => fact.type === 'attention_raised' && fact.item.step === 'invitation',
      );
      expect(raised).toHaveLength(1);
    });
  });
});

describe('a meeting that is opened', () => {
  it('begins the session', async () => {
    await stage.runAudition({}, async (played) => {
      await minutesBefore(played, 10);
      await startedAt(played, { meetingId: await meetingOf(played) });
      const { outcome } = await played.until(({ state }) => state === 'in_progress');
      expect(outcome).toBeUndefined();
    });
  });

  it('days ahead begins it when it may begin, if it is still open', async () => {
    await stage.runAudition({ recordAs: 'meeting-opened-early' }, async (played) => {
      await scheduled(played);
      await startedAt(played, { meetingId: await meetingOf(played) });
      await played.advanceTo(toInstant((await startOf(played)) - 40 * minute));
      expect((await played.view()).state).toBe('scheduled');
      const { stateSince } = await played.until(({ state }) => state === 'in_progress');
      expect(toEpochMs(stateSince)).toBeGreaterThanOrEqual((await startOf(played)) - 30 * minute);
      expect(times(played, 'no_show')).toEqual([0]);
    });
  });

  it('days ahead and closed again begins nothing', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      const meetingId = await meetingOf(played);
      await startedAt(played, { meetingId });
      await endedAt(played, { meetingId });
      expect(await played.result()).toMatchObject({ outcome: 'no_show' });
      expect(times(played, 'session_started')).toEqual([0]);
    });
  });

  it('before everything is scheduled begins it afterwards', async () => {
    await stage.runAudition(
      { prepare: (world) => world.fail('writeEvent', 'rejected_input') },
      async (played) => {
        const { attention } = await played.until(({ attention: open }) => open.length === 2);
        await played.advanceTo(toInstant((await startOf(played)) - 10 * minute));
        await startedAt(played, { meetingId: await meetingOf(played) });
        for (const { step } of attention) await played.resolve(step, 'skip');
        const { outcome } = await played.until(({ state }) => state === 'in_progress');
        expect(outcome).toBeUndefined();
      },
    );
  });

  it('and closed, told the other way round, has been a session', async () => {
    await stage.runAudition({ recordAs: 'meeting-ended-before-started' }, async (played) => {
      const start = await minutesBefore(played, 10);
      const meetingId = await meetingOf(played);
      await endedAt(played, { meetingId, at: toInstant(start + minute) });
      await startedAt(played, { meetingId, at: toInstant(start) });
      await played.until(({ state }) => state === 'awaiting_decision');
      await played.handle.executeUpdate(messages.decideUpdate, {
        args: [{ ...apiCommand, decision: 'booked' }],
      });
      expect(times(played, 'session_started', 'session_ended')).toEqual([1, 1]);
    });
  });

  it('and closed beforehand, to try it out, ends no session when that is told late', async () => {
    await stage.runAudition({}, async (played) => {
      const start = await minutesBefore(played, 10);
      await hearing(played);
      const meetingId = await meetingOf(played);
      await endedAt(played, { meetingId, at: toInstant(start - 60 * minute) });
      expect((await hearing(played)).state).toBe('in_progress');
      await endedAt(played, { meetingId, at: toInstant(start) });
      await played.until(({ state }) => state === 'awaiting_decision');
    });
  });

  it('after the session is over changes nothing', async () => {
    await stage.runAudition({}, async (played) => {
      await minutesBefore(played, 10);
      const meetingId = await meetingOf(played);
      await hearing(played);
      await endedAt(played, { meetingId });
      const { sequence } = await played.until(({ state }) => state === 'awaiting_decision');
      await startedAt(played, { meetingId });
      await endedAt(played, { meetingId });
      const decided = await played.handle.executeUpdate(messages.decideUpdate, {
        args: [{ ...apiCommand, decision: 'booked' }],
      });
      expect(decided.sequence).toBe(sequence + 1);
    });
  });
});

const withoutZoom = (world: RunningAudition['world']): void =>
  world.fail('createMeeting', 'rejected_input', 'zoom');

describe('a report about another meeting than ours', () => {
  it('changes nothing: of the provider that another one replaced', async () => {
    await stage.runAudition({ prepare: withoutZoom }, async (played) => {
      await minutesBefore(played, 10);
      expect((await played.view()).meeting).toMatchObject({ provider: 'google_meet' });
      await startedAt(played, { meetingId: `audition/${played.plan.id}:meeting:zoom:1` });
      expect(await hearing(played)).toMatchObject({ state: 'in_progress' });
      await endedAt(played, { meetingId: `audition/${played.plan.id}:meeting:zoom:1` });
      await endedAt(played, { meetingId: await meetingOf(played) });
      await played.until(({ state }) => state === 'awaiting_decision');
      const facts = played.world.factTypes();
      // Checked in first, and by nothing else has it begun.
      expect(facts.indexOf('checked_in')).toBeLessThan(facts.indexOf('session_started'));
    });
  });

  it('changes nothing: of a time before the slot was moved', async () => {
    await stage.runAudition({ recordAs: 'meeting-opened-before-move' }, async (played) => {
      await scheduled(played);
      const meetingId = await meetingOf(played);
      const early: Instant = toInstant((await stage.environment.currentTimeMs()) - minute);
      await startedAt(played, { meetingId });
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      await played.handle.executeUpdate(messages.rescheduleUpdate, { args: [{ ...apiCommand, slot }] });
      await startedAt(played, { meetingId, at: early });
      expect(await played.result()).toMatchObject({ outcome: 'no_show' });
      expect(times(played, 'session_started')).toEqual([0]);
    });
  });
});
