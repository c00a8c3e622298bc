/** The roles of participants in the meeting. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { participantSchema } from '../../domain/audition/request.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { castingDirector, participantId } from '../../tests/harness/audition-plan.ts';
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

const minute = 60_000;
const plan: Partial<AuditionPlan> = { joinLinks: true, reminders: [], meetingSettings: { roles: true } };
const assigned = ({ world }: RunningAudition, times: number) =>
  expect.poll(() => world.callsOf('setLeaders').length, { timeout: 10_000 }).toBe(times);
const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

describe('the casting directors', () => {
  it('lead the meeting, also those who are added later, and at the next provider', async () => {
    await stage.runAudition({ plan, recordAs: 'roles-assigned' }, async (played) => {
      await invited(played);
      await assigned(played, 1);
      expect(played.world.leaders).toEqual([castingDirector.email]);
      const second = participantSchema.parse({
        ...castingDirector,
        id: 'director-2',
        email: 'second@example.com',
        calendar: undefined,
      });
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'add', participant: second }],
      });
      await assigned(played, 2);
      expect(played.world.leaders).toEqual([castingDirector.email, second.email]);
      await played.send(messages.meetingUpdate, { ...apiCommand, provider: 'google_meet' });
      await played.until(({ meeting }) => meeting?.provider === 'google_meet');
      await played.send(messages.meetingUpdate, { ...apiCommand, provider: 'zoom' });
      await assigned(played, 3);
      expect((await played.view()).meeting).not.toHaveProperty('notHonored');
    });
  });

  it('whom the provider does not permit are named, until it does, and no operator is asked', async () => {
    await stage.runAudition(
      {
        plan,
        prepare: (world) => {
          world.honorsRoles = false;
        },
      },
      async (played) => {
        await invited(played);
        const named = await played.until(({ meeting }) => meeting?.notHonored !== undefined);
        expect([named.meeting?.notHonored, named.attention]).toEqual([['roles'], []]);
        played.world.honorsRoles = true;
        await played.send(messages.participantsUpdate, {
          ...apiCommand,
          changes: [{ kind: 'remove', participant: participantId('reader-1') }],
        });
        await played.until(({ meeting }) => meeting?.notHonored === undefined);
      },
    );
  });

  it('are named when the provider fails', async () => {
    await stage.runAudition(
      { plan, prepare: (world) => world.fail('setLeaders', 'not_permitted') },
      async (played) => {
        await invited(played);
        const { meeting, attention } = await played.until((view) => view.meeting?.notHonored !== undefined);
        expect([meeting?.notHonored, attention]).toEqual([['roles'], []]);
      },
    );
  });

  it('have no role without the setting', async () => {
    await stage.runAudition({ plan: { ...plan, meetingSettings: {} } }, async (played) => {
      await invited(played);
      await played.view();
      expect(played.world.callsOf('setLeaders')).toEqual([]);
      expect((await played.view()).joinLinks).not.toHaveProperty('crewOpensBefore');
    });
  });
});

it('a reader checks in before the performers can', async () => {
  await stage.runAudition({ plan }, async (played) => {
    const { slot, joinLinks, participants } = await invited(played);
    if (!slot || !joinLinks?.crewOpensBefore) throw new TypeError('the crew has no window of its own');
    const at = toInstant(toEpochMs(slot.start) - joinLinks.opensBefore - 5 * minute);
    await played.advanceTo(at);
    const report = { what: 'checked_in', at, correlationId: 'c' } as const;
    await played.handle.signal(
      messages.presenceReportedSignal,
      participants.map(({ id }) => ({ ...report, inboxId: `whk_${id}`, participant: id })),
    );
    const view = await played.until(({ participants: all }) => all.some(({ checkedIn }) => checkedIn));
    expect(
      Object.fromEntries(view.participants.map(({ kind, checkedIn }) => [kind, checkedIn])),
    ).toMatchObject({ performer: false, reader: true, casting_director: true });
  });
});
