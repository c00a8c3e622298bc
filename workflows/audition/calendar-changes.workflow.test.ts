/** What people do in their calendars: the casting office is asked, and nothing happens without an answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarChange, CalendarChangeOf } from '../../domain/audition/calendar-change.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { castingDirector, performer, slotIn } from '../../tests/harness/audition-plan.ts';
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

const hour = 3_600_000;
const step = 'calendar_change';

const scheduled = ({ until }: RunningAudition) => until(({ state }) => state === 'scheduled');

let reports = 0;
const report = (
  { handle }: RunningAudition,
  change: CalendarChangeOf,
  other: Partial<CalendarChange> = {},
) => {
  reports += 1;
  return handle.signal(messages.calendarChangedSignal, {
    inboxId: `report-${reports}`,
    participant: performer.id,
    provider: 'google',
    connection: 'conn_performer',
    revision: 1,
    change,
    ...other,
  });
};

/** A move by the given number of hours. */
const movedBy = ({ slot }: AuditionView, hours: number): Extract<CalendarChangeOf, { kind: 'moved' }> => {
  const start = toEpochMs(slot?.start ?? '2026-01-01T00:00:00.000Z') + hours * hour;
  return { kind: 'moved', isAllDay: false, start: toInstant(start), end: toInstant(start + hour / 2) };
};

const asked = ({ until }: RunningAudition) =>
  until(({ attention }) => attention.some((item) => item.step === step));
const itemsOf = ({ attention }: AuditionView) => attention.map((item) => item.step);
const unasked = ({ until }: RunningAudition) => until(({ attention }) => attention.length === 0);
const changesIn = ({ world }: RunningAudition) =>
  world.events.flatMap(({ fact }) => (fact.type === 'calendar_changed' ? [fact.change] : []));

