/** A provider of messages that refuses us as the sender: the messages wait, and one attention item speaks for all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { castingDirector, performer, readerWithFallback, slotIn } from '../../tests/harness/audition-plan.ts';
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

const refused = (activity: 'sendNotice' | 'retractNotice') => ({
  prepare: (world: RunningAudition['world']) => world.fail(activity, 'sender_refused'),
});

const raised = ({ world }: RunningAudition) =>
  world.factTypes().filter((type) => type === 'attention_raised');

const hours = (count: number) => stage.environment.sleep(count * 3_600_000);

describe('while the sender is refused, an audition', () => {
  it('raises one item for all its messages, and sends each once when the provider accepts them', async () => {
    await stage.runAudition({ ...refused('sendNotice'), recordAs: 'sender-refused' }, async (played) => {
      const { attention } = await played.until(
        ({ state, attention: items }) => state === 'scheduled' && items.length > 0,
      );
      expect(attention).toMatchObject([
        { step: 'invitation', code: 'sender_refused', provider: 'fake', actions: ['retry'] },
      ]);
      expect(attention[0]?.what).not.toContain(performer.id);
      await hours(3);
      expect((await played.view()).attention).toEqual(
        attention.map((item) => expect.objectContaining({ id: item.id })),
      );
      expect(raised(played)).toHaveLength(1);
      expect(played.world.notices).toEqual([]);

      played.world.clearFaults();
      await hours(2);
      await played.until(({ attention: items, notices }) => items.length === 0 && notices.length === 4);
      expect(new Set(played.world.notices).size).toBe(played.world.notices.length);
      expect(played.world.notices).toHaveLength(4);
      expect(raised(played)).toHaveLength(1);
      expect(played.world.factTypes()).not.toContain('step_skipped');
    });
  });

  it('tries a message immediately when an operator retries the item', async () => {
    await stage.runAudition(
      { ...refused('sendNotice'), recordAs: 'sender-refused-retried' },
      async (played) => {
        await played.until(({ attention }) => attention.length > 0);
        played.world.clearFaults();
        await played.resolve('invitation', 'retry');
        await played.until(({ attention, notices }) => attention.length === 0 && notices.length === 1);
        expect(played.world.notices).toHaveLength(1);
      },
    );
  });

  it('waits with its cancellations too, and ends when they are sent', async () => {
    await stage.runAudition(
      { ...refused('retractNotice'), recordAs: 'sender-refused-cancelling' },
      async (played) => {
        await played.until(({ notices }) => notices.length === 4);
        const cancelled = played.send(messages.cancelUpdate, apiCommand);
        await played.until(({ attention }) => attention.length > 0);
        expect(raised(played)).toHaveLength(1);
        played.world.clearFaults();
        await hours(2);
        await cancelled;
        expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
        expect(played.world.factTypes().filter((type) => type === 'compensated').length).toBeGreaterThan(2);
      },
    );
  });

  it('withdraws the item when the audition is cancelled', async () => {
    await stage.runAudition(refused('sendNotice'), async (played) => {
      await played.until(({ state, attention }) => state === 'scheduled' && attention.length > 0);
      await played.send(messages.cancelUpdate, apiCommand);
      expect(await played.result()).toMatchObject({ outcome: 'cancelled', attention: [] });
      expect(played.world.notices).toEqual([]);
    });
  });
});

const refusedEmail = {
  prepare: (world: RunningAudition['world']) => world.fail('sendNotice', 'sender_refused', ':email:'),
};

describe('a message that cannot wait, because the session begins before its next attempt,', () => {
  it('asks an operator about its recipient, or goes out on the fallback channel', async () => {
    const slot = slotIn(0.5, await stage.environment.currentTimeMs());
    const plan = {
      participants: [performer, castingDirector, readerWithFallback],
      wish: { kind: 'fixed' as const, slot },
    };
    await stage.runAudition({ plan, ...refusedEmail }, async (played) => {
      const { attention } = await played.until(
        ({ attention: items, notices }) => items.length === 2 && notices.length >= 2,
      );
      expect(attention.map(({ what }) => what).join(' ')).toContain(performer.id);
      expect(attention.map(({ what }) => what).join(' ')).not.toContain('reader-1');
      expect(played.world.notices.some((key) => key.includes(':reader-1:sms:'))).toBe(true);
    });
  });
});
