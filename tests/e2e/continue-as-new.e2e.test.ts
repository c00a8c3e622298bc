/** Tests that an audition with a long history continues as a new run without losing state. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as messages from '../../workflows/audition/messages.ts';
import { performer } from '../harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startRealTimeHarness,
  type WorkflowHarness,
} from '../harness/workflow-harness.ts';

let harness: WorkflowHarness;
beforeAll(async () => {
  harness = await startRealTimeHarness();
});
afterAll(() => harness.close());

/** The development server suggests continue-as-new after 500 events (temporal-dev.yaml). A response adds about ten. */
const maxResponses = 100;

/** Returns the priorities of the activities that call providers, from the history. */
const providerPriorities = async (handle: RunningAudition['handle']): Promise<ReadonlySet<string>> => {
  const { events } = await handle.fetchHistory();
  const scheduled = events?.flatMap(({ activityTaskScheduledEventAttributes: activity }) => activity ?? []);
  const provider = scheduled?.filter(({ taskQueue }) => !taskQueue?.name?.startsWith('castmatch'));
  return new Set(provider?.map(({ priority }) => `${priority?.priorityKey} ${priority?.fairnessKey}`));
};

it('an audition that continues as new keeps its state, and its cancellation undoes everything', async () => {
  await harness.runAudition(
    { recordAs: 'continued-as-new' },
    async ({ handle, until, world, plan, result }) => {
      await until(({ state }) => state === 'scheduled');
      const restore = (inboxId: string) =>
        handle.signal(messages.connectionRestoredSignal, {
          connection: 'conn_zoom',
          inboxId,
          correlationId: 'test',
        });
      await restore('in-first-run');
      const runOf = async () => (await handle.describe()).runId;
      const firstRun = await runOf();
      let responses = 0;
      for (; responses < maxResponses && (await runOf()) === firstRun; responses += 1) {
        const answer = responses % 2 === 0 ? 'tentative' : 'accepted';
        await handle.executeUpdate(messages.respondUpdate, {
          args: [{ ...apiCommand, participant: performer.id, answer }],
        });
      }
      expect(responses).toBeLessThan(maxResponses);

      const view = await until(({ state }) => state === 'scheduled');
      expect(view).toMatchObject({ id: plan.id, revision: 1, announcedAs: [1] });
      expect(view.notices).toHaveLength(4);
      expect(view.sequence).toBeGreaterThanOrEqual(world.events.length);

      const { searchAttributes, memo } = await handle.describe();
      expect(searchAttributes['CastMatchState']).toEqual(['scheduled']);
      expect(memo).toEqual({});

      world.fail('removeMeeting', 'reconnect', '', 'conn_zoom');
      await handle.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      world.clearFaults();
      await until(({ attention }) => attention.length > 0);
      await restore('in-first-run');
      expect((await handle.query(messages.viewQuery)).attention).toMatchObject([{ connection: 'conn_zoom' }]);
      await restore('in-this-run');
      expect(await result()).toMatchObject({ state: 'closed', outcome: 'cancelled', attention: [] });
      expect([world.meetings.size, world.calendarEvents.size, world.claims.size]).toEqual([0, 0, 0]);
      expect(world.retractions).toHaveLength(4);
      expect(await providerPriorities(handle)).toEqual(new Set(['3 test']));
    },
  );
});
