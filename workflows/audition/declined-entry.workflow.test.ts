/** The calendar entry by email of a participant who declines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, Origin } from '../../domain/audition/events.ts';
import { participantSchema } from '../../domain/audition/request.ts';
import { castingDirector, participantId, performer, slotIn } from '../../tests/harness/audition-plan.ts';
import { isIdle } from '../../tests/harness/pending-work.ts';
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

const readerId = participantId('reader-1');
const { calendar: _none, ...withoutCalendar } = performer;
const reader = participantSchema.parse({
  id: readerId,
  kind: 'reader',
  name: 'Rita Reader',
  email: 'rita@example.com',
  zone: 'Europe/London',
  locale: 'en',
  channels: ['email', 'sms'],
  phone: '+33612345679',
  required: false,
});
const plan = { participants: [withoutCalendar, castingDirector, reader] };
const connected = { provider: 'google', connection: 'conn_reader', calendarId: 'primary' } as const;
/** The calendar of the reader, which cannot be written. */
const planWithCalendar = {
  participants: [withoutCalendar, castingDirector, { ...reader, calendar: connected }],
};
const refuseEvent = (world: RunningAudition['world']): void =>
  world.fail('writeEvent', 'not_permitted', 'reader-1');

/** Skips the only step that has failed. */
const skip = async ({ until, send }: RunningAudition) => {
  const { attention } = await until((view) => view.attention.length === 1);
  const [item] = attention;
  if (!item) throw new Error('no attention item');
  await send(messages.resolveAttentionUpdate, { ...apiCommand, id: item.id, action: 'skip', by: 'operator' });
};

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 5);

const answer = (
  { send }: RunningAudition,
  participant: typeof readerId,
  said: Answer,
  origin: Origin = 'link',
) => send(messages.respondUpdate, { ...apiCommand, origin, participant, answer: said });

const emailsTo = (keys: readonly string[], who: string) =>
  keys.filter((key) => key.includes(`:${who}:email:`));
const removalsOf = ({ world }: RunningAudition, who: string) => emailsTo(world.retractions, who);
const updatesOf = ({ world }: RunningAudition) =>
  emailsTo(world.notices, readerId).filter((key) => key.includes(':update:'));

const prepare = (world: RunningAudition['world']) => world.fail('writeEvent', 'not_permitted', 'performer-1');

describe('the entry by email of a performer', () => {
  it('is removed once, without a text message, when a decline by link is final', async () => {
    await stage.runAudition({ plan, recordAs: 'declined-entry-removed' }, async (played) => {
      await invited(played);
      await answer(played, performer.id, 'declined');
      expect(removalsOf(played, performer.id)).toEqual([]);
      expect(await played.result()).toMatchObject({ outcome: 'declined' });
      const toPerformer = played.world.retractions.filter((key) => key.includes(`:${performer.id}:`));
      expect(toPerformer).toEqual([expect.stringMatching(/:email:r1$/)]);
    });
  });

  it('is not removed when the calendar program has declined', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await invited(played);
      await answer(played, performer.id, 'declined', 'email');
      expect(await played.result()).toMatchObject({ outcome: 'declined' });
      expect(removalsOf(played, performer.id)).toEqual([]);
    });
  });
});

describe('the entry by email beside a connected calendar that lacks the event', () => {
  it('is removed by a decline with the link', async () => {
    const options = {
      plan: planWithCalendar,
      prepare: refuseEvent,
      recordAs: 'declined-entry-without-event',
    };
    await stage.runAudition(options, async (played) => {
      await skip(played);
      await invited(played);
      await answer(played, readerId, 'declined');
      await expect.poll(() => removalsOf(played, readerId), { timeout: 10_000 }).toHaveLength(1);
      await answer(played, readerId, 'accepted');
      await played.until(({ notices }) => notices.length === 6);
      expect(updatesOf(played)).toEqual([expect.stringMatching(/:email:r1:rejoined-\d+$/)]);
      await answer(played, readerId, 'declined');
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'remove', participant: readerId }],
      });
      await expect.poll(() => removalsOf(played, readerId), { timeout: 10_000 }).toHaveLength(2);
    });
  });

  it('is removed when the decline of the performer is final', async () => {
    await stage.runAudition(
      { plan: { participants: [performer, castingDirector] }, prepare },
      async (played) => {
        await skip(played);
        await played.until(({ state }) => state === 'scheduled');
        await answer(played, performer.id, 'declined');
        expect(await played.result()).toMatchObject({ outcome: 'declined' });
        expect(removalsOf(played, performer.id)).toHaveLength(1);
      },
    );
  });
});

