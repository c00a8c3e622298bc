/** A long life: when its history has grown, an audition goes on as a new run that knows all that the old one knew. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as messages from '../../workflows/audition/messages.ts';
import { performer } from '../harness/audition-plan.ts';
import { asked, openRealTimeStage, operator, type Stage } from '../harness/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openRealTimeStage();
});
afterAll(() => stage.close());

/** Our development server suggests it after 500 events (temporal-dev.yaml), and an answer makes about ten. */
const answersAtMost = 100;

it('continues as new, keeps its state, and is undone from there as a whole', async () => {
  await stage.play({ records: 'continued-as-new' }, async ({ handle, until, world, plan, result }) => {
    await until(({ state }) => state === 'scheduled');
    const runOf = async () => (await handle.describe()).runId;
    const firstRun = await runOf();
    let given = 0;
    for (; given < answersAtMost && (await runOf()) === firstRun; given += 1) {
      const answer = given % 2 === 0 ? 'tentative' : 'accepted';
      await handle.executeUpdate(messages.respond, {
        args: [{ ...asked, participant: performer.id, answer }],
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

    world.fail('removeMeeting', 'reconnect');
    await handle.executeUpdate(messages.cancel, { args: [asked] });
    world.heal();
    const [item] = (await until(({ attention }) => attention.length > 0)).attention;
    await handle.executeUpdate(messages.resolveAttention, {
      args: [{ ...operator, id: item?.id ?? 'att_none', action: 'retry' }],
    });
    expect(await result()).toMatchObject({ state: 'closed', outcome: 'cancelled', attention: [] });
    expect([world.meetings.size, world.calendarEvents.size, world.heldRevisions.size]).toEqual([0, 0, 0]);
    expect(world.retractions).toHaveLength(4);
  });
});
