/** Which reports about calendars count: their order, the cast they are about, and the run that they were made for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
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
  { handle }: Pick<RunningAudition, 'handle'>,
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
