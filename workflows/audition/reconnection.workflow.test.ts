/** Steps that wait until the owner reconnects an account, and resume automatically. */
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

const performerConnection: ConnectionId = 'conn_performer';
const officeConnection: ConnectionId = 'conn_office';

const restore = ({ handle }: RunningAudition, connection: ConnectionId, inboxId: string) =>
  handle.signal(messages.connectionRestoredSignal, { connection, inboxId, correlationId: 'reconnected' });

const scheduled = ({ until }: RunningAudition) => until(({ state }) => state === 'scheduled');

const resolutionsIn = ({ world }: RunningAudition) =>
  world.events.flatMap(({ fact, correlationId }) =>
    fact.type === 'attention_resolved' ? [{ ...fact, correlationId }] : [],
  );

const raisedIn = ({ world }: RunningAudition) =>
  world.events.map(({ fact }) => fact).filter((fact) => fact.type === 'attention_raised');

/** Makes writes to both calendars fail. */
const failBothCalendars = (world: RunningAudition['world']): void => {
  world.fail('writeEvent', 'reconnect', 'performer-1', performerConnection);
  world.fail('writeEvent', 'reconnect', 'director-1', officeConnection);
};

const untilBothWait = ({ until }: RunningAudition) => until(({ attention }) => attention.length === 2);

describe('a reconnected account', () => {
  it('has only the steps that wait for it retried', async () => {
    await stage.runAudition({ recordAs: 'reconnected', prepare: failBothCalendars }, async (played) => {
      const { world, until } = played;
      const { attention } = await untilBothWait(played);
      const ours = attention.find(({ connection }) => connection === performerConnection);
      expect(ours).toMatchObject({
        code: 'reconnect',
        hint: expect.stringMatching(/must connect it again\. The audition then resumes automatically\./),
      });
      world.clearFaults();
      await restore(played, performerConnection, 'in-1');
      await until(({ attention: open, calendarEvents }) => open.length === 1 && calendarEvents.length === 1);
      expect((await played.view()).attention).toMatchObject([{ connection: officeConnection }]);
      await restore(played, officeConnection, 'in-2');
      expect(await scheduled(played)).toMatchObject({ attention: [] });
      expect(resolutionsIn(played)).toMatchObject([
        { id: ours?.id, action: 'retry', by: 'system', correlationId: 'reconnected' },
        { action: 'retry', by: 'system' },
      ]);
      expect(world.calendarEvents.size).toBe(2);
    });
  });

  it('has its steps retried once for each reconnection, even if the signal is repeated', async () => {
    await stage.runAudition(
      { recordAs: 'reconnected-in-vain', prepare: failBothCalendars },
      async (played) => {
        const { world, until } = played;
        await untilBothWait(played);
        for (const inboxId of ['in-1', 'in-1']) await restore(played, performerConnection, inboxId);
        await until(() => raisedIn(played).length === 3);
        await restore(played, performerConnection, 'in-1');
        // An update is handled after all earlier signals.
        const { attention } = await played.send(messages.respondUpdate, {
          ...apiCommand,
          participant: performer.id,
          answer: 'tentative',
        });
        expect(attention.map(({ connection }) => connection)).toEqual([
          officeConnection,
          performerConnection,
        ]);
        // In the group, alone, and again for the reconnection.
        expect(callsFor(played, 'writeEvent', 'performer-1')).toHaveLength(3);
        world.clearFaults();
        for (const connection of [performerConnection, officeConnection])
          await restore(played, connection, `in-2-${connection}`);
        await scheduled(played);
      },
    );
  });

  it('has its failed compensations retried although the audition is closed', async () => {
    await stage.runAudition({}, async (played) => {
      const { world, send, until, result } = played;
      await scheduled(played);
      world.fail('removeEvent', 'reconnect', 'performer-1', performerConnection);
      await send(messages.cancelUpdate, apiCommand);
      const { attention } = await until(({ state }) => state === 'closed');
      expect(attention).toMatchObject([{ step: 'compensation', connection: performerConnection }]);
      world.clearFaults();
      await restore(played, performerConnection, 'in-1');
      expect(await result()).toMatchObject({ outcome: 'cancelled', attention: [] });
      expect(world.calendarEvents.size).toBe(0);
    });
  });
});

const callsFor = ({ world }: RunningAudition, activity: keyof AuditionActivities, key: string) =>
  world.callsOf(activity).filter((called) => called.includes(key));

/** Reconnects the account during the first attempt to write the performer's calendar. */
const reconnectDuringAttempt = (isRepaired: boolean) => {
  const started = Promise.withResolvers<RunningAudition>();
  const arrange = (world: RunningAudition['world']): void => {
    world.fail('writeEvent', 'reconnect', 'performer-1', performerConnection);
    world.beforeActivity = async ({ activity, key }) => {
      if (activity !== 'writeEvent' || !key.includes('performer-1')) return;
      const played = await started.promise;
      const attempts = callsFor(played, 'writeEvent', 'performer-1').length;
      if (attempts === 1) await restore(played, performerConnection, 'in-1');
      else if (isRepaired) world.clearFaults();
    };
  };
  return { arrange, started };
};

describe('an account that is reconnected during a failing attempt', () => {
  it('has the step retried without an operator', async () => {
    const { arrange: prepare, started } = reconnectDuringAttempt(true);
    await stage.runAudition({ recordAs: 'reconnected-meanwhile', prepare }, async (played) => {
      started.resolve(played);
      expect(await scheduled(played)).toMatchObject({ attention: [] });
      expect(callsFor(played, 'writeEvent', 'performer-1')).toHaveLength(2);
      expect(raisedIn(played)).toEqual([]);
    });
  });

  it('raises an attention item when the retry fails too', async () => {
    const { arrange: prepare, started } = reconnectDuringAttempt(false);
    await stage.runAudition({ prepare }, async (played) => {
      started.resolve(played);
      const { attention } = await played.until(({ attention: open }) => open.length > 0);
      expect(attention).toMatchObject([{ connection: performerConnection }]);
      expect(callsFor(played, 'writeEvent', 'performer-1')).toHaveLength(2);
    });
  });
});

const zoomConnection: ConnectionId = 'conn_zoom';

const failAllProviders = (world: RunningAudition['world']): void => {
  world.fail('createMeeting', 'reconnect', 'zoom', zoomConnection);
  world.fail('createMeeting', 'rejected_input', 'google_meet');
};

const fallBacksIn = ({ world }: RunningAudition) =>
  world.events.flatMap(({ fact }) => (fact.type === 'meeting_fell_back' ? [fact.reason] : []));

describe('a meeting that no provider creates', () => {
  it('is retried when the first account that failed is reconnected', async () => {
    await stage.runAudition({ prepare: failAllProviders }, async (played) => {
      const { attention } = await played.until(({ attention: open }) => open.length > 0);
      expect(attention).toMatchObject([{ step: 'meeting', code: 'reconnect', connection: zoomConnection }]);
      expect(fallBacksIn(played)).toEqual(['reconnect', 'rejected_input']);
      played.world.clearFaults();
      await restore(played, zoomConnection, 'in-1');
      expect(await scheduled(played)).toMatchObject({ meeting: { provider: 'zoom' } });
    });
  });
});