describe('a moved event', () => {
  it('reschedules the audition when the casting office follows it', async () => {
    await stage.runAudition({ recordAs: 'calendar-followed' }, async (played) => {
      const moved = movedBy(await scheduled(played), 3);
      await report(played, moved);
      expect((await asked(played)).attention[0]).toMatchObject({
        step,
        actions: ['follow', 'restore', 'ignore'],
      });
      await played.resolve(step, 'follow');
      const view = await played.until(({ revision, state }) => revision === 2 && state === 'scheduled');
      expect(view.slot).toMatchObject({ start: moved.start, end: moved.end });
      expect(itemsOf(view)).toEqual([]);
      expect(changesIn(played)).toEqual(['moved']);
    });
  });

  it('is asked about again, with the reason, when the audition cannot follow', async () => {
    await stage.runAudition({ recordAs: 'calendar-follow-refused' }, async (played) => {
      const moved = movedBy(await scheduled(played), 3);
      await report(played, moved);
      await asked(played);
      played.world.holdsTaken = true;
      await played.resolve(step, 'follow');
      const view = await played.until(({ attention }) => attention[0]?.code === 'slot_taken');
      expect(view).toMatchObject({ revision: 1, state: 'scheduled' });
      expect(view.attention[0]?.what).toContain('could not follow');
    });
  });

  it('is not followed beyond the limits of a slot, whatever the policy: the casting office reads why', async () => {
    const policy = { ...defaultPolicy, calendarMoves: 'reschedule' } as const;
    await stage.runAudition({ plan: { policy }, recordAs: 'calendar-move-too-long' }, async (played) => {
      const moved = movedBy(await scheduled(played), 3);
      await report(played, {
        ...moved,
        end: toInstant(toEpochMs(moved.start) + 72 * hour),
        exceeds: 'slot_too_long',
      });
      const { attention } = await asked(played);
      expect(attention).toMatchObject([{ step, actions: ['restore', 'ignore'], code: 'slot_too_long' }]);
      expect(attention[0]?.what).toContain('could not follow: The slot is longer than 24 hours.');
      await played.resolve(step, 'restore');
      await unasked(played);
      expect(await played.view()).toMatchObject({ revision: 1, state: 'scheduled' });
    });
  });

  it('is no question any more when the account is disconnected, and is asked about anew after a reconnection', async () => {
    await stage.runAudition({ recordAs: 'calendar-disconnected' }, async (played) => {
      const moved = movedBy(await scheduled(played), 3);
      await report(played, moved);
      expect((await asked(played)).attention[0]?.connection).toBe('conn_performer');
      const disconnect = (connection: ConnectionId, inboxId: string) =>
        played.handle.signal(messages.connectionDisconnectedSignal, {
          inboxId,
          connection,
          correlationId: 'test',
        });
      await disconnect('conn_office', 'inbox-1');
      await disconnect('conn_performer', 'inbox-2');
      await disconnect('conn_performer', 'inbox-2:again');
      await unasked(played);
      const outcomes = () =>
        played.world.events.flatMap(({ fact }) =>
          fact.type === 'calendar_changed' ? [fact.outcome ?? 'asked'] : [],
        );
      await expect.poll(outcomes, { timeout: 10_000 }).toEqual(['asked', 'disconnected']);
      await report(played, moved);
      await asked(played);
      await played.resolve(step, 'ignore');
      expect(await unasked(played)).toMatchObject({ revision: 1, state: 'scheduled' });
    });
  });

  it('stays as it is when an operator aborts its restoration, and the audition goes on', async () => {
    await stage.runAudition({ recordAs: 'calendar-restore-aborted' }, async (played) => {
      const { world, resolve, until } = played;
      await report(played, movedBy(await scheduled(played), 3));
      await asked(played);
      world.fail('writeEvents', 'not_permitted');
      world.fail('writeEvent', 'not_permitted');
      await resolve(step, 'restore');
      await until(({ attention }) => attention.some((item) => item.step === 'calendar_event'));
      await resolve('calendar_event', 'abort');
      await unasked(played);
      expect(await played.view()).toMatchObject({ revision: 1, state: 'scheduled' });
    });
  });

  it('is restored beside other changes, and no longer when the audition moves', async () => {
    await stage.runAudition({}, async (played) => {
      const { world, resolve, until, send } = played;
      await report(played, movedBy(await scheduled(played), 3));
      await asked(played);
      world.fail('writeEvents', 'not_permitted');
      world.fail('writeEvent', 'not_permitted');
      await resolve(step, 'restore');
      await until(({ attention }) => attention.some((item) => item.step === 'calendar_event'));
      world.clearFaults();
      const slot = slotIn(100, await stage.environment.currentTimeMs());
      await send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      const view = await until(({ revision, attention }) => revision === 2 && attention.length === 0);
      expect(view.slot?.start).toBe(slot.start);
    });
  });

  it('is moved back when the casting office restores it', async () => {
    await stage.runAudition({ recordAs: 'calendar-restored' }, async (played) => {
      await report(played, movedBy(await scheduled(played), 3));
      await asked(played);
      const before = played.world.callsOf('writeEvents').length;
      await played.resolve(step, 'restore');
      await played.until(() => played.world.callsOf('writeEvents').length > before);
      expect(await played.view()).toMatchObject({ revision: 1, state: 'scheduled', attention: [] });
    });
  });

  it('that is put back, moved again, or left by a reschedule has no question of its own any more', async () => {
    await stage.runAudition({ recordAs: 'calendar-put-back' }, async (played) => {
      const first = await scheduled(played);
      await report(played, movedBy(first, 3));
      await asked(played);
      await report(played, { kind: 'put_back' });
      await unasked(played);
      await report(played, movedBy(first, 4));
      await report(played, movedBy(first, 5));
      const again = await played.until(({ attention }) =>
        attention.some(({ what }) => what.includes(movedBy(first, 5).start)),
      );
      expect(itemsOf(again)).toEqual([step]);
      const slot = slotIn(100, await stage.environment.currentTimeMs());
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      await unasked(played);
      await played.until(() => changesIn(played).length === 4);
      expect(changesIn(played)).toEqual(['moved', 'put_back', 'moved', 'moved']);
    });
  });

  it('is on the trail when it was reported after the audition had moved, and is not asked about', async () => {
    await stage.runAudition({ recordAs: 'calendar-superseded' }, async (played) => {
      const view = await scheduled(played);
      const slot = slotIn(100, await stage.environment.currentTimeMs());
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      await report(played, movedBy(view, 3), { isRecordedIfSuperseded: true });
      await report(played, { kind: 'deleted' }, { isRecordedIfSuperseded: true });
      await report(played, { kind: 'put_back' }, { isRecordedIfSuperseded: true });
      await report(played, movedBy(view, 4));
      await played.until(() => changesIn(played).length === 2);
      expect(
        played.world.events.flatMap(({ fact }) => (fact.type === 'calendar_changed' ? [fact] : [])),
      ).toMatchObject([
        { change: 'moved', start: movedBy(view, 3).start, outcome: 'superseded' },
        { change: 'deleted', outcome: 'superseded' },
      ]);
      expect((await played.view()).attention).toEqual([]);
    });
  });

  it('that lasts all day now cannot be followed', async () => {
    await stage.runAudition({}, async (played) => {
      await report(played, { ...movedBy(await scheduled(played), 3), isAllDay: true });
      expect((await asked(played)).attention[0]?.actions).toEqual(['restore', 'ignore']);
    });
  });

  it('is not asked about when the report is repeated, about another revision, or about a slot that has begun', async () => {
    await stage.runAudition({}, async (played) => {
      const view = await scheduled(played);
      await report(played, movedBy(view, 3), { revision: 2 });
      await report(played, movedBy(view, 3), { inboxId: 'same' });
      await asked(played);
      await played.resolve(step, 'ignore');
      await report(played, movedBy(view, 3), { inboxId: 'same' });
      await played.advanceTo(toInstant(toEpochMs(view.slot?.start ?? view.updatedAt) + 60_000));
      await report(played, movedBy(view, 4));
      await played.send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      expect(changesIn(played)).toEqual(['moved']);
      expect(itemsOf(await played.view())).not.toContain(step);
    });
  });
});

