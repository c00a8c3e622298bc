/** What the workflow refuses, and what it takes twice without harm. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { castingDirector, participantId, performer, slotIn } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  operatorCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  updateFailureOf,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const scheduled = ({ until }: RunningAudition) => until(({ state }) => state === 'scheduled');

describe('a running audition refuses, with what to do,', () => {
  const cases: readonly [string, string, (played: RunningAudition) => Promise<unknown>][] = [
    [
      'an answer of somebody who does not take part',
      'unknown_participant',
      ({ handle }) =>
        handle.executeUpdate(messages.respondUpdate, {
          args: [{ ...apiCommand, participant: participantId('nobody'), answer: 'accepted' }],
        }),
    ],
    [
      'a decision before the session',
      'wrong_state',
      ({ handle }) =>
        handle.executeUpdate(messages.decideUpdate, { args: [{ ...apiCommand, decision: 'booked' }] }),
    ],
    [
      'checking in days ahead',
      'check_in_not_open',
      ({ handle }) =>
        handle.executeUpdate(messages.checkInUpdate, {
          args: [{ ...apiCommand, participant: performer.id }],
        }),
    ],
    [
      'resolving what does not wait',
      'attention_not_found',
      ({ handle }) =>
        handle.executeUpdate(messages.resolveAttentionUpdate, {
          args: [{ ...operatorCommand, id: 'att_none', action: 'retry' }],
        }),
    ],
  ];

  it.each(cases)('%s', async (_, code, say) => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      const before = await played.view();
      const { code: type, whatToDo } = await updateFailureOf(say(played));
      expect(type).toBe(code);
      expect(whatToDo).toEqual(expect.stringMatching(/\w+/));
      expect(await played.view()).toEqual(before);
    });
  });

  it('an action that is not offered', async () => {
    await stage.runAudition({ prepare: (world) => world.fail('writeEvent', 'reconnect') }, async (played) => {
      await played.until(({ attention }) => attention.length > 0);
      const { code: type } = await updateFailureOf(
        played.resolve('calendar_event', 'override', 'https://by.hand/1'),
      );
      expect(type).toBe('action_not_offered');
    });
  });

  it('everything once it is closed', async () => {
    await stage.runAudition(
      { prepare: (world) => world.fail('removeMeeting', 'reconnect') },
      async (played) => {
        const { handle } = played;
        await scheduled(played);
        await handle.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
        const slot = slotIn(96, await stage.environment.currentTimeMs());
        const { code: type } = await updateFailureOf(
          handle.executeUpdate(messages.rescheduleUpdate, { args: [{ ...apiCommand, slot }] }),
        );
        expect(type).toBe('audition_closed');
      },
    );
  });
});

describe('a running audition', () => {
  it('takes the same answer twice as one', async () => {
    await stage.runAudition({ recordAs: 'answers' }, async (played) => {
      await scheduled(played);
      const answer = { ...apiCommand, participant: performer.id, answer: 'tentative' as const };
      const first = await played.handle.executeUpdate(messages.respondUpdate, { args: [answer] });
      const second = await played.handle.executeUpdate(messages.respondUpdate, { args: [answer] });
      expect(second.sequence).toBe(first.sequence);
    });
  });

  it('loses its confirmation when somebody required changes their mind, and asks a person', async () => {
    await stage.runAudition({ recordAs: 'confirmation-lost' }, async (played) => {
      const { handle } = played;
      const say = (participant: typeof performer.id, answer: 'accepted' | 'declined') =>
        handle.executeUpdate(messages.respondUpdate, { args: [{ ...apiCommand, participant, answer }] });
      await scheduled(played);
      await say(performer.id, 'accepted');
      expect((await say(castingDirector.id, 'accepted')).state).toBe('confirmed');
      expect((await say(castingDirector.id, 'declined')).state).toBe('scheduled');
      const { attention } = await played.until(({ attention }) => attention.length > 0);
      expect(attention).toMatchObject([{ step: 'answer', actions: ['skip', 'abort'] }]);
      await played.resolve('answer', 'abort');
      expect(await played.result()).toMatchObject({ outcome: 'failed' });
      expect(played.world.meetings.size).toBe(0);
    });
  });

  it('does not remind whoever has declined', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      const reader = played.plan.participants.find(({ kind }) => kind === 'reader');
      if (!reader) throw new Error('there is no reader');
      await played.handle.executeUpdate(messages.respondUpdate, {
        args: [{ ...apiCommand, participant: reader.id, answer: 'declined' }],
      });
      await played.result();
      const reminded = played.world.notices.filter((key) => key.includes(':reminder:'));
      expect(reminded).toHaveLength(6);
      expect(reminded.filter((key) => key.includes(reader.id))).toEqual([]);
    });
  });

  it('keeps the later report of a delivery, in whichever order they come', async () => {
    await stage.runAudition({}, async (played) => {
      const { notices } = await scheduled(played);
      const [notice] = notices;
      if (!notice) throw new Error('nobody was told');
      const { participant, channel, deliveryId } = notice;
      for (const status of ['delivered', 'sent'] as const)
        await played.handle.signal(messages.deliveryReportedSignal, {
          participant,
          channel,
          deliveryId,
          status,
        });
      const after = await played.until(({ notices }) => notices[0]?.status === 'delivered');
      expect(after.attention).toEqual([]);
    });
  });
});
