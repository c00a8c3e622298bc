/** Each fact names who has caused it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFactType } from '../../domain/audition/events.ts';
import { participantId, performer, slotIn } from '../../tests/harness/audition-plan.ts';
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

const principalsOf = ({ world }: RunningAudition, type: AuditionFactType) =>
  world.events.flatMap(({ fact, principal }) => (fact.type === type ? [principal] : []));

const prepare = (world: RunningAudition['world']) => world.fail('createMeeting', 'rejected_input');

const director = participantId('director-1');

const isScheduled = ({ state }: { readonly state: string }): boolean => state === 'scheduled';

describe('the principal of a fact', () => {
  it('is the caller of the request for the request, and this service for what follows by itself', async () => {
    await stage.runAudition({ plan: { principal: 'key_1' } }, async (played) => {
      await played.until(isScheduled);
      expect(principalsOf(played, 'requested')).toEqual(['key_1']);
      expect(principalsOf(played, 'scheduled')).toEqual([undefined]);
      await played.send(messages.cancelUpdate, { ...apiCommand, principal: 'sub:ada@office' });
      await played.result();
      expect(principalsOf(played, 'cancelled')).toEqual(['sub:ada@office']);
    });
  });

  it('is the caller of a command that waits, although another one has the same correlation id', async () => {
    await stage.runAudition({}, async (played) => {
      await played.until(isScheduled);
      const wish = { kind: 'fixed', slot: slotIn(96, Date.now()) } as const;
      const moving = played.send(messages.rescheduleUpdate, { ...apiCommand, principal: 'key_1', wish });
      const answering = played.send(messages.respondUpdate, {
        ...apiCommand,
        principal: 'key_2',
        participant: director,
        answer: 'accepted',
      });
      await Promise.all([moving, answering]);
      expect(principalsOf(played, 'slot_moved')).toEqual(['key_1']);
      expect(principalsOf(played, 'responded')).toEqual(['key_2']);
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
    });
  });

  it('is the provider of a report, and the participant who has answered in a calendar', async () => {
    await stage.runAudition({}, async (played) => {
      const { handle, until, send } = played;
      const [notice] = (await until(({ notices }) => notices.length > 0)).notices;
      if (!notice) throw new Error('there is no notice');
      const { participant, channel, deliveryId } = notice;
      await handle.signal(messages.deliveryReportedSignal, {
        inboxId: 'in-1',
        principal: 'provider:twilio',
        participant,
        channel,
        deliveryId,
        status: 'failed',
      });
      await handle.signal(messages.answerReportedSignal, {
        inboxId: 'in-2',
        participant: performer.id,
        answer: 'accepted',
        origin: 'calendar',
        revision: 1,
      });
      await until(({ participants }) =>
        participants.some(({ id, answer }) => id === performer.id && answer === 'accepted'),
      );
      expect(principalsOf(played, 'delivery_reported')).toEqual(['provider:twilio']);
      expect(principalsOf(played, 'responded')).toEqual([`participant:${performer.id}`]);
      await send(messages.cancelUpdate, apiCommand);
      await played.result();
    });
  });

  it('is the operator who resolves an attention item, and this service for the item', async () => {
    await stage.runAudition({ prepare }, async (played) => {
      const { attention } = await played.until(({ attention: open }) => open.length > 0);
      const [item] = attention;
      if (!item) throw new Error('there is no item');
      await played.send(messages.resolveAttentionUpdate, {
        origin: 'operator',
        correlationId: 'c',
        principal: 'key_9',
        by: 'operator-1',
        id: item.id,
        action: 'skip',
      });
      expect(principalsOf(played, 'attention_raised')).toEqual([undefined]);
      expect(principalsOf(played, 'attention_resolved')).toEqual(['key_9']);
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
    });
  });
});
