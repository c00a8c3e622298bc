/** The event of a participant can also host the meeting: its restoration replaces or checks the meeting. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarChange, CalendarChangeOf } from '../../domain/audition/calendar-change.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { performer } from '../../tests/harness/audition-plan.ts';
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
describe('the event of a participant that hosts the meeting', () => {
  const scene: Parameters<WorkflowHarness['runAudition']>[0] = {
    plan: { meetingProviders: ['google_meet'] },
  };
  const about = { hostsMeeting: true } as const;

  it('is restored with another meeting after its deletion, whose link everyone gets', async () => {
    await stage.runAudition({ ...scene, recordAs: 'calendar-deleted-with-meeting' }, async (played) => {
      const { world, until, resolve } = played;
      const { meeting } = await scheduled(played);
      await report(played, { kind: 'deleted' }, about);
      expect((await asked(played)).attention[0]?.what).toContain('hosts the meeting');
      await resolve(step, 'restore');
      const view = await until((now) => now.meeting !== undefined && now.meeting.id !== meeting?.id);
      expect(view).toMatchObject({ state: 'scheduled', revision: 1, attention: [] });
      expect(world.callsOf('createMeeting')).toHaveLength(2);
      const types = world.factTypes();
      const lost = types.indexOf('meeting_lost');
      // Restored first: its text states the join link of the audition, whose meeting is replaced after that.
      expect(types.slice(0, lost).filter((type) => type === 'calendar_event_written')).toHaveLength(3);
      await until(() => world.notices.some((key) => key.includes(':update:')));
    });
  });

  it('keeps its present meeting when the deleted one was replaced before the restoration', async () => {
    await stage.runAudition(scene, async (played) => {
      const { handle, world, until, resolve } = played;
      const { meeting } = await scheduled(played);
      await report(played, { kind: 'deleted' }, about);
      await asked(played);
      await handle.signal(messages.meetingDeletedSignal, {
        inboxId: 'deleted',
        origin: 'system',
        meetingId: meeting?.id,
      });
      const other = await until((now) => now.meeting !== undefined && now.meeting.id !== meeting?.id);
      const before = world.callsOf('writeEvents').length;
      await resolve(step, 'restore');
      await until(() => world.callsOf('writeEvents').length > before);
      expect((await played.view()).meeting).toEqual(other.meeting);
      expect(world.callsOf('createMeeting')).toHaveLength(2);
    });
  });

  it('is moved back with its conference', async () => {
    await stage.runAudition(scene, async (played) => {
      const { world, until, resolve } = played;
      const view = await scheduled(played);
      await report(played, movedBy(view, 3), about);
      await asked(played);
      const before = world.callsOf('writeEvents').length;
      await resolve(step, 'restore');
      await until(() => world.callsOf('writeEvents').length > before);
      expect(await played.view()).toMatchObject({ meeting: view.meeting, attention: [] });
      expect([world.callsOf('createMeeting').length, world.callsOf('moveMeeting').length]).toEqual([1, 0]);
    });
  });

  it('has its conference checked when its write was lost', async () => {
    await stage.runAudition(scene, async (played) => {
      await scheduled(played);
      await report(played, { kind: 'lost' }, about);
      await played.until(() => played.world.callsOf('moveMeeting').length === 1);
      expect((await played.view()).attention).toEqual([]);
    });
  });
});
