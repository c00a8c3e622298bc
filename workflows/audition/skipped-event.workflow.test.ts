/** The calendar entry of participants whose event an operator has skipped, when the cast changes afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Participant, participantSchema } from '../../domain/audition/request.ts';
import { participantId, performer, slotIn } from '../../tests/harness/audition-plan.ts';
import { isIdle } from '../../tests/harness/pending-work.ts';
import {
  changeCalendar,
  connected,
  invited,
  readerId,
  restore,
  skip,
} from '../../tests/harness/reader-calendar.ts';
import { createTakeovers, effectsOf } from '../../tests/harness/takeovers.ts';
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

const phone = '+33612345678';

/** Moves the audition, and has an operator skip the event of the reader, which cannot be written. */
const moveWithSkippedEvent = async (played: RunningAudition): Promise<void> => {
  const { world, send, until } = played;
  world.fail('writeEvent', 'reconnect', 'reader-1', connected.connection);
  const slot = slotIn(96, await stage.environment.currentTimeMs());
  await send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
  await skip(played);
  await until(({ state }) => state === 'scheduled');
};

const secondId = participantId('reader-2');

const secondReader = (calendar: NonNullable<Participant['calendar']>) =>
  participantSchema.parse({
    ...performer,
    id: secondId,
    kind: 'reader',
    email: 'second@example.com',
    channels: ['email'],
    calendar,
  });

/** Adds a second reader, who has the calendar of the first one. */
const addSecond = ({ send }: RunningAudition): Promise<unknown> =>
  send(messages.participantsUpdate, {
    ...apiCommand,
    changes: [{ kind: 'add', participant: secondReader(connected) }],
  });

/** Gives the second reader another calendar. */
const moveSecondTo = (
  { send }: RunningAudition,
  calendar: NonNullable<Participant['calendar']>,
): Promise<unknown> =>
  send(messages.participantsUpdate, {
    ...apiCommand,
    changes: [
      { kind: 'remove', participant: secondId },
      { kind: 'add', participant: secondReader(calendar) },
    ],
  });

/** Moves an audition whose event is skipped while two readers share its calendar. */
const moveWithSharedSkippedEvent = async (played: RunningAudition): Promise<void> => {
  const { until } = played;
  await invited(played);
  await changeCalendar(played, connected, { phone });
  await addSecond(played);
  await until(({ notices }) => notices.length === 6);
  await moveWithSkippedEvent(played);
  await until(({ notices }) => notices.length === 11);
};

const leave = (id: string) => ({
  ...apiCommand,
  changes: [{ kind: 'remove', participant: participantId(id) } as const],
});

/** Gives the first reader another address. */
const movesTo = ({ plan }: RunningAudition, email: string) => {
  const reader = plan.participants.find(({ id }) => id === readerId);
  const participant = participantSchema.parse({
    ...reader,
    calendar: connected,
    phone: '+33612345679',
    email,
  });
  return [
    { kind: 'remove', participant: readerId },
    { kind: 'add', participant },
  ] as const;
};

/** Ends the workflow and starts another one, which an operator lets continue. */
const takeOverFrom = async (played: RunningAudition) => {
  const { world, handle } = played;
  world.adoptedPlan = await handle.query(messages.planQuery);
  world.effects = effectsOf({ ...played, plan: world.adoptedPlan });
  const { taskQueue } = await handle.describe();
  await terminateWhenIdle(handle);
  const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
  await resolve(played, 'retry');
  await expect.poll(() => isIdle(run), { timeout: 20_000 }).toBe(true);
  return run;
};

