/** The invitation of a person who replaces another one, when the workflow ends before it is sent. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { participantSchema } from '../../domain/audition/request.ts';
import { participantId } from '../../tests/harness/audition-plan.ts';
import { isIdle } from '../../tests/harness/pending-work.ts';
import { createTakeovers } from '../../tests/harness/takeovers.ts';
import {
  apiCommand,
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

it('a person who replaces another one under the same id is invited once after a take-over', async () => {
  await stage.runAudition({}, async (played) => {
    const { world, plan, until, send } = played;
    await until(({ notices }) => notices.length === 4);
    world.fail('sendNotice', 'rejected_input', ':added-');
    const other = participantSchema.parse({
      ...plan.participants.find(({ id }) => id === readerId),
      name: 'Olga Other',
      email: 'olga@example.com',
    });
    await send(messages.participantsUpdate, {
      ...apiCommand,
      changes: [
        { kind: 'remove', participant: readerId },
        { kind: 'add', participant: other },
      ],
    });
    await until(({ attention }) => attention.length > 0);
    world.clearFaults();
    world.adoptedPlan = await played.handle.query(messages.planQuery);
    const { taskQueue } = await played.handle.describe();
    await terminateWhenIdle(played.handle);
    const invitations = () =>
      world.notices.filter((key) => key.includes(`:invitation:${readerId}:email:r1:added-`));
    for (const _ of ['first', 'second']) {
      const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      try {
        await resolve(played, 'retry');
        await expect.poll(invitations, { timeout: 20_000 }).toHaveLength(1);
        await expect.poll(() => isIdle(run), { timeout: 20_000 }).toBe(true);
      } finally {
        await terminateWhenIdle(run);
      }
    }
    expect(invitations()).toHaveLength(1);
  });
});

it('a person who has answered is invited once at a new address after a take-over', async () => {
  await stage.runAudition({}, async (played) => {
    const { world, plan, until, send } = played;
    await until(({ notices }) => notices.length === 4);
    const replaceBy = (email: string) =>
      send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [
          { kind: 'remove', participant: readerId },
          {
            kind: 'add',
            participant: participantSchema.parse({
              ...plan.participants.find(({ id }) => id === readerId),
              name: 'Olga Other',
              phone: '+33612345680',
              email,
            }),
          },
        ],
      });
    await replaceBy('olga@example.com');
    await until(({ notices }) => notices.length === 5);
    await send(messages.respondUpdate, {
      ...apiCommand,
      origin: 'link',
      participant: readerId,
      answer: 'accepted',
    });
    world.fail('sendNotice', 'rejected_input', ':added-');
    await replaceBy('olga@example.org');
    const { participants } = await until(({ attention }) => attention.length > 0);
    expect(participants.find(({ id }) => id === readerId)?.answer).toBe('accepted');
    world.clearFaults();
    world.adoptedPlan = await played.handle.query(messages.planQuery);
    const { taskQueue } = await played.handle.describe();
    await terminateWhenIdle(played.handle);
    const invitations = () =>
      world.notices.filter((key) => key.includes(`:invitation:${readerId}:email:r1:added-`));
    for (const _ of ['first', 'second']) {
      const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
      try {
        await resolve(played, 'retry');
        await expect.poll(invitations, { timeout: 20_000 }).toHaveLength(2);
        await expect.poll(() => isIdle(run), { timeout: 20_000 }).toBe(true);
      } finally {
        await terminateWhenIdle(run);
      }
    }
    expect(invitations()).toEqual([
      expect.stringMatching(/:r1:added-2$/),
      expect.stringMatching(/:r1:added-3$/),
    ]);
  });
});

it('participants who were never invited are named when their slot begins during the recovery', async () => {
  await stage.runAudition({}, async (played) => {
    const { world, plan, until } = played;
    world.fail('sendNotice', 'rejected_input', ':invitation:');
    await until(({ attention }) => attention.length === 4);
    const { taskQueue } = await played.handle.describe();
    await terminateWhenIdle(played.handle);
    world.clearFaults();
    if (plan.wish.kind !== 'fixed') throw new TypeError('the plan has a fixed slot');
    const began = Date.parse(plan.wish.slot.start) + 60_000;
    await stage.environment.sleep(began - (await stage.environment.currentTimeMs()));
    const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
    try {
      await resolve(played, 'retry');
      const items = async () =>
        (await run.query(messages.viewQuery)).attention.filter(({ step }) => step === 'invitation');
      await expect
        .poll(items, { timeout: 20_000 })
        .toMatchObject([
          { what: expect.stringContaining('performer-1, director-1, reader-1'), actions: ['skip', 'abort'] },
        ]);
      expect(world.notices).toEqual([]);
    } finally {
      await terminateWhenIdle(run);
    }
  });
});
