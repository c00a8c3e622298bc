/** External facts: repeated, out of order, and about replaced meetings. */
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

/** Runs the scheduled audition until the given number of minutes after the start of its slot. */
const minutesInto = (played: RunningAudition, minutes: number): Promise<number> =>
  minutesBefore(played, -minutes);

/** Runs the scheduled audition until the given number of minutes before the start of its slot. */
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

/** Checks the performer in. The update is handled after all earlier signals. */
const checkInPerformer = async ({ send }: RunningAudition) =>
  send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });

const times = ({ world }: RunningAudition, ...types: readonly AuditionFactType[]) =>
  types.map((type) => world.factTypes().filter((fact) => fact === type).length);

describe('a repeated fact', () => {
  it('takes effect once, in any order of the repetitions', async () => {
    await stage.runAudition({ recordAs: 'facts-repeated' }, async (played) => {
      await minutesInto(played, 1);
      const { handle, send, until } = played;
      const [notice] = (await until(({ notices }) => notices.length > 0)).notices;
      if (!notice) throw new Error('there is no notice');
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
      await send(messages.decideUpdate, { ...apiCommand, decision: 'released' });
      await played.result();
      expect(times(played, 'delivery_reported', 'session_started', 'session_ended')).toEqual([1, 1, 1]);
      const raised = played.world.events.filter(
        ({ fact }) => fact.type === 'attention_raised' && fact.item.step === 'invitation',
      );
      expect(raised).toHaveLength(1);
    });
  });
});

describe('the report of a meeting', () => {
  it('starts the session when the meeting is opened', async () => {
    await stage.runAudition({}, async (played) => {
      await minutesInto(played, 1);
      await startedAt(played, { meetingId: await meetingOf(played) });
      const { outcome } = await played.until(({ state }) => state === 'in_progress');
      expect(outcome).toBeUndefined();
    });
  });

  it('starts the session with the slot when the meeting was opened days ahead and is still open', async () => {
    await stage.runAudition({ recordAs: 'meeting-opened-early' }, async (played) => {
      await scheduled(played);
      await startedAt(played, { meetingId: await meetingOf(played) });
      await played.advanceTo(toInstant((await startOf(played)) - minute));
      expect((await played.view()).state).toBe('scheduled');
      const { stateSince } = await played.until(({ state }) => state === 'in_progress');
      expect(toEpochMs(stateSince)).toBeGreaterThanOrEqual(await startOf(played));
      expect(times(played, 'no_show')).toEqual([0]);
    });
  });

  it.each([
    ['in their order', false],
    ['in reverse order', true],
  ])('changes nothing when the room was tested before the slot, with reports %s', async (_, isReversed) => {
    await stage.runAudition({}, async (played) => {
      const start = await minutesBefore(played, 20);
      const meetingId = await meetingOf(played);
      const reports = [
        () => startedAt(played, { meetingId, at: toInstant(start - 25 * minute) }),
        () => endedAt(played, { meetingId, at: toInstant(start - 23 * minute) }),
      ];
      for (const report of isReversed ? reports.toReversed() : reports) await report();
      await played.until(({ attention }) => attention.some(({ step }) => step === 'session'));
      expect(times(played, 'session_started', 'session_ended')).toEqual([0, 0]);
      const cancelled = await played.send(messages.cancelUpdate, apiCommand);
      expect(cancelled.outcome).toBe('cancelled');
      expect(played.world.meetings.size).toBe(0);
    });
  });

  it('starts the session once the audition is scheduled when the meeting was opened before', async () => {
    await stage.runAudition(
      { prepare: (world) => world.fail('writeEvent', 'rejected_input') },
      async (played) => {
        const { attention } = await played.until(({ attention: open }) => open.length === 2);
        await played.advanceTo(toInstant((await startOf(played)) + minute));
        await startedAt(played, { meetingId: await meetingOf(played) });
        for (const { step } of attention) await played.resolve(step, 'skip');
        const { outcome } = await played.until(({ state }) => state === 'in_progress');
        expect(outcome).toBeUndefined();
      },
    );
  });

  it('starts and ends the session when the reports arrive in reverse order', async () => {
    await stage.runAudition({ recordAs: 'meeting-ended-before-started' }, async (played) => {
      const start = await minutesInto(played, 2);
      const meetingId = await meetingOf(played);
      await endedAt(played, { meetingId, at: toInstant(start + minute) });
      await startedAt(played, { meetingId, at: toInstant(start) });
      await played.until(({ state }) => state === 'awaiting_decision');
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'booked' });
      expect(times(played, 'session_started', 'session_ended')).toEqual([1, 1]);
    });
  });

  it('continues the session when the meeting is opened again', async () => {
    await stage.runAudition({ recordAs: 'meeting-reopened' }, async (played) => {
      const start = await minutesInto(played, 1);
      const meetingId = await meetingOf(played);
      await startedAt(played, { meetingId });
      await endedAt(played, { meetingId });
      await played.advanceTo(toInstant(start + 3 * minute));
      await startedAt(played, { meetingId });
      await played.advanceTo(toInstant(start + 25 * minute));
      expect((await played.view()).state).toBe('in_progress');
      await played.advanceTo(toInstant(start + 31 * minute));
      await endedAt(played, { meetingId });
      const { stateSince } = await played.until(({ state }) => state === 'awaiting_decision');
      expect(toEpochMs(stateSince)).toBeLessThan(start + 40 * minute);
    });
  });

  it('ends no session when a late report says that the meeting was closed before it', async () => {
    await stage.runAudition({}, async (played) => {
      const start = await minutesBefore(played, 10);
      await checkInPerformer(played);
      const meetingId = await meetingOf(played);
      await endedAt(played, { meetingId, at: toInstant(start - 60 * minute) });
      await played.advanceTo(toInstant(start + 20 * minute));
      expect((await played.view()).state).toBe('in_progress');
    });
  });

  it('continues the session when the meeting is opened again after its end', async () => {
    await stage.runAudition({ recordAs: 'session-continued' }, async (played) => {
      const start = await minutesInto(played, 1);
      const meetingId = await meetingOf(played);
      await startedAt(played, { meetingId });
      await played.advanceTo(toInstant(start + 31 * minute));
      await endedAt(played, { meetingId });
      await played.until(({ state }) => state === 'awaiting_decision');
      await startedAt(played, { meetingId, at: toInstant(start + 30 * minute) });
      expect((await played.view()).state).toBe('awaiting_decision');
      await played.advanceTo(toInstant(start + 33 * minute));
      await startedAt(played, { meetingId });
      await played.until(({ state }) => state === 'in_progress');
      await played.until(({ state }) => state === 'awaiting_decision');
      expect(times(played, 'session_started', 'session_ended')).toEqual([2, 2]);
    });
  });

  it('changes nothing when the meeting is opened long after the session', async () => {
    await stage.runAudition({}, async (played) => {
      const start = await minutesBefore(played, 10);
      const meetingId = await meetingOf(played);
      await checkInPerformer(played);
      await played.advanceTo(toInstant(start + 31 * minute));
      await endedAt(played, { meetingId });
      await played.until(({ state }) => state === 'awaiting_decision');
      await played.advanceTo(toInstant(start + 60 * minute));
      await startedAt(played, { meetingId });
      await endedAt(played, { meetingId });
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'booked' });
      expect(times(played, 'session_started', 'session_ended')).toEqual([1, 1]);
    });
  });
});

