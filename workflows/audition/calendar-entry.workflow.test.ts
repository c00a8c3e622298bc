/** The calendar entry of a participant who connects a calendar, or has none any more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { participantSchema } from '../../domain/audition/request.ts';
import { isWritableCalendar } from '../../domain/audition/writable-calendar.ts';
import { performer, slotIn } from '../../tests/harness/audition-plan.ts';
import { isIdle } from '../../tests/harness/pending-work.ts';
import {
  changeCalendar,
  connected,
  invited,
  readerId,
  resolveItem,
  restore,
  skip,
  updatesOf,
} from '../../tests/harness/reader-calendar.ts';
import { createTakeovers } from '../../tests/harness/takeovers.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  terminateWhenIdle,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const { resolve, takeOver } = createTakeovers(() => stage);

const feed = { provider: 'ics', connection: 'conn_feed', calendarId: 'primary' } as const;

const move = async ({ send }: RunningAudition, hours: number) => {
  const slot = slotIn(hours, await stage.environment.currentTimeMs());
  await send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
};

describe('the calendar entry of a participant who keeps the email address', () => {
  it('is told by email when it moves to a connected calendar, and when it moves back', async () => {
    await stage.runAudition({ recordAs: 'calendar-entry-moved' }, async (played) => {
      await invited(played);
      await changeCalendar(played, connected);
      await played.until(({ notices }) => notices.length === 5);
      expect(updatesOf(played)).toEqual([expect.stringMatching(/:email:r1:added-\d+$/)]);
      expect(played.world.calendarEvents.size).toBe(3);
      await changeCalendar(played);
      await played.until(({ notices }) => notices.length === 6);
      expect(updatesOf(played)).toHaveLength(2);
      await expect.poll(() => played.world.calendarEvents.size, { timeout: 10_000 }).toBe(2);
      expect(played.world.retractions).toEqual([]);
    });
  });

  it('is not told of when the new calendar is only read, or when one connected calendar follows another', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await changeCalendar(played, feed);
      expect(updatesOf(played)).toEqual([]);
      await changeCalendar(played, connected);
      await played.until(({ notices }) => notices.length === 5);
      await changeCalendar(played, { ...connected, calendarId: 'work' });
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      expect(updatesOf(played)).toHaveLength(1);
    });
  });

  it('is told after a move that came before the email', async () => {
    await stage.runAudition({ recordAs: 'calendar-entry-withdrawn' }, async (played) => {
      await invited(played);
      played.world.fail('sendNotice', 'rejected_input', `:update:${readerId}:`);
      await changeCalendar(played, connected);
      await played.until(({ attention }) => attention.length === 1);
      played.world.clearFaults();
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      await expect.poll(() => updatesOf(played).length, { timeout: 10_000 }).toBe(2);
      expect(updatesOf(played).toSorted()).toEqual([
        expect.stringMatching(/:email:r1:added-\d+$/),
        expect.stringMatching(/:email:r2$/),
      ]);
      expect((await played.view()).attention).toEqual([]);
    });
  });

  it('is told once when the workflow ends between the change and the email', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      played.world.fail('sendNotice', 'rejected_input', `:update:${readerId}:`);
      await changeCalendar(played, connected);
      const { participants } = await played.until(({ attention }) => attention.length === 1);
      expect(participants.find(({ id }) => id === readerId)?.entryNotice).toBe('r1:added-2');
      expect(updatesOf(played)).toEqual([]);
      played.world.clearFaults();
      const [key = ''] = played.world.callsOf('writeEvent').filter((call) => call.includes(readerId));
      const target = { kind: 'calendar_event', participant: readerId, calendar: connected } as const;
      played.world.effects = [{ key, target }];
      played.world.adoptedPlan = await played.handle.query(messages.planQuery);
      const { taskQueue } = await played.handle.describe();
      await terminateWhenIdle(played.handle);
      const takeOverAgain = async () => {
        const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
        try {
          await resolve(played, 'retry');
          await expect
            .poll(() => updatesOf(played), { timeout: 20_000 })
            .toEqual([expect.stringMatching(/:email:r1:added-2$/)]);
          await expect.poll(() => isIdle(run), { timeout: 20_000 }).toBe(true);
        } finally {
          await terminateWhenIdle(run);
        }
      };
      await takeOverAgain();
      await takeOverAgain();
      expect(updatesOf(played)).toHaveLength(1);
    });
  });

  it('is told once after a take-over when it moves to a calendar that another participant shares', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      const { calendar } = performer;
      if (!calendar || !isWritableCalendar(calendar)) throw new TypeError('the performer has a calendar');
      played.world.fail('sendNotice', 'rejected_input', `:update:${readerId}:`);
      await changeCalendar(played, calendar);
      await played.until(({ attention }) => attention.length === 1);
      played.world.clearFaults();
      const [key = ''] = played.world.callsOf('writeEvent').filter((call) => call.includes(performer.id));
      played.world.effects = [
        { key, target: { kind: 'calendar_event', participant: performer.id, calendar } },
      ];
      played.world.adoptedPlan = await played.handle.query(messages.planQuery);
      const { taskQueue } = await played.handle.describe();
      await terminateWhenIdle(played.handle);
      for (const _ of ['first', 'second']) {
        const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
        try {
          await resolve(played, 'retry');
          await expect
            .poll(() => updatesOf(played), { timeout: 20_000 })
            .toEqual([expect.stringMatching(/:email:r1:added-2$/)]);
          await expect.poll(() => isIdle(run), { timeout: 20_000 }).toBe(true);
        } finally {
          await terminateWhenIdle(run);
        }
      }
    });
  });

  it('stays with the emails when the workflow ends while the result of the writing is unknown', async () => {
    await stage.runAudition({}, async (played) => {
      const { world } = played;
      await invited(played);
      world.fail('writeEvent', 'not_permitted', 'reader-1');
      await changeCalendar(played, connected);
      await played.until(({ attention }) => attention.length === 1);
      world.clearFaults();
      const [key = ''] = world.callsOf('writeEvent').filter((call) => call.includes(readerId));
      world.effects = [
        { key, target: { kind: 'calendar_event', participant: readerId, calendar: connected } },
      ];
      world.adoptedPlan = await played.handle.query(messages.planQuery);
      const { taskQueue } = await played.handle.describe();
      await terminateWhenIdle(played.handle);
      const isWritten = () =>
        world.events.some(
          ({ fact }) => fact.type === 'calendar_event_written' && fact.participant === readerId,
        );
      expect(isWritten()).toBe(false);
      const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      try {
        await resolve(played, 'retry');
        await expect.poll(() => updatesOf(played).length, { timeout: 20_000 }).toBe(1);
        expect(isWritten()).toBe(true);
      } finally {
        await terminateWhenIdle(run);
      }
    });
  });

  it.each([
    ['is being written', { ...connected, calendarId: 'work' }, true],
    ['is still to be written', connected, undefined],
  ])(
    'is in another calendar of the account when the workflow ends while the event %s there',
    async (_when, calendar, isOpen) => {
      await stage.runAudition({}, async (played) => {
        const { world } = played;
        await invited(played);
        await changeCalendar(played, connected);
        await played.until(({ notices }) => notices.length === 5);
        world.fail('writeEvent', 'not_permitted', 'reader-1');
        await changeCalendar(played, { ...connected, calendarId: 'work' });
        await played.until(({ attention }) => attention.length === 1);
        world.clearFaults();
        const writes = () => world.callsOf('writeEvent').filter((call) => call.includes(readerId));
        const key = writes().at(-1) ?? '';
        world.effects = [
          { key, isOpen, target: { kind: 'calendar_event', participant: readerId, calendar } },
        ];
        world.adoptedPlan = await played.handle.query(messages.planQuery);
        const { taskQueue } = await played.handle.describe();
        await terminateWhenIdle(played.handle);
        const before = writes().length;
        const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
        try {
          await resolve(played, 'retry');
          await expect.poll(() => writes().length, { timeout: 20_000 }).toBe(before + 1);
        } finally {
          await terminateWhenIdle(run);
        }
      });
    },
  );

  it('stays with the emails until the event is in the connected calendar', async () => {
    await stage.runAudition({ recordAs: 'calendar-entry-awaited' }, async (played) => {
      const { world, until } = played;
      await invited(played);
      world.fail('writeEvent', 'reconnect', 'reader-1', connected.connection);
      await changeCalendar(played, connected);
      await until(({ attention }) => attention.length === 1);
      expect(updatesOf(played)).toEqual([]);
      world.clearFaults();
      await restore(played, 'in-1');
      await until(({ notices }) => notices.length === 5);
      expect(updatesOf(played)).toEqual([expect.stringMatching(/:email:r1:added-\d+$/)]);
      expect(world.entriesByEmail).toEqual([]);
    });
  });

  it('stays with the emails when an operator skips the event, until a move writes it', async () => {
    await stage.runAudition({ recordAs: 'calendar-entry-kept' }, async (played) => {
      const { world, until } = played;
      await invited(played);
      world.fail('writeEvent', 'not_permitted', 'reader-1');
      await changeCalendar(played, connected);
      await skip(played);
      await move(played, 96);
      await skip(played);
      await until(({ state, notices }) => state === 'scheduled' && notices.length === 8);
      expect(updatesOf(played)).toEqual([expect.stringMatching(/:email:r2$/)]);
      expect(world.entriesByEmail).toEqual(updatesOf(played));
      world.clearFaults();
      await move(played, 120);
      await until(({ state, notices }) => state === 'scheduled' && notices.length === 13);
      expect(updatesOf(played).toSorted()).toEqual([
        expect.stringMatching(/:email:r2$/),
        expect.stringMatching(/:email:r3$/),
        expect.stringMatching(/:email:r3:entry-\d+$/),
      ]);
      expect(world.entriesByEmail).toHaveLength(1);
    });
  });

  it('stays with the emails when an operator skips the event, until another meeting writes it', async () => {
    await stage.runAudition({ recordAs: 'calendar-entry-other-meeting' }, async (played) => {
      const { world, until } = played;
      await invited(played);
      world.fail('writeEvent', 'not_permitted', 'reader-1');
      await changeCalendar(played, connected);
      await skip(played);
      world.clearFaults();
      await played.send(messages.meetingUpdate, apiCommand);
      await until(({ notices }) => notices.length === 9);
      expect(updatesOf(played).toSorted()).toEqual([
        expect.stringMatching(/:email:r1:added-\d+$/),
        expect.stringMatching(/:email:r1:m2$/),
      ]);
      expect(world.entriesByEmail).toEqual([]);
    });
  });

  it('goes to the emails when the account is disconnected and a move skipped, and back after the reconnection', async () => {
    await stage.runAudition({ recordAs: 'calendar-entry-disconnected' }, async (played) => {
      const { world, until } = played;
      await invited(played);
      await changeCalendar(played, connected);
      await until(({ notices }) => notices.length === 5);
      world.fail('writeEvent', 'reconnect', 'reader-1', connected.connection);
      await move(played, 96);
      await skip(played);
      await until(({ state, notices }) => state === 'scheduled' && notices.length === 9);
      expect(world.entriesByEmail).toEqual([expect.stringMatching(/:update:reader-1:email:r2$/)]);
      world.clearFaults();
      const written = () => world.callsOf('writeEvent').filter((key) => key.includes('reader-1:r2:restored'));
      expect(written()).toEqual([]);
      for (const inboxId of ['in-1', 'in-1', 'in-2']) await restore(played, inboxId);
      await until(({ notices }) => notices.length === 10);
      expect(updatesOf(played).at(-1)).toMatch(/:email:r2:entry-\d+$/);
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      expect(updatesOf(played)).toHaveLength(3);
    });
  });

  it('stays with the emails after a take-over, while the calendar has the event of the slot before', async () => {
    await stage.runAudition({}, async (played) => {
      const { world, until } = played;
      await invited(played);
      await changeCalendar(played, connected);
      await until(({ notices }) => notices.length === 5);
      const [key = ''] = world.callsOf('writeEvent').filter((call) => call.includes('reader-1'));
      world.fail('writeEvent', 'reconnect', 'reader-1', connected.connection);
      await move(played, 96);
      await skip(played);
      await until(({ state, notices }) => state === 'scheduled' && notices.length === 9);
      world.effects = [
        { key, target: { kind: 'calendar_event', participant: readerId, calendar: connected } },
      ];
      world.adoptedPlan = await played.handle.query(messages.planQuery);
      const { taskQueue } = await played.handle.describe();
      await terminateWhenIdle(played.handle);
      const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      try {
        await resolve(played, 'retry');
        await expect.poll(() => isIdle(run), { timeout: 20_000 }).toBe(true);
        expect(updatesOf(played).filter((update) => update.includes(':entry-'))).toEqual([]);
        expect(world.entriesByEmail).toEqual([expect.stringMatching(/:update:reader-1:email:r2$/)]);
      } finally {
        await terminateWhenIdle(run);
      }
    });
  });

  it('is not made for a participant without email, whose event a reconnection writes nevertheless', async () => {
    await stage.runAudition({ recordAs: 'skipped-event-without-email' }, async (played) => {
      const { world, until, send, plan } = played;
      await invited(played);
      const reader = plan.participants.find(({ id }) => id === readerId);
      const texting = participantSchema.parse({
        ...reader,
        channels: ['sms'],
        phone: '+33612345678',
        calendar: connected,
      });
      await send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [
          { kind: 'remove', participant: readerId },
          { kind: 'add', participant: texting },
        ],
      });
      await until(({ calendarEvents }) => calendarEvents.some(({ participant }) => participant === readerId));
      world.fail('writeEvent', 'reconnect', 'reader-1', connected.connection);
      await move(played, 96);
      await skip(played);
      const { skippedEvents } = await until(({ state }) => state === 'scheduled');
      expect(skippedEvents).toEqual([{ participant: readerId, connection: connected.connection }]);
      world.clearFaults();
      await restore(played, 'in-1');
      expect((await until((view) => view.skippedEvents === undefined)).attention).toEqual([]);
      const restored = world.callsOf('writeEvent').filter((key) => key.includes('reader-1:r2:restored'));
      expect(restored).toHaveLength(1);
      expect(world.entriesByEmail).toEqual([]);
    });
  });

  it('goes back after a second reconnection, when an operator has aborted the writing after the first one', async () => {
    await stage.runAudition({ recordAs: 'calendar-entry-writing-aborted' }, async (played) => {
      const { world, until } = played;
      await invited(played);
      world.fail('writeEvent', 'reconnect', 'reader-1', connected.connection);
      await changeCalendar(played, connected);
      await resolveItem(played, 'skip');
      await restore(played, 'in-1');
      await resolveItem(played, 'abort');
      expect(await played.view()).toMatchObject({ state: 'scheduled', attention: [] });
      world.clearFaults();
      await restore(played, 'in-2');
      await until(({ notices }) => notices.length === 5);
      expect(updatesOf(played)).toEqual([expect.stringMatching(/:email:r1:added-\d+$/)]);
    });
  });

  it('is made by one email when the calendar is disconnected before a move', async () => {
    await stage.runAudition({ recordAs: 'calendar-entry-made-once' }, async (played) => {
      const { world, until } = played;
      await invited(played);
      await changeCalendar(played, connected);
      await until(({ notices }) => notices.length === 5);
      world.fail('sendNotice', 'rejected_input', `:update:${readerId}:`);
      await changeCalendar(played);
      await until(({ attention }) => attention.length === 1);
      world.clearFaults();
      await move(played, 96);
      await until(({ state, notices }) => state === 'scheduled' && notices.length === 9);
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      expect(updatesOf(played)).toEqual([
        expect.stringMatching(/:email:r1:added-\d+$/),
        expect.stringMatching(/:email:r2$/),
      ]);
    });
  });

  it('is removed when the invitation that has made it was being sent while the event was written', async () => {
    const isConnected = Promise.withResolvers<void>();
    let isFirst = true;
    const prepare = (world: RunningAudition['world']): void => {
      world.beforeActivity = async ({ activity }) => {
        if (activity !== 'sendNotices' || !isFirst) return;
        isFirst = false;
        await isConnected.promise;
      };
    };
    await stage.runAudition({ recordAs: 'calendar-entry-in-flight', prepare }, async (played) => {
      // Polls, because time must not be skipped while the activity is running.
      const updates = () => updatesOf(played);
      await expect.poll(async () => (await played.view()).state, { timeout: 10_000 }).toBe('scheduled');
      await changeCalendar(played, connected);
      // The activity would not send this one, because no email has made an entry yet.
      await expect.poll(updates, { timeout: 10_000 }).toHaveLength(1);
      isConnected.resolve();
      await expect.poll(updates, { timeout: 10_000 }).toHaveLength(2);
      expect(new Set(updates()).size).toBe(2);
    });
  });
});
