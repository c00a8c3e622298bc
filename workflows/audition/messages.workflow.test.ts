/** Updates and signals of the audition workflow: refusals and repetitions. */
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

describe('a running audition refuses', () => {
  const cases: readonly [string, string, (played: RunningAudition) => Promise<unknown>][] = [
    [
      'an answer of an unknown participant',
      'unknown_participant',
      ({ send }) =>
        send(messages.respondUpdate, {
          ...apiCommand,
          participant: participantId('nobody'),
          answer: 'accepted',
        }),
    ],
    [
      'a check-in days ahead',
      'check_in_not_open',
      ({ send }) => send(messages.checkInUpdate, { ...apiCommand, participant: performer.id }),
    ],
    [
      'resolving an unknown attention item',
      'attention_not_found',
      ({ send }) =>
        send(messages.resolveAttentionUpdate, { ...operatorCommand, id: 'att_none', action: 'retry' }),
    ],
  ];

  it.each(cases)('%s', async (_, code, send) => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      const before = await played.view();
      const { code: type, whatToDo } = await updateFailureOf(send(played));
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

  it('every command once it is closed', async () => {
    await stage.runAudition(
      { prepare: (world) => world.fail('removeMeeting', 'reconnect') },
      async (played) => {
        const { send } = played;
        await scheduled(played);
        await send(messages.cancelUpdate, apiCommand);
        const slot = slotIn(96, await stage.environment.currentTimeMs());
        const { code: type } = await updateFailureOf(
          send(messages.rescheduleUpdate, { ...apiCommand, wish: { kind: 'fixed', slot } }),
        );
        expect(type).toBe('audition_closed');
      },
    );
  });
});

describe('a running audition', () => {
  it('records a repeated answer once', async () => {
    await stage.runAudition({ recordAs: 'answers' }, async (played) => {
      await scheduled(played);
      const answer = { ...apiCommand, participant: performer.id, answer: 'tentative' as const };
      const first = await played.send(messages.respondUpdate, answer);
      const second = await played.send(messages.respondUpdate, answer);
      expect(second.sequence).toBe(first.sequence);
    });
  });

  it('loses its confirmation and asks an operator when a required participant declines', async () => {
    await stage.runAudition({ recordAs: 'confirmation-lost' }, async (played) => {
      const { send } = played;
      const say = (participant: typeof performer.id, answer: 'accepted' | 'declined') =>
        send(messages.respondUpdate, { ...apiCommand, participant, answer });
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

  it('sends no reminder to a participant who has declined', async () => {
    await stage.runAudition({}, async (played) => {
      await scheduled(played);
      const reader = played.plan.participants.find(({ kind }) => kind === 'reader');
      if (!reader) throw new Error('there is no reader');
      await played.send(messages.respondUpdate, {
        ...apiCommand,
        participant: reader.id,
        answer: 'declined',
      });
      await played.until(({ attention }) => attention.some(({ step }) => step === 'session'));
      const reminded = played.world.notices.filter((key) => key.includes(':reminder:'));
      expect(reminded).toHaveLength(6);
      expect(reminded.filter((key) => key.includes(reader.id))).toEqual([]);
    });
  });
});