describe('the report that a meeting was deleted', () => {
  it('has the meeting created anew, its link written and sent once', async () => {
    await stage.runAudition({ recordAs: 'meeting-deleted' }, async (played) => {
      const { world, handle, until } = played;
      const { meeting } = await until(({ notices }) => notices.length === 4);
      for (const inboxId of ['in-1', 'in-1', 'in-2']) {
        await handle.signal(messages.meetingDeletedSignal, {
          origin: 'system',
          meetingId: meeting?.id ?? '',
          inboxId,
        });
      }
      const told = await until(
        ({ notices }) => notices.filter(({ notice }) => notice === 'update').length === 4,
      );
      expect(told.meeting?.id).not.toBe(meeting?.id);
      expect(told).toMatchObject({ state: 'scheduled', revision: 1 });
      expect(times(played, 'meeting_lost', 'meeting_created')).toEqual([1, 2]);
      expect(world.callsOf('writeEvent')).toHaveLength(4);
    });
  });

  it('during a move has the meeting created anew after it, whatever other report follows', async () => {
    await stage.runAudition({}, async (played) => {
      const { meeting } = await played.until(({ notices }) => notices.length === 4);
      played.world.fail('moveMeeting', 'reconnect');
      played.world.fail('createMeeting', 'reconnect');
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      for (const meetingId of [meeting?.id ?? '', 'an-old-meeting']) {
        await played.handle.signal(messages.meetingDeletedSignal, { origin: 'system', meetingId });
      }
      played.world.clearFaults();
      await played.resolve('meeting', 'retry');
      const view = await played.until(
        ({ notices }) => notices.filter(({ notice }) => notice === 'update').length >= 4,
      );
      await played.until(({ meeting: present }) => present !== undefined && present.id !== meeting?.id);
      expect(view).toMatchObject({ slot, revision: 2 });
      expect(times(played, 'meeting_lost')).toEqual([1]);
    });
  });

  it('keeps the dead link out of all notices while a reschedule waits for an operator', async () => {
    await stage.runAudition({}, async (played) => {
      const { meeting } = await played.until(({ notices }) => notices.length === 4);
      played.world.fail('findBusy', 'reconnect', 'conn_performer');
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      const wish = { kind: 'fixed', slot } as const;
      await played.handle.executeUpdate(messages.rescheduleUpdate, { args: [{ ...apiCommand, wish }] });
      const meetingId = meeting?.id ?? '';
      await played.handle.signal(messages.meetingDeletedSignal, { origin: 'system', meetingId });
      const view = await played.until(
        ({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 4,
      );
      expect(view.meeting).toBeUndefined();
      played.world.clearFaults();
      await played.resolve('conflict_check', 'retry');
      const moved = await played.until(
        ({ notices }) => notices.filter(({ notice }) => notice === 'update').length === 4,
      );
      expect(moved).toMatchObject({ slot, revision: 2, meeting: { provider: 'zoom' } });
      expect(moved.meeting?.id).not.toBe(meetingId);
      expect(times(played, 'meeting_lost', 'meeting_created')).toEqual([1, 2]);
    });
  });

  it('keeps asking for a meeting after the slot has begun, until it is over', async () => {
    await stage.runAudition({}, async (played) => {
      const start = await minutesBefore(played, 20);
      const meetingId = await meetingOf(played);
      played.world.fail('createMeeting', 'rejected_input');
      await played.handle.signal(messages.meetingDeletedSignal, { origin: 'system', meetingId });
      await played.until(({ attention }) => attention.some(({ step }) => step === 'meeting'));
      await checkInPerformer(played);
      await played.advanceTo(toInstant(start + 5 * minute));
      expect((await played.view()).attention).toMatchObject([{ step: 'meeting' }]);
      await played.until(({ state }) => state === 'awaiting_decision');
      const { attention } = await played.until(({ attention: open }) => open.length === 0);
      expect(attention).toEqual([]);
    });
  });

  it('changes nothing after the session', async () => {
    await stage.runAudition({}, async (played) => {
      await minutesInto(played, 1);
      const meetingId = await meetingOf(played);
      await checkInPerformer(played);
      await played.until(({ state }) => state === 'awaiting_decision');
      await played.handle.signal(messages.meetingDeletedSignal, { origin: 'system', meetingId });
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'booked' });
      await played.result();
      expect(times(played, 'meeting_lost')).toEqual([0]);
    });
  });

  it('changes nothing when it is about another meeting', async () => {
    await stage.runAudition({}, async (played) => {
      const { sequence } = await played.until(({ notices }) => notices.length === 4);
      await played.handle.signal(messages.meetingDeletedSignal, { origin: 'system', meetingId: 'another' });
      const after = await played.send(messages.respondUpdate, {
        ...apiCommand,
        participant: performer.id,
        answer: 'tentative',
      });
      expect(after.sequence).toBe(sequence + 1);
    });
  });
});

