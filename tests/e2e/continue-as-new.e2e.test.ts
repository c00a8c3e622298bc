/** A long life: when its history has grown, an audition goes on as a new run that knows all that the old one knew. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as messages from '../../workflows/audition/messages.ts';
import { performer } from '../harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startRealTimeHarness,
  type WorkflowHarness,
} from '../harness/workflow-harness.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startRealTimeHarness();
});
afterAll(() => stage.close());

/** Our development server suggests it after 500 events (temporal-dev.yaml), and an answer makes about ten. */
const answersAtMost = 100;

/** As the server has written them down, of the activities that outside services carry out. */
const prioritiesOutside = async (handle: RunningAudition['handle']): Promise<ReadonlySet<string>> => {
  const { events } = await handle.fetchHistory();
  const scheduled = events?.flatMap(({ activityTaskScheduledEventAttributes: activity }) => activity ?? []);
  const outside = scheduled?.filter(({ taskQueue }) => !taskQueue?.name?.startsWith('castmatch'));
  return new Set(outside?.map(({ priority }) => `${priority?.priorityKey} ${priority?.fairnessKey}`));
};

it('continues as new, keeps its state, and is undone from there as a whole', async () => {
  await stage.runAudition(
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
      let given = 0;
      for (; given < answersAtMost && (await runOf()) === firstRun; given += 1) {
        const answer = given % 2 === 0 ? 'tentative' : 'accepted';
        await handle.executeUpdate(messages.respondUpdate, {
          args: [{ ...apiCommand, participant: performer.id, answer }],
        });
      }
      expect(given).toBeLessThan(answersAtMost);

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
      expect([world.meetings.size, world.calendarEvents.size, world.heldRevisions.size]).toEqual([0, 0, 0]);
      expect(world.retractions).toHaveLength(4);
      expect(await prioritiesOutside(handle)).toEqual(new Set(['3 test']));
    },
  );
});
