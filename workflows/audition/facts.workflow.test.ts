/** Facts from outside: told more than once, in any order, about meetings that are no longer ours. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFactType } from '../../domain/audition/events.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { performer, slotIn } from '../../tests/harness/audition-plan.ts';
import { asked, openStage, type Played, type Stage } from '../../tests/harness/stage.ts';
import * as messages from './messages.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const minute = 60_000;

const scheduled = ({ until }: Played) => until(({ state }) => state === 'scheduled');

const meetingOf = async ({ view }: Played): Promise<string> => (await view()).meeting?.id ?? 'none';

const startOf = async ({ view }: Played): Promise<number> => {
  const { slot } = await view();
  if (!slot) throw new Error('there is no slot');
  return toEpochMs(slot.start);
};

/** Everything is arranged, and so many minutes are left until the session. */
const minutesBefore = async (played: Played, minutes: number): Promise<number> => {
  await scheduled(played);
  const start = await startOf(played);
  await played.passTo(toInstant(start - minutes * minute));
  return start;
};

const startedAt = ({ handle }: Played, report: Omit<messages.MeetingReport, 'origin'> = {}) =>
  handle.signal(messages.meetingStarted, { origin: 'system', ...report });
const endedAt = ({ handle }: Played, report: Omit<messages.MeetingReport, 'origin'> = {}) =>
  handle.signal(messages.meetingEnded, { origin: 'system', ...report });

/** Heard after every signal before it. */
const hearing = async ({ handle }: Played) =>
  handle.executeUpdate(messages.checkIn, {
    args: [{ ...asked, participant: performer.id }],
  });

const times = ({ world }: Played, ...types: readonly AuditionFactType[]) =>
  types.map((type) => world.factsOf().filter((fact) => fact === type).length);