describe('a deleted event', () => {
  it('is written again when the casting office restores it, and again after another deletion', async () => {
    await stage.runAudition({ recordAs: 'calendar-deleted' }, async (played) => {
      await scheduled(played);
      const ofDirector = { participant: castingDirector.id, connection: 'conn_office' } as const;
      for (const _ of [1, 2]) {
        const before = played.world.callsOf('writeEvents').length;
        await report(played, { kind: 'deleted' }, ofDirector);
        expect((await asked(played)).attention[0]).toMatchObject({ actions: ['restore', 'ignore'] });
        await played.resolve(step, 'restore');
        await played.until(() => played.world.callsOf('writeEvents').length > before);
      }
      expect(played.world.callsOf('writeEvents')).toHaveLength(3);
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      expect(played.world.calendarEvents.size).toBe(0);
    });
  });
});

describe('a conflict after the booking', () => {
  it('is a question, which is withdrawn with the conflict, and does not hinder the audition', async () => {
    await stage.runAudition({ recordAs: 'calendar-conflict' }, async (played) => {
      const { slot } = await scheduled(played);
      if (!slot) throw new Error('there is no slot');
      await report(played, { kind: 'conflict', start: slot.start, end: slot.end });
      await played.until(({ attention }) => attention[0]?.step === 'calendar_conflict');
      await report(played, { kind: 'conflict_over' });
      await unasked(played);
      await played.until(() => changesIn(played).length === 2);
      expect(changesIn(played)).toEqual(['conflict', 'conflict_over']);
    });
  });

  it('is recorded with the calendar that has the event, when another connection reports it', async () => {
    await stage.runAudition({}, async (played) => {
      const { slot } = await scheduled(played);
      if (!slot) throw new Error('there is no slot');
      const { start, end } = slot;
      await report(played, { kind: 'conflict', start, end, connection: 'conn_family', provider: 'ics' });
      await played.until(() => changesIn(played).length === 1);
      const facts = played.world.events.filter(({ fact }) => fact.type === 'calendar_changed');
      expect(facts).toMatchObject([{ fact: { connection: 'conn_family', provider: 'ics' } }]);
    });
  });

  it('moves the audition to the next free slot when the casting office follows', async () => {
    await stage.runAudition({ recordAs: 'calendar-conflict-followed' }, async (played) => {
      const { slot } = await scheduled(played);
      if (!slot) throw new Error('there is no slot');
      played.world.busy = [{ start: slot.start, end: slot.end }];
      await report(played, { kind: 'conflict', start: slot.start, end: slot.end });
      const { attention } = await played.until(({ attention: items }) => items.length === 1);
      expect(attention[0]).toMatchObject({ step: 'calendar_conflict', actions: ['follow', 'ignore'] });
      await played.resolve('calendar_conflict', 'follow');
      const moved = await played.until(({ revision, state }) => revision === 2 && state === 'scheduled');
      expect(moved.attention).toEqual([]);
      expect(toEpochMs(moved.slot?.start ?? slot.start)).toBeGreaterThanOrEqual(toEpochMs(slot.end));
      expect(toEpochMs(moved.slot?.end ?? slot.end) - toEpochMs(moved.slot?.start ?? slot.start)).toBe(
        toEpochMs(slot.end) - toEpochMs(slot.start),
      );
    });
  });

  it('moves the audition to another slot although its calendars show the present one as free', async () => {
    const quarter = 15 * 60_000;
    const later = (await stage.environment.currentTimeMs()) + 72 * hour;
    const start = Math.ceil(later / quarter) * quarter;
    const present = { start: toInstant(start), end: toInstant(start + hour / 2), zone: 'Europe/Paris' };
    await stage.runAudition({ plan: { wish: { kind: 'fixed', slot: present } } }, async (played) => {
      await scheduled(played);
      await report(played, { kind: 'conflict', start: present.start, end: present.end });
      await played.until(({ attention }) => attention.length === 1);
      await played.resolve('calendar_conflict', 'follow');
      const moved = await played.until(({ revision, state }) => revision === 2 && state === 'scheduled');
      expect(moved.slot?.start).toBe(toInstant(start + quarter));
      expect(moved.attention).toEqual([]);
    });
  });

  it('is asked about again, with the reason, when no slot of the week is free', async () => {
    await stage.runAudition({ recordAs: 'calendar-conflict-without-slot' }, async (played) => {
      const { slot } = await scheduled(played);
      if (!slot) throw new Error('there is no slot');
      played.world.busy = [{ start: '2000-01-01T00:00:00.000Z', end: '2100-01-01T00:00:00.000Z' }];
      await report(played, { kind: 'conflict', start: slot.start, end: slot.end });
      await played.until(({ attention }) => attention.length === 1);
      await played.resolve('calendar_conflict', 'follow');
      const again = await played.until(({ attention }) =>
        attention.some(({ what }) => what.includes('could not be moved')),
      );
      expect(again).toMatchObject({ revision: 1, slot, attention: [{ step: 'calendar_conflict' }] });
      await played.resolve('calendar_conflict', 'ignore');
      await unasked(played);
    });
  });
});

