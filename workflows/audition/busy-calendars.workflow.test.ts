/** Calendars that count as busy for a participant are read with the others, and nothing is written to them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarToRead } from '../../activities/contract.ts';
import type { CalendarRef, Participant } from '../../domain/audition/request.ts';
import { castingDirector, performer } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  startTimeSkippingHarness,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const family: CalendarRef = { provider: 'google', connection: 'conn_office', calendarId: 'family' };
const feed: CalendarRef = { provider: 'ics', connection: 'conn_feed', calendarId: 'primary' };
const director: Participant = { ...castingDirector, busyCalendars: [family, feed] };

describe('the busy calendars of a participant', () => {
  it('are read in the same activities, one more for another provider, and get no event', async () => {
    const claimed: CalendarToRead[][] = [];
    await stage.runAudition(
      {
        plan: { participants: [performer, director] },
        prepare: (world) => {
          const { activities } = world;
          const claim = activities.claimSlot.bind(activities);
          Object.assign(activities, {
            claimSlot: (input: Parameters<typeof claim>[0]) => {
              claimed.push([...input.calendars]);
              return claim(input);
            },
          });
        },
      },
      async ({ world, until }) => {
        await until(({ state }) => state === 'scheduled');
        expect(world.callsOf('findBusy')).toEqual(['conn_feed']);
        expect(claimed).toEqual([
          [performer.calendar, castingDirector.calendar, { ...family, isBusyOnly: true }],
        ]);
        expect(world.calendarEvents.size).toBe(2);
      },
    );
  });

  it('make the slot busy', async () => {
    await stage.runAudition(
      {
        plan: {
          participants: [{ ...director, kind: 'performer', calendar: undefined, busyCalendars: [family] }],
        },
        prepare: (world) => {
          world.busy = [{ start: '2000-01-01T00:00:00.000Z', end: '2100-01-01T00:00:00.000Z' }];
        },
      },
      async ({ until }) => {
        expect(await until(({ state }) => state === 'closed')).toMatchObject({ outcome: 'failed' });
      },
    );
  });

  it('that cannot be read make the audition wait, and not go on without them', async () => {
    await stage.runAudition(
      {
        plan: { participants: [performer, director] },
        prepare: (world) => world.fail('findBusy', 'reconnect', 'conn_feed', 'conn_feed'),
      },
      async ({ until, resolve, world }) => {
        const { attention } = await until((view) => view.attention.length > 0);
        expect(attention).toMatchObject([{ step: 'conflict_check', code: 'reconnect' }]);
        world.clearFaults();
        await resolve('conflict_check', 'retry');
        await until(({ state }) => state === 'scheduled');
      },
    );
  });

  it('of a participant who is added are read for the slot', async () => {
    await stage.runAudition({ plan: { participants: [performer] } }, async ({ until, send, world }) => {
      await until(({ state }) => state === 'scheduled');
      await send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'add', participant: director }],
      });
      expect(world.callsOf('findBusy')).toEqual(['conn_feed']);
    });
  });
});
