/** Two auditions of a casting session that share its room. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { minute } from '../../domain/time/units.ts';
import { createFakeRoom, type FakeRoom } from '../../tests/harness/fake-room.ts';
import { isIdle } from '../../tests/harness/pending-work.ts';
import { createTakeovers } from '../../tests/harness/takeovers.ts';
import {
  apiCommand,
  type RunningAudition,
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

const plan: Partial<AuditionPlan> = {
  joinLinks: true,
  reminders: [],
  meetingSettings: { room: 'session', admission: 'in_turn' },
  policy: { ...defaultPolicy, meetingCheck: 15 * minute },
};

interface Pair {
  readonly one: RunningAudition;
  readonly other: RunningAudition;
  readonly room: FakeRoom;
}

/** Runs two auditions whose worlds share a room. @param recordAs names the history of the second one */
const runPair = async (
  play: (pair: Pair) => Promise<void>,
  {
    changes = {},
    room = createFakeRoom(),
    recordAs,
  }: {
    readonly changes?: Partial<AuditionPlan>;
    readonly room?: FakeRoom;
    readonly recordAs?: string;
  } = {},
) => {
  const scene = {
    plan: { ...plan, ...changes },
    prepare: (world: RunningAudition['world']) => {
      world.room = room;
    },
  };
  await stage.runAudition(scene, (one) =>
    stage.runAudition({ ...scene, ...(recordAs !== undefined && { recordAs }) }, async (other) => {
      for (const { until } of [one, other]) await until(({ notices }) => notices.length === 4);
      await play({ one, other, room });
    }),
  );
};

const { resolve, takeOver } = createTakeovers(() => stage);

const updatesIn = ({ world }: RunningAudition) => world.notices.filter((key) => key.includes(':update:'));
const cancel = ({ send }: RunningAudition) => send(messages.cancelUpdate, apiCommand);
/** What the relay of the inbox does after the room was replaced. */
const reportLeft = async ({ handle }: RunningAudition, meetingId: string, inboxId = `whk_${meetingId}`) =>
  handle.signal(messages.roomLeftSignal, { inboxId, origin: 'system', meetingId });
const usesOf = ({ uses }: FakeRoom) => [...uses.values()];

describe('two auditions of a casting session', () => {
  it('have one meeting, which ends with the last of them', async () => {
    await runPair(
      async ({ one, other, room }) => {
        expect((await one.view()).meeting).toEqual((await other.view()).meeting);
        expect(room.created).toBe(1);
        await cancel(one);
        expect(usesOf(room)).toEqual(['room-1']);
        await cancel(other);
        expect(usesOf(room)).toEqual([]);
      },
      { recordAs: 'shared-room' },
    );
  });

  it('move together to the next provider, are told nothing, and leave the former meeting', async () => {
    await runPair(
      async ({ one, other, room }) => {
        await one.send(messages.meetingUpdate, { ...apiCommand, provider: 'google_meet' });
        await one.until(({ meeting }) => meeting?.id === 'room-2');
        await reportLeft(other, 'room-1');
        await reportLeft(other, 'room-1');
        const { meeting } = await other.until(({ meeting: present }) => present?.id === 'room-2');
        expect(meeting?.provider).toBe('google_meet');
        expect(room.created).toBe(2);
        await expect.poll(() => usesOf(room)).toEqual(['room-2', 'room-2']);
        expect([...updatesIn(one), ...updatesIn(other)]).toEqual([]);
        expect(other.world.factTypes().filter((type) => type === 'meeting_lost')).toHaveLength(1);
      },
      { recordAs: 'shared-room-left' },
    );
  });

  it('are each told the new link once without join links', async () => {
    await runPair(
      async ({ one, other }) => {
        await one.send(messages.meetingUpdate, { ...apiCommand, provider: 'google_meet' });
        await one.until(({ meeting }) => meeting?.id === 'room-2');
        await reportLeft(other, 'room-1');
        await other.until(() => updatesIn(other).length === 4);
        await reportLeft(other, 'room-1', 'whk_again');
        await other.view();
        expect(new Set(updatesIn(other)).size).toBe(4);
        expect(updatesIn(other)).toHaveLength(4);
      },
      { changes: { joinLinks: undefined } },
    );
  });

  it('stay where they are when a room is reported that they do not use', async () => {
    await runPair(async ({ other, room }) => {
      await reportLeft(other, 'room-0');
      expect((await other.view()).meeting?.id).toBe('room-1');
      expect(room.created).toBe(1);
    });
  });
});

describe('an audition that is taken over', () => {
  it('goes on using the room that is at another provider than the one it has asked', async () => {
    const shared = createFakeRoom();
    // The first audition of the session found that Zoom was down.
    shared.join('first:meeting:google_meet:1', 'google_meet');
    await runPair(
      async ({ one, other, room }) => {
        const { meeting, slot } = await other.view();
        expect(meeting).toMatchObject({ id: 'room-1', provider: 'google_meet' });
        const [key = ''] = other.world.meetings;
        expect(key).toContain(':meeting:zoom:');
        if (!slot) throw new Error('the audition has no slot');
        other.world.effects = [
          { key, target: { kind: 'meeting', provider: 'zoom', slot }, providerId: 'room-1' },
        ];
        const { taskQueue } = await other.handle.describe();
        await terminateWhenIdle(other.handle);
        const run = await takeOver(other, { cause: 'terminated', correlationId: 'test' }, taskQueue);
        try {
          await resolve(other, 'retry');
          await expect.poll(() => isIdle(run)).toBe(true);
          expect(usesOf(room)).toEqual(['room-1', 'room-1', 'room-1']);
          await run.executeUpdate(messages.cancelUpdate, { args: [apiCommand] });
          expect(usesOf(room)).toEqual(['room-1', 'room-1']);
          await cancel(one);
          expect(usesOf(room)).toEqual(['room-1']);
        } finally {
          await terminateWhenIdle(run);
        }
      },
      { room: shared },
    );
  });
});