describe('the calendar entry of a participant whose event was skipped', () => {
  it('is made at a new email address, and removed there when the event is written', async () => {
    await stage.runAudition({ recordAs: 'skipped-event-new-address' }, async (played) => {
      const { world, until } = played;
      await invited(played);
      await changeCalendar(played, connected, { phone });
      await until(({ notices }) => notices.length === 5);
      await moveWithSkippedEvent(played);
      await until(({ notices }) => notices.length === 9);
      await changeCalendar(played, connected, { phone, email: 'new@example.com' });
      const invitation = expect.stringMatching(/:invitation:reader-1:email:r2:added-\d+$/);
      await expect.poll(() => world.entriesByEmail.at(-1), { timeout: 10_000 }).toEqual(invitation);
      world.clearFaults();
      await restore(played, 'in-1');
      const removal = expect.stringMatching(/:update:reader-1:email:r2:entry-\d+$/);
      await expect.poll(() => world.notices.at(-1), { timeout: 10_000 }).toEqual(removal);
      expect((await played.view()).skippedEvents).toBeUndefined();
    });
  });

  it('is made for a participant who gets email later', async () => {
    await stage.runAudition({}, async (played) => {
      const { world, until } = played;
      await invited(played);
      await changeCalendar(played, connected, { phone, channels: ['sms'] });
      await until(({ calendarEvents }) => calendarEvents.some(({ participant }) => participant === readerId));
      await moveWithSkippedEvent(played);
      expect(world.entriesByEmail).toEqual([]);
      await changeCalendar(played, connected, { phone, channels: ['sms', 'email'] });
      const invitation = expect.stringMatching(/:invitation:reader-1:email:r2:added-\d+$/);
      await expect.poll(() => world.entriesByEmail, { timeout: 10_000 }).toEqual([invitation]);
    });
  });

  it('is made for a new participant who shares the calendar', async () => {
    await stage.runAudition({}, async (played) => {
      const { world, until } = played;
      await invited(played);
      await changeCalendar(played, connected, { phone });
      await until(({ notices }) => notices.length === 5);
      await moveWithSkippedEvent(played);
      await addSecond(played);
      const invitation = expect.stringMatching(/:invitation:reader-2:email:r2:added-\d+$/);
      await expect.poll(() => world.entriesByEmail.at(-1), { timeout: 10_000 }).toEqual(invitation);
    });
  });

  it('is not made any more when the event was written for another participant who shares the calendar', async () => {
    await stage.runAudition({ recordAs: 'skipped-event-written-for-another' }, async (played) => {
      const { world, until, view } = played;
      await moveWithSharedSkippedEvent(played);
      world.clearFaults();
      // The second reader is now the first one with the calendar.
      await changeCalendar(played, connected, { phone: '+33612345679' });
      await until(({ skippedEvents }) => skippedEvents === undefined);
      await changeCalendar(played, connected, { phone: '+33612345679', email: 'new@example.com' });
      const invitation = expect.stringMatching(/:invitation:reader-1:email:r2:added-\d+$/);
      await expect.poll(() => world.notices.at(-1), { timeout: 10_000 }).toEqual(invitation);
      expect(world.entriesByEmail).not.toContainEqual(invitation);
      expect((await view()).attention).toEqual([]);
    });
  });

  it('is written for the other participant who shares the calendar when this one leaves', async () => {
    await stage.runAudition({}, async (played) => {
      const { world, send } = played;
      await moveWithSharedSkippedEvent(played);
      world.clearFaults();
      await send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'remove', participant: readerId }],
      });
      const events = () => [...world.calendarEvents].filter((key) => key.endsWith(':reader-2'));
      await expect.poll(() => events().length, { timeout: 10_000 }).toBe(1);
      const removal = expect.stringMatching(/:update:reader-2:email:r2:entry-\d+$/);
      await expect.poll(() => world.notices.at(-1), { timeout: 10_000 }).toEqual(removal);
    });
  });

  it.each(['before', 'after'])(
    'is not made any more %s a take-over, when the other one has left for whom the event was written',
    async (when) => {
      await stage.runAudition(
        when === 'before' ? { recordAs: 'skipped-event-written-for-one-who-left' } : {},
        async (played) => {
          const { world, until, send } = played;
          await moveWithSharedSkippedEvent(played);
          world.clearFaults();
          // The second reader is now the first one with the calendar.
          await changeCalendar(played, connected, { phone: '+33612345679' });
          await until(({ skippedEvents }) => skippedEvents === undefined);
          await send(messages.participantsUpdate, leave('reader-2'));
          const removals = () => world.notices.filter((key) => /:reader-1:email:r2:entry-\d+$/.test(key));
          await expect.poll(() => removals().length, { timeout: 10_000 }).toBe(1);
          const run = when === 'after' ? await takeOverFrom(played) : played.handle;
          try {
            const changes = movesTo(played, 'new@example.com');
            await run.executeUpdate(messages.participantsUpdate, { args: [{ ...apiCommand, changes }] });
            const invitation = expect.stringMatching(/:invitation:reader-1:email:r2:added-\d+$/);
            await expect.poll(() => world.notices.at(-1), { timeout: 10_000 }).toEqual(invitation);
            expect(world.entriesByEmail).not.toContainEqual(invitation);
            expect(removals()).toHaveLength(1);
          } finally {
            if (when === 'after') await terminateWhenIdle(run);
          }
        },
      );
    },
  );

  it.each(['before', 'after'])(
    'stays skipped %s a take-over when the other one with the calendar moves to another calendar of the account',
    async (when) => {
      await stage.runAudition(
        when === 'before' ? { recordAs: 'skipped-event-of-a-shared-calendar' } : {},
        async (played) => {
          const { world, until, view } = played;
          await invited(played);
          await changeCalendar(played, connected, { phone, channels: ['sms'] });
          await addSecond(played);
          // The second reader is now the first one with the calendar. Its event is written for both.
          await changeCalendar(played, connected, { phone: '+33612345679', channels: ['sms'] });
          await until(({ calendarEvents }) =>
            calendarEvents.some(({ participant }) => participant === secondId),
          );
          world.fail('writeEvent', 'reconnect', 'reader-2', connected.connection);
          const slot = slotIn(96, await stage.environment.currentTimeMs());
          await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
          await skip(played);
          await until(({ state }) => state === 'scheduled');
          world.clearFaults();
          await moveSecondTo(played, { ...connected, calendarId: 'second' });
          const writingsFor = (id: string) =>
            world.callsOf('writeEvent').filter((key) => key.includes(`:${id}:`)).length;
          await expect.poll(() => isIdle(played.handle), { timeout: 20_000 }).toBe(true);
          const run = when === 'after' ? await takeOverFrom(played) : played.handle;
          try {
            const { skippedEvents } = await run.query(messages.viewQuery);
            expect(skippedEvents).toMatchObject([
              { participant: readerId, connection: connected.connection },
            ]);
            const written = writingsFor('reader-1');
            await run.signal(messages.connectionRestoredSignal, {
              connection: connected.connection,
              inboxId: 'in-1',
              correlationId: 'reconnected',
            });
            await expect.poll(() => writingsFor('reader-1'), { timeout: 10_000 }).toBe(written + 1);
            expect((await view()).attention).toEqual([]);
          } finally {
            if (when === 'after') await terminateWhenIdle(run);
          }
        },
      );
    },
  );

  it('is written after a take-over for the one who stays when the owner leaves whose event it was', async () => {
    await stage.runAudition({}, async (played) => {
      const { world } = played;
      await moveWithSharedSkippedEvent(played);
      const run = await takeOverFrom(played);
      try {
        world.clearFaults();
        await run.executeUpdate(messages.participantsUpdate, { args: [leave(readerId)] });
        const removal = expect.stringMatching(/:update:reader-2:email:r2:entry-\d+$/);
        await expect.poll(() => world.notices.at(-1), { timeout: 10_000 }).toEqual(removal);
        const { skippedEvents, calendarEvents } = await run.query(messages.viewQuery);
        expect(skippedEvents).toBeUndefined();
        expect(calendarEvents.map(({ participant }) => participant)).toContain('reader-2');
      } finally {
        await terminateWhenIdle(run);
      }
    });
  });

  it('stays skipped after a take-over when the other owner of the calendar leaves', async () => {
    await stage.runAudition({}, async (played) => {
      const { world } = played;
      await moveWithSharedSkippedEvent(played);
      const run = await takeOverFrom(played);
      try {
        world.clearFaults();
        const sent = world.notices.length;
        await run.executeUpdate(messages.participantsUpdate, { args: [leave('reader-2')] });
        await expect.poll(() => isIdle(run), { timeout: 20_000 }).toBe(true);
        expect(world.notices).toHaveLength(sent);
        expect(await run.query(messages.viewQuery)).toMatchObject({
          skippedEvents: [{ participant: readerId }],
        });
        await run.signal(messages.connectionRestoredSignal, {
          connection: connected.connection,
          inboxId: 'in-1',
          correlationId: 'reconnected',
        });
        const removal = expect.stringMatching(/:update:reader-1:email:r2:entry-\d+$/);
        await expect.poll(() => world.notices.at(-1), { timeout: 10_000 }).toEqual(removal);
      } finally {
        await terminateWhenIdle(run);
      }
    });
  });
});