describe('the entry by email of a reader', () => {
  it('is removed once by a decline with the link, whatever follows', async () => {
    await stage.runAudition({ plan, recordAs: 'declined-entry-of-reader' }, async (played) => {
      await invited(played);
      await answer(played, readerId, 'declined');
      await expect.poll(() => removalsOf(played, readerId), { timeout: 10_000 }).toHaveLength(1);
      await answer(played, readerId, 'declined');
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'remove', participant: readerId }],
      });
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      expect(removalsOf(played, readerId)).toEqual([expect.stringMatching(/:r1:declined-\d+$/)]);
    });
  });

  it('is not made again by an update, but by an acceptance', async () => {
    await stage.runAudition({ plan, recordAs: 'declined-entry-updated' }, async (played) => {
      await invited(played);
      await answer(played, readerId, 'declined');
      await expect.poll(() => removalsOf(played, readerId), { timeout: 10_000 }).toHaveLength(1);
      await played.send(messages.meetingUpdate, apiCommand);
      await played.until(({ notices }) => notices.length === 10);
      expect(emailsTo(played.world.noticesToDecliners, readerId)).toEqual([
        expect.stringMatching(/:update:reader-1:email:r1:m2$/),
      ]);
      await answer(played, readerId, 'accepted');
      await played.until(({ notices }) => notices.length === 11);
      expect(updatesOf(played)).toEqual([
        expect.stringMatching(/:email:r1:m2$/),
        expect.stringMatching(/:email:r1:rejoined-\d+$/),
      ]);
      expect(emailsTo(played.world.noticesToDecliners, readerId)).toHaveLength(1);
    });
  });

  it('is not removed a second time with the reader, after an update', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await invited(played);
      await answer(played, readerId, 'declined');
      await expect.poll(() => removalsOf(played, readerId), { timeout: 10_000 }).toHaveLength(1);
      await played.send(messages.meetingUpdate, apiCommand);
      await played.until(({ notices }) => notices.length === 10);
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'remove', participant: readerId }],
      });
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      expect(removalsOf(played, readerId)).toHaveLength(1);
    });
  });

  it('needs no earlier removal that could not be sent, when an email has made it again since', async () => {
    await stage.runAudition({ plan, recordAs: 'declined-entry-removal-moot' }, async (played) => {
      const { world } = played;
      await invited(played);
      world.fail('retractNotice', 'rejected_input', `:${readerId}:email:`);
      await answer(played, readerId, 'declined');
      await played.until((view) => view.attention.length === 1);
      world.clearFaults();
      await answer(played, readerId, 'accepted');
      await played.until(({ notices, attention }) => notices.length === 6 && attention.length === 0);
      expect(updatesOf(played)).toEqual([expect.stringMatching(/:email:r1:rejoined-\d+$/)]);
      expect(removalsOf(played, readerId)).toEqual([]);
    });
  });

  it('survives the retry of an earlier removal, when an email makes it again later', async () => {
    await stage.runAudition({ plan }, async (played) => {
      const { world } = played;
      await invited(played);
      world.fail('retractNotice', 'rejected_input', `:${readerId}:email:`);
      await answer(played, readerId, 'declined');
      const { attention } = await played.until((view) => view.attention.length === 1);
      world.clearFaults();
      for (const { id } of attention)
        await played.send(messages.resolveAttentionUpdate, {
          ...apiCommand,
          id,
          action: 'retry',
          by: 'operator',
        });
      await expect.poll(() => removalsOf(played, readerId), { timeout: 10_000 }).toHaveLength(1);
      await answer(played, readerId, 'accepted');
      await played.until(({ notices }) => notices.length === 6);
      const sequenceOf = ([key = '']: readonly string[]) => world.sequences.get(key) ?? 0;
      const invitation = emailsTo(world.notices, readerId).filter((key) => key.includes(':invitation:'));
      expect(sequenceOf(removalsOf(played, readerId))).toBeGreaterThan(sequenceOf(invitation));
      expect(sequenceOf(removalsOf(played, readerId))).toBeLessThan(sequenceOf(updatesOf(played)));
    });
  });

  it('comes again once when the workflow ends between the acceptance and the email', async () => {
    await stage.runAudition({ plan }, async (played) => {
      const { world } = played;
      await invited(played);
      await answer(played, readerId, 'declined');
      await expect.poll(() => removalsOf(played, readerId), { timeout: 10_000 }).toHaveLength(1);
      world.fail('sendNotice', 'rejected_input', `:update:${readerId}:`);
      await answer(played, readerId, 'accepted');
      await played.until(({ attention }) => attention.length === 1);
      world.clearFaults();
      world.adoptedPlan = await played.handle.query(messages.planQuery);
      const { taskQueue } = await played.handle.describe();
      await terminateWhenIdle(played.handle);
      for (const _ of ['first', 'second']) {
        const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
        try {
          await resolve(played, 'retry');
          await expect.poll(() => updatesOf(played), { timeout: 20_000 }).toHaveLength(1);
          await expect.poll(() => isIdle(run), { timeout: 20_000 }).toBe(true);
        } finally {
          await terminateWhenIdle(run);
        }
      }
      expect(updatesOf(played)).toEqual([expect.stringMatching(/:email:r1:rejoined-\d+$/)]);
    });
  });

  it('comes again when the reader does not decline any more, and is then removed with the audition', async () => {
    await stage.runAudition({ plan, recordAs: 'declined-entry-restored' }, async (played) => {
      await invited(played);
      await answer(played, readerId, 'declined');
      await expect.poll(() => removalsOf(played, readerId), { timeout: 10_000 }).toHaveLength(1);
      await answer(played, readerId, 'accepted');
      await played.until(({ notices }) => notices.length === 6);
      expect(updatesOf(played)).toEqual([expect.stringMatching(/:email:r1:rejoined-\d+$/)]);
      await answer(played, readerId, 'tentative');
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      expect(updatesOf(played)).toHaveLength(1);
      expect(removalsOf(played, readerId)).toHaveLength(2);
    });
  });

  it('stays with a calendar program that has declined, and comes again when the reader accepts with the link', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await invited(played);
      await answer(played, readerId, 'declined', 'email');
      await answer(played, readerId, 'accepted', 'email');
      await answer(played, readerId, 'declined', 'email');
      await answer(played, readerId, 'accepted');
      await played.until(({ notices }) => notices.length === 6);
      expect(updatesOf(played)).toEqual([expect.stringMatching(/:email:r1:rejoined-\d+$/)]);
      expect(removalsOf(played, readerId)).toEqual([]);
    });
  });

  it('is not removed from a calendar program that has declined, when the reader leaves the cast', async () => {
    await stage.runAudition({ plan, recordAs: 'declined-entry-left' }, async (played) => {
      await invited(played);
      await answer(played, readerId, 'declined', 'email');
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'remove', participant: readerId }],
      });
      await expect.poll(() => played.world.retractions, { timeout: 10_000 }).toHaveLength(1);
      expect(removalsOf(played, readerId)).toEqual([]);
    });
  });

  it('is removed when the entry came again after the decline', async () => {
    await stage.runAudition({ plan }, async (played) => {
      await invited(played);
      await answer(played, readerId, 'declined', 'email');
      const slot = slotIn(96, await stage.environment.currentTimeMs());
      await played.send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } });
      await played.until(({ notices }) => notices.filter(({ revision }) => revision === 2).length === 5);
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'remove', participant: readerId }],
      });
      await expect.poll(() => removalsOf(played, readerId), { timeout: 10_000 }).toHaveLength(1);
    });
  });
});
