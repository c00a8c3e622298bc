/** Which reports about calendars count: their order, the cast they are about, and the run that they were made for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { castingDirector, performer, slotIn } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  operatorCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  terminateWhenIdle,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';
import type { audition } from './workflow.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const minute = 60_000;

const scheduled = ({ until }: RunningAudition) => until(({ state }) => state === 'scheduled');
const unasked = ({ until }: RunningAudition) => until(({ attention }) => attention.length === 0);
const changesIn = ({ world }: RunningAudition) =>
  world.events.flatMap(({ fact }) => (fact.type === 'calendar_changed' ? [fact] : []));

/** A conflict that begins so many minutes after the start of the slot. */
const conflictAfter = ({ slot }: AuditionView, minutes: number): CalendarChange['change'] => {
  const start = toEpochMs(slot?.start ?? '2026-01-01T00:00:00.000Z') + minutes * minute;
  return { kind: 'conflict', start: toInstant(start), end: toInstant(start + 5 * minute) };
};

/** Sends a report about the performer. @param place in the order of the reports */
const report = (
  { handle }: { readonly handle: Pick<RunningAudition['handle'], 'signal'> },
  place: number,
  change: CalendarChange['change'],
  other: Partial<CalendarChange> = {},
) =>
  handle.signal(messages.calendarChangedSignal, {
    inboxId: `report-${place}-${change.kind}`,
    order: { incarnation: 'performer', change: place },
    participant: performer.id,
    provider: 'google',
    connection: 'conn_performer',
    revision: 1,
    change,
    ...other,
  });

describe('a report that arrives after a later one', () => {
  it('changes nothing', async () => {
    await stage.runAudition({ recordAs: 'calendar-reports-reordered' }, async (played) => {
      const view = await scheduled(played);
      await report(played, 3, conflictAfter(view, 10));
      await report(played, 2, { kind: 'conflict_over' });
      await report(played, 1, conflictAfter(view, 5));
      await report(played, 3, conflictAfter(view, 10));
      const { attention } = await played.until(({ attention: open }) => open.length > 0);
      expect(attention).toMatchObject([{ step: 'calendar_conflict' }]);
      await report(played, 5, { kind: 'conflict_over' });
      await report(played, 4, conflictAfter(view, 10));
      await unasked(played);
      await report(played, 6, conflictAfter(view, 15));
      await played.until(() => changesIn(played).length === 3);
      expect(changesIn(played).map(({ change, start }) => [change, start])).toMatchObject([
        ['conflict', expect.any(String)],
        ['conflict_over', undefined],
        ['conflict', expect.any(String)],
      ]);
    });
  });

  it('changes nothing when it is about the event of the audition', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      await report(played, 2, { kind: 'put_back' });
      await report(played, 1, { kind: 'deleted' });
      await report(played, 3, { kind: 'put_back' });
      await played.until(() => changesIn(played).length === 2);
      expect(changesIn(played).map(({ change }) => change)).toEqual(['put_back', 'put_back']);
      expect((await played.view()).attention).toEqual([]);
    });
  });
});

const ofDirector = { participant: castingDirector.id, connection: 'conn_office' } as const;
const about = (id: string) => ({ order: { incarnation: id, change: 1 }, inboxId: `report-${id}` });
const stepsOf = ({ attention }: AuditionView) => attention.map(({ step }) => step);
const change = ({ send }: RunningAudition, ...changes: readonly messages.CastChange[]) =>
  send(messages.participantsUpdate, { ...apiCommand, changes });
const replace = (played: RunningAudition, participant: typeof castingDirector) =>
  change(played, { kind: 'remove', participant: participant.id }, { kind: 'add', participant });

describe('a question about the calendar of a participant', () => {
  it('is withdrawn when the participant leaves the cast, and a later report raises none', async () => {
    await stage.runAudition({ recordAs: 'calendar-reports-former' }, async (played) => {
      const view = await scheduled(played);
      await report(played, 1, conflictAfter(view, 5), { ...ofDirector, ...about('conflicts') });
      await report(played, 1, { kind: 'deleted' }, { ...ofDirector, ...about('event') });
      await report(played, 1, { kind: 'deleted' });
      await played.until(({ attention }) => attention.length === 3);
      await change(played, { kind: 'remove', participant: castingDirector.id });
      const { attention } = await played.until(({ attention: open }) => open.length === 1);
      expect(attention[0]?.what).toContain(performer.id);
      const before = changesIn(played).length;
      await report(played, 2, { kind: 'deleted' }, ofDirector);
      await report(played, 3, { kind: 'put_back' });
      await played.until(() => changesIn(played).length === before + 1);
      expect(stepsOf(await played.view())).toEqual([]);
    });
  });

  it('is withdrawn when the participant is replaced by one without that calendar', async () => {
    await stage.runAudition({}, async (played) => {
      const view = await scheduled(played);
      await report(played, 1, conflictAfter(view, 5), { ...ofDirector, ...about('conflicts') });
      await report(played, 1, { kind: 'deleted' }, { ...ofDirector, ...about('event') });
      await played.until(({ attention }) => attention.length === 2);
      const other = { provider: 'google', connection: 'conn_other', calendarId: 'primary' } as const;
      await replace(played, { ...castingDirector, calendar: other });
      // The synchronisation compares the other calendar, and reports about it.
      expect(stepsOf(await played.until(({ attention }) => attention.length === 1))).toEqual([
        'calendar_conflict',
      ]);
      await replace(played, { ...castingDirector, calendar: undefined });
      await unasked(played);
    });
  });

  it('stays when it was asked by an earlier version of this service', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      await report(played, 1, { kind: 'deleted' }, { ...ofDirector, order: undefined });
      await played.until(({ attention }) => attention.length === 1);
      await change(played, { kind: 'remove', participant: castingDirector.id });
      expect(stepsOf(await played.view())).toEqual(['calendar_change']);
    });
  });
});