const withoutZoom = (world: RunningAudition['world']): void =>
  world.fail('createMeeting', 'rejected_input', 'zoom');

describe('a report about another meeting', () => {
  it('changes nothing when the meeting was replaced by that of another provider', async () => {
    await stage.runAudition({ prepare: withoutZoom }, async (played) => {
      const start = await minutesInto(played, 1);
      expect((await played.view()).meeting).toMatchObject({ provider: 'google_meet' });
      await startedAt(played, { meetingId: `audition/${played.plan.id}:meeting:zoom:1` });
      expect(await checkInPerformer(played)).toMatchObject({ state: 'in_progress' });
      await played.advanceTo(toInstant(start + 31 * minute));
      await endedAt(played, { meetingId: `audition/${played.plan.id}:meeting:zoom:1` });
      await endedAt(played, { meetingId: await meetingOf(played) });
      await played.until(({ state }) => state === 'awaiting_decision');
      const facts = played.world.factTypes();
      // Only the check-in has started the session.
      expect(facts.indexOf('checked_in')).toBeLessThan(facts.indexOf('session_started'));
    });
  });

  it('changes nothing when it is from before the slot was moved', async () => {
    await stage.runAudition({ recordAs: 'meeting-opened-before-move' }, async (played) => {
      await scheduled(played);
      const meetingId = await meetingOf(played);
      const early: Instant = toInstant((await stage.environment.currentTimeMs()) - minute);
      await startedAt(played, { meetingId });
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      await startedAt(played, { meetingId, at: early });
      await played.until(({ attention }) => attention.some(({ step }) => step === 'session'));
      expect(times(played, 'session_started')).toEqual([0]);
    });
  });
});