describe('a fact that is told more than once', () => {
  it('takes effect once, in whatever order the repeats come', async () => {
    await stage.play({ records: 'facts-repeated' }, async (played) => {
      await minutesBefore(played, 10);
      const { handle, until } = played;
      const [notice] = (await played.view()).notices;
      if (!notice) throw new Error('nobody was told');
      const { participant, channel, deliveryId } = notice;
      const meetingId = await meetingOf(played);
      const failed = { participant, channel, deliveryId, status: 'failed', inboxId: 'in-failed' } as const;
      for (const _ of [1, 2, 3]) {
        await handle.signal(messages.deliveryReported, failed);
        await startedAt(played, { meetingId, inboxId: 'in-started' });
        await handle.signal(messages.deliveryReported, { ...failed, status: 'sent', inboxId: 'in-sent' });
        await endedAt(played, { meetingId, inboxId: 'in-ended' });
      }
      const view = await until(({ state }) => state === 'awaiting_decision');
      expect(view.attention.filter(({ step }) => step === 'invitation')).toHaveLength(1);
      await handle.executeUpdate(messages.decide, { args: [{ ...asked, decision: 'released' }] });
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
    await stage.play({}, async (played) => {
      await minutesBefore(played, 10);
      await startedAt(played, { meetingId: await meetingOf(played) });
      const { outcome } = await played.until(({ state }) => state === 'in_progress');
      expect(outcome).toBeUndefined();
    });
  });

  it('days ahead begins it when it may begin, if it is still open', async () => {
    await stage.play({ records: 'meeting-opened-early' }, async (played) => {
      await scheduled(played);
      await startedAt(played, { meetingId: await meetingOf(played) });
      await played.passTo(toInstant((await startOf(played)) - 40 * minute));
      expect((await played.view()).state).toBe('scheduled');
      const { stateSince } = await played.until(({ state }) => state === 'in_progress');
      expect(toEpochMs(stateSince)).toBeGreaterThanOrEqual((await startOf(played)) - 30 * minute);
      expect(times(played, 'no_show')).toEqual([0]);
    });
  });

  it('days ahead and closed again begins nothing', async () => {
    await stage.play({}, async (played) => {
      await scheduled(played);
      const meetingId = await meetingOf(played);
      await startedAt(played, { meetingId });
      await endedAt(played, { meetingId });
      expect(await played.result()).toMatchObject({ outcome: 'no_show' });
      expect(times(played, 'session_started')).toEqual([0]);
    });
  });

  it('before everything is scheduled begins it afterwards', async () => {
    await stage.play({ arrange: (world) => world.fail('writeEvent', 'rejected_input') }, async (played) => {
      const { attention } = await played.until(({ attention: open }) => open.length === 2);
      await played.passTo(toInstant((await startOf(played)) - 10 * minute));
      await startedAt(played, { meetingId: await meetingOf(played) });
      for (const { step } of attention) await played.resolve(step, 'skip');
      const { outcome } = await played.until(({ state }) => state === 'in_progress');
      expect(outcome).toBeUndefined();
    });
  });

  it('and closed, told the other way round, has been a session', async () => {
    await stage.play({ records: 'meeting-ended-before-started' }, async (played) => {
      const start = await minutesBefore(played, 10);
      const meetingId = await meetingOf(played);
      await endedAt(played, { meetingId, at: toInstant(start + minute) });
      await startedAt(played, { meetingId, at: toInstant(start) });
      await played.until(({ state }) => state === 'awaiting_decision');
      await played.handle.executeUpdate(messages.decide, { args: [{ ...asked, decision: 'booked' }] });
      expect(times(played, 'session_started', 'session_ended')).toEqual([1, 1]);
    });
  });

  it('and closed beforehand, to try it out, ends no session when that is told late', async () => {
    await stage.play({}, async (played) => {
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
    await stage.play({}, async (played) => {
      await minutesBefore(played, 10);
      const meetingId = await meetingOf(played);
      await hearing(played);
      await endedAt(played, { meetingId });
      const { sequence } = await played.until(({ state }) => state === 'awaiting_decision');
      await startedAt(played, { meetingId });
      await endedAt(played, { meetingId });
      const decided = await played.handle.executeUpdate(messages.decide, {
        args: [{ ...asked, decision: 'booked' }],
      });
      expect(decided.sequence).toBe(sequence + 1);
    });
  });
});

const withoutZoom = (world: Played['world']): void => world.fail('createMeeting', 'rejected_input', 'zoom');

describe('a report about another meeting than ours', () => {
  it('changes nothing: of the provider that another one replaced', async () => {
    await stage.play({ arrange: withoutZoom }, async (played) => {
      await minutesBefore(played, 10);
      expect((await played.view()).meeting).toMatchObject({ provider: 'google_meet' });
      await startedAt(played, { meetingId: `audition/${played.plan.id}:meeting:zoom:1` });
      expect(await hearing(played)).toMatchObject({ state: 'in_progress' });
      await endedAt(played, { meetingId: `audition/${played.plan.id}:meeting:zoom:1` });
      await endedAt(played, { meetingId: await meetingOf(played) });
      await played.until(({ state }) => state === 'awaiting_decision');
      const facts = played.world.factsOf();
      // Checked in first, and by nothing else has it begun.
      expect(facts.indexOf('checked_in')).toBeLessThan(facts.indexOf('session_started'));
    });
  });

  it('changes nothing: of a time before the slot was moved', async () => {
    await stage.play({ records: 'meeting-opened-before-move' }, async (played) => {
      await scheduled(played);
      const meetingId = await meetingOf(played);
      const early: Instant = toInstant((await stage.environment.currentTimeMs()) - minute);
      await startedAt(played, { meetingId });
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      await played.handle.executeUpdate(messages.reschedule, { args: [{ ...asked, slot }] });
      await startedAt(played, { meetingId, at: early });
      expect(await played.result()).toMatchObject({ outcome: 'no_show' });
      expect(times(played, 'session_started')).toEqual([0]);
    });
  });
});
