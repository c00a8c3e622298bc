/** An account that its owner has to connect again: what waits for it, and goes on by itself once it is. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionActivities } from '../../activities/contract.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { performer } from '../../tests/harness/audition-plan.ts';
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

const performers: ConnectionId = 'conn_performer';
const offices: ConnectionId = 'conn_office';

const restore = ({ handle }: RunningAudition, connection: ConnectionId, inboxId: string) =>
  handle.signal(messages.connectionRestoredSignal, { connection, inboxId, correlationId: 'reconnected' });

const scheduled = ({ until }: RunningAudition) => until(({ state }) => state === 'scheduled');

const resolutionsIn = ({ world }: RunningAudition) =>
  world.events.flatMap(({ fact, correlationId }) =>
    fact.type === 'attention_resolved' ? [{ ...fact, correlationId }] : [],
  );

const raisedIn = ({ world }: RunningAudition) =>
  world.events.map(({ fact }) => fact).filter((fact) => fact.type === 'attention_raised');

/** Neither calendar can be written. */
const bothRefused = (world: RunningAudition['world']): void => {
  world.fail('writeEvent', 'reconnect', 'performer-1', performers);
  world.fail('writeEvent', 'reconnect', 'director-1', offices);
};

const bothAsk = ({ until }: RunningAudition) => until(({ attention }) => attention.length === 2);

describe('an account that is connected again', () => {
  it('has what waits for it tried again, and nothing else', async () => {
    await stage.runAudition({ recordAs: 'reconnected', prepare: bothRefused }, async (played) => {
      const { world, until } = played;
      const { attention } = await bothAsk(played);
      const ours = attention.find(({ connection }) => connection === performers);
      expect(ours).toMatchObject({
        code: 'reconnect',
        hint: expect.stringMatching(/has to connect it again: the audition then goes on by itself/),
      });
      world.clearFaults();
      await restore(played, performers, 'in-1');
      await until(({ attention: open, calendarEvents }) => open.length === 1 && calendarEvents.length === 1);
      expect((await played.view()).attention).toMatchObject([{ connection: offices }]);
      await restore(played, offices, 'in-2');
      expect(await scheduled(played)).toMatchObject({ attention: [] });
      expect(resolutionsIn(played)).toMatchObject([
        { id: ours?.id, action: 'retry', by: 'system', correlationId: 'reconnected' },
        { action: 'retry', by: 'system' },
      ]);
      expect(world.calendarEvents.size).toBe(2);
    });
  });

  it('is tried once for each time it was, however often that is told', async () => {
    await stage.runAudition({ recordAs: 'reconnected-in-vain', prepare: bothRefused }, async (played) => {
      const { world, until } = played;
      await bothAsk(played);
      for (const inboxId of ['in-1', 'in-1']) await restore(played, performers, inboxId);
      await until(({ attention }) => attention.some(({ id }) => id.endsWith('-3')));
      await restore(played, performers, 'in-1');
      // An update is heard after the signals before it.
      const { attention } = await played.handle.executeUpdate(messages.respondUpdate, {
        args: [{ ...apiCommand, participant: performer.id, answer: 'tentative' }],
      });
      expect(attention.map(({ connection }) => connection)).toEqual([offices, performers]);
      expect(callsFor(played, 'writeEvent', 'performer-1')).toHaveLength(2);
      world.clearFaults();
      for (const connection of [performers, offices]) await restore(played, connection, `in-2-${connection}`);
      await scheduled(played);
    });
  });

  it('lets go on what could not be undone, though the audition is closed', async () => {
    await stage.runAudition({}, async (played) => {
      const { world, handle, until, result } = played;
      await scheduled(played);
      world.fail('removeEvent', 'reconnect', 'performer-1', performers);
      await handle.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
      const { attention } = await until(({ state }) => state === 'closed');
      expect(attention).toMatchObject([{ step: 'compensation', connection: performers }]);
      world.clearFaults();
      await restore(played, performers, 'in-1');
      expect(await result()).toMatchObject({ outcome: 'cancelled', attention: [] });
      expect(world.calendarEvents.size).toBe(0);
    });
  });
});

const callsFor = ({ world }: RunningAudition, activity: keyof AuditionActivities, key: string) =>
  world.callsOf(activity).filter((called) => called.includes(key));

/** The account is connected again while the first attempt to write the performer's calendar is under way. */
const restoredMeanwhile = (isMended: boolean) => {
  const begun = Promise.withResolvers<RunningAudition>();
  const arrange = (world: RunningAudition['world']): void => {
    world.fail('writeEvent', 'reconnect', 'performer-1', performers);
    world.beforeActivity = async ({ activity, key }) => {
      if (activity !== 'writeEvent' || !key.includes('performer-1')) return;
      const played = await begun.promise;
      const attempts = callsFor(played, 'writeEvent', 'performer-1').length;
      if (attempts === 1) await restore(played, performers, 'in-1');
      else if (isMended) world.clearFaults();
    };
  };
  return { arrange, begun };
};

describe('an account that is connected again while a step fails for it', () => {
  it('has the step tried once more, and nobody is asked', async () => {
    const { arrange: prepare, begun } = restoredMeanwhile(true);
    await stage.runAudition({ recordAs: 'reconnected-meanwhile', prepare }, async (played) => {
      begun.resolve(played);
      expect(await scheduled(played)).toMatchObject({ attention: [] });
      expect(callsFor(played, 'writeEvent', 'performer-1')).toHaveLength(2);
      expect(raisedIn(played)).toEqual([]);
    });
  });

  it('is asked about when that does not help', async () => {
    const { arrange: prepare, begun } = restoredMeanwhile(false);
    await stage.runAudition({ prepare }, async (played) => {
      begun.resolve(played);
      const { attention } = await played.until(({ attention: open }) => open.length > 0);
      expect(attention).toMatchObject([{ connection: performers }]);
      expect(callsFor(played, 'writeEvent', 'performer-1')).toHaveLength(2);
    });
  });
});

const zooms: ConnectionId = 'conn_zoom';

const noProvider = (world: RunningAudition['world']): void => {
  world.fail('createMeeting', 'reconnect', 'zoom', zooms);
  world.fail('createMeeting', 'rejected_input', 'google_meet');
};

const fallBacksIn = ({ world }: RunningAudition) =>
  world.events.flatMap(({ fact }) => (fact.type === 'meeting_fell_back' ? [fact.reason] : []));

describe('a meeting that no provider makes', () => {
  it('is tried anew when the account that was the first to fail is connected again', async () => {
    await stage.runAudition({ prepare: noProvider }, async (played) => {
      const { attention } = await played.until(({ attention: open }) => open.length > 0);
      expect(attention).toMatchObject([{ step: 'meeting', code: 'reconnect', connection: zooms }]);
      expect(fallBacksIn(played)).toEqual(['reconnect', 'rejected_input']);
      played.world.clearFaults();
      await restore(played, zooms, 'in-1');
      expect(await scheduled(played)).toMatchObject({ meeting: { provider: 'zoom' } });
    });
  });
});