describe('a lost write', () => {
  it('is repeated without a question, once for each report, and not for a slot that has moved since', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      const { world } = played;
      const written = () => world.callsOf('writeEvents').length;
      const before = written();
      const inboxId = 'report-lost';
      await report(played, { kind: 'lost' }, { inboxId });
      await report(played, { kind: 'lost' }, { inboxId });
      await played.until(() => written() > before);
      await report(played, { kind: 'lost' }, { revision: 0 });
      await report(played, { kind: 'conflict_over' });
      await played.until(() => changesIn(played).includes('conflict_over'));
      expect(written()).toBe(before + 1);
      expect(await played.view()).toMatchObject({ revision: 1, state: 'scheduled', attention: [] });
      expect(changesIn(played)).toEqual(['lost', 'conflict_over']);
    });
  });

  it('withdraws the question about the event', async () => {
    await stage.runAudition({}, async (played) => {
      await report(played, movedBy(await scheduled(played), 3));
      await asked(played);
      await report(played, { kind: 'lost' });
      await unasked(played);
      await played.until(() => changesIn(played).includes('lost'));
      expect(changesIn(played)).toEqual(['moved', 'lost']);
    });
  });
});

describe('the event of the meeting', () => {
  const scene: Parameters<WorkflowHarness['runAudition']>[0] = {
    plan: { meetingProviders: ['google_meet'] },
  };
  const about = { participant: undefined, connection: 'conn_office', isForMeeting: true } as const;

  it('is moved back when the casting office restores it, without a new link', async () => {
    await stage.runAudition(scene, async (played) => {
      const view = await scheduled(played);
      const moves = () => played.world.callsOf('moveMeeting').length;
      await report(played, movedBy(view, 3), about);
      const { attention } = await asked(played);
      expect(attention[0]).toMatchObject({
        what: expect.stringContaining('The event that hosts the meeting was moved'),
        actions: ['follow', 'restore', 'ignore'],
      });
      await played.resolve(step, 'restore');
      await played.until(() => moves() === 1);
      expect(await played.view()).toMatchObject({ revision: 1, meeting: view.meeting, attention: [] });
    });
  });

  it('is replaced with the meeting when the casting office restores it after its deletion', async () => {
    await stage.runAudition(scene, async (played) => {
      await scheduled(played);
      const created = () => played.world.callsOf('createMeeting').length;
      const before = created();
      await report(played, { kind: 'deleted' }, about);
      await asked(played);
      await played.resolve(step, 'restore');
      await played.until(() => created() > before);
      expect(played.world.factTypes()).toContain('meeting_lost');
    });
  });

  it('raises a question of its own beside that about the event of a participant', async () => {
    await stage.runAudition(scene, async (played) => {
      await scheduled(played);
      await report(played, { kind: 'deleted' });
      await report(played, { kind: 'deleted' }, about);
      await played.until(({ attention }) => attention.length === 2);
      await report(played, { kind: 'put_back' }, about);
      const { attention } = await played.until(({ attention: open }) => open.length === 1);
      expect(attention[0]?.what).toContain(performer.id);
    });
  });

  it('stays as it is when an operator aborts its restoration, and the audition goes on', async () => {
    await stage.runAudition({ ...scene, recordAs: 'calendar-meeting-restore-aborted' }, async (played) => {
      const { world, resolve, until } = played;
      await report(played, movedBy(await scheduled(played), 3), about);
      await asked(played);
      world.fail('moveMeeting', 'not_permitted');
      await resolve(step, 'restore');
      await until(({ attention }) => attention.some((item) => item.step === 'meeting'));
      await resolve('meeting', 'abort');
      await unasked(played);
      expect(await played.view()).toMatchObject({ revision: 1, state: 'scheduled' });
    });
  });
});