/** Ends the workflow, and takes the audition over with another one. */
const takeOver = async (played: RunningAudition, beforeAdoption: () => Promise<void> = async () => {}) => {
  const { handle, plan, world } = played;
  const { taskQueue } = await handle.describe();
  await terminateWhenIdle(handle);
  world.beforeActivity = async ({ activity }) => {
    if (activity === 'adoptTrail') await beforeAdoption();
  };
  const run = await stage.client.workflow.start<typeof audition>(messages.auditionWorkflowType, {
    taskQueue,
    workflowId: handle.workflowId,
    args: [{ plan, takeover: { cause: 'terminated', correlationId: 'test' } }],
  });
  const view = () => run.query(messages.viewQuery);
  const retry = async () => {
    const item = (await view()).attention.find(({ step }) => step === 'recovery');
    if (!item) throw new Error('the run has not asked');
    await run.executeUpdate(messages.resolveAttentionUpdate, {
      args: [{ ...operatorCommand, id: item.id, action: 'retry' }],
    });
  };
  const untilAsked = (...steps: readonly string[]) =>
    expect.poll(async () => stepsOf(await view()), { timeout: 20_000 }).toEqual(steps);
  return { handle: run, view, retry, untilAsked };
};

describe('a run that takes an audition over', () => {
  it('asks again about what is reported to it, and not about what was reported to the earlier run', async () => {
    await stage.runAudition({}, async (played) => {
      const before = await scheduled(played);
      await report(played, 4, conflictAfter(before, 5));
      await played.until(({ attention }) => attention.length === 1);
      played.world.reportOrders = [{ incarnation: 'performer', change: 4 }];
      const latest = { handle: stage.client.workflow.getHandle<typeof audition>(played.handle.workflowId) };
      // The first report is late. The second one is made for the new run, before that has read the trail.
      const taken = await takeOver(played, async () => {
        await report(latest, 4, conflictAfter(before, 5), { inboxId: 'late' });
        await report(latest, 6, conflictAfter(before, 10));
      });
      try {
        await taken.untilAsked('recovery', 'calendar_conflict');
        expect((await taken.view()).attention[1]?.what).toContain(
          toInstant(toEpochMs(before.slot?.start ?? before.updatedAt) + 10 * minute),
        );
        await report(latest, 5, { kind: 'conflict_over' });
        await taken.retry();
        expect(stepsOf(await taken.view())).toEqual(['calendar_conflict']);
        await report(latest, 7, { kind: 'conflict_over' });
        await taken.untilAsked();
      } finally {
        await terminateWhenIdle(taken.handle);
      }
    });
  });

  it('asks again about a room that has declined', async () => {
    const room = { provider: 'google', connection: 'conn_rooms', email: 'studio@example.com' } as const;
    const slot = slotIn(72, await stage.environment.currentTimeMs());
    const wish = { kind: 'fixed', slot: { ...slot, room: 'Studio 2', roomCalendar: room } } as const;
    await stage.runAudition({ plan: { wish, meetingProviders: [] } }, async (played) => {
      await scheduled(played);
      const answered = (answer: 'accepted' | 'declined') =>
        stage.client.workflow.getHandle(played.handle.workflowId).signal(messages.calendarChangedSignal, {
          inboxId: `room-${answer}`,
          provider: 'google',
          connection: 'conn_rooms',
          revision: 1,
          change: { kind: 'room_answered', answer },
        });
      await answered('declined');
      await played.until(({ attention }) => attention.length === 1);
      const taken = await takeOver(played);
      try {
        await taken.untilAsked('recovery');
        await taken.retry();
        await taken.untilAsked('calendar_conflict');
        expect((await taken.view()).attention[0]?.code).toBe('room_declined');
        await answered('accepted');
        await taken.untilAsked();
      } finally {
        await terminateWhenIdle(taken.handle);
      }
    });
  });
});
