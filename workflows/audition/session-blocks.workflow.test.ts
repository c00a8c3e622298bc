/** A change of the session block that the slot was chosen from: the casting office is asked, and nothing moves by itself. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionBlockChange } from '../../domain/audition/session-block-change.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { day, hour } from '../../domain/time/units.ts';
import { slotIn } from '../../tests/harness/audition-plan.ts';
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

const step = 'session_block';
const block = 'blk_tuesdays';

/** Moves the audition into the block, as an audition that was requested in it. */
const inBlock = async (played: RunningAudition): Promise<Slot> => {
  await played.until(({ state }) => state === 'scheduled');
  const slot = { ...slotIn(100, await stage.environment.currentTimeMs()), block } as const;
  await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
  const view = await played.until(({ revision, state }) => revision === 2 && state === 'scheduled');
  return view.slot ?? slot;
};

let reports = 0;
const report = (
  { handle }: RunningAudition,
  { start, end, room }: Slot,
  change: SessionBlockChange['change'],
  more: Partial<SessionBlockChange> = {},
) => {
  reports += 1;
  return handle.signal(messages.sessionBlockChangedSignal, {
    inboxId: `block-report-${reports}`,
    block,
    version: 2,
    slot: { start, end, ...(room === undefined ? {} : { room }) },
    change,
    ...(change === 'inside'
      ? {}
      : {
          next: {
            kind: 'window',
            earliest: toInstant(toEpochMs(start) + day),
            latest: toInstant(toEpochMs(start) + 2 * day),
            durationMinutes: 30,
            zone: 'Europe/Paris',
            block,
          },
        }),
    ...more,
  });
};

const asked = ({ until }: RunningAudition) =>
  until(({ attention }) => attention.some((item) => item.step === step));
const unasked = ({ until }: RunningAudition) => until(({ attention }) => attention.length === 0);
const changesIn = ({ world }: RunningAudition) =>
  world.events.flatMap(({ fact }) => (fact.type === 'session_block_changed' ? [fact.change] : []));
const itemsOf = ({ attention }: AuditionView) => attention.map((item) => item.step);

describe('a slot that is outside of its session block now', () => {
  it('moves to the next free slot of the block when the casting office follows', async () => {
    await stage.runAudition({ recordAs: 'session-block-followed' }, async (played) => {
      const slot = await inBlock(played);
      await report(played, slot, 'no_session');
      expect((await asked(played)).attention[0]).toMatchObject({
        step,
        what: 'The session block was changed. It has no session at the time of the slot now.',
        actions: ['follow', 'ignore'],
      });
      expect(await played.view()).toMatchObject({ revision: 2, slot });
      await played.resolve(step, 'follow');
      const view = await played.until(({ revision, state }) => revision === 3 && state === 'scheduled');
      expect(toEpochMs(view.slot?.start ?? slot.start)).toBeGreaterThanOrEqual(toEpochMs(slot.start) + day);
      expect(itemsOf(view)).toEqual([]);
      await played.until(() => changesIn(played).length > 0);
      expect(changesIn(played)).toEqual(['no_session']);
    });
  });

  it('stays when the casting office ignores it, and is not asked about again for the same reason', async () => {
    await stage.runAudition({ recordAs: 'session-block-ignored' }, async (played) => {
      const slot = await inBlock(played);
      await report(played, slot, 'no_session');
      await asked(played);
      await played.resolve(step, 'ignore');
      await unasked(played);
      await report(played, slot, 'no_session', { version: 3 });
      await report(played, slot, 'other_room', { version: 4 });
      await asked(played);
      await played.until(() => changesIn(played).length === 2);
      expect(changesIn(played)).toEqual(['no_session', 'other_room']);
      expect(await played.view()).toMatchObject({ revision: 2, slot });
    });
  });

  it('is not asked about any more when the block has a session there again, or the audition moves', async () => {
    await stage.runAudition({ recordAs: 'session-block-withdrawn' }, async (played) => {
      const slot = await inBlock(played);
      await report(played, slot, 'no_session');
      await asked(played);
      await report(played, slot, 'inside');
      await unasked(played);
      await report(played, slot, 'no_session');
      await asked(played);
      const elsewhere = slotIn(200, await stage.environment.currentTimeMs());
      await played.send(messages.rescheduleUpdate, {
        ...apiCommand,
        wish: { kind: 'fixed', slot: elsewhere },
      });
      await unasked(played);
      await played.until(() => changesIn(played).length === 3);
      expect(changesIn(played)).toEqual(['no_session', 'inside', 'no_session']);
    });
  });

  it('is asked about again, with the reason, when the block is full', async () => {
    await stage.runAudition({ recordAs: 'session-block-full' }, async (played) => {
      const slot = await inBlock(played);
      await report(played, slot, 'no_session');
      await asked(played);
      played.world.holdsTaken = true;
      await played.resolve(step, 'follow');
      const view = await played.until(({ attention }) => attention[0]?.code !== undefined);
      expect(view).toMatchObject({ revision: 2, state: 'scheduled' });
      expect(view.attention[0]?.what).toContain('could not be moved');
    });
  });

  it('can only be ignored when the block has no more sessions', async () => {
    await stage.runAudition({}, async (played) => {
      const slot = await inBlock(played);
      await report(played, slot, 'no_session', { next: undefined });
      expect((await asked(played)).attention[0]).toMatchObject({ actions: ['ignore'] });
    });
  });
});

describe('a report', () => {
  it('about another slot, one that has begun, or one that is inside anyway changes nothing', async () => {
    await stage.runAudition({}, async (played) => {
      const slot = await inBlock(played);
      await report(played, { ...slot, start: toInstant(toEpochMs(slot.start) - hour) }, 'no_session');
      await report(played, { ...slot, room: 'Studio 5' }, 'no_session');
      await report(played, slot, 'inside');
      expect(await played.view()).toMatchObject({ revision: 2, attention: [] });
      expect(changesIn(played)).toEqual([]);
    });
  });

  it('that arrives twice asks once', async () => {
    await stage.runAudition({}, async (played) => {
      const slot = await inBlock(played);
      await report(played, slot, 'no_session', { inboxId: 'twice' });
      await report(played, slot, 'no_session', { inboxId: 'twice' });
      await asked(played);
      expect(itemsOf(await played.view())).toEqual([step]);
      await played.until(() => changesIn(played).length > 0);
      expect(changesIn(played)).toEqual(['no_session']);
    });
  });
});
