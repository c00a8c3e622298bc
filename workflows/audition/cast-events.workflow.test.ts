/** Calendar events of participants who are added to a running audition. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { participantSchema } from '../../domain/audition/request.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
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
const anHourAfter = (at: Instant) => toInstant(toEpochMs(at) + 60 * minute);

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

const substitute = participantSchema.parse({
  ...castingDirector,
  id: 'director-2',
  calendar: { provider: 'google', connection: 'conn_substitute', calendarId: 'primary' },
});
const readerId = participantId('reader-1');

const change = ({ send }: RunningAudition, ...changes: readonly messages.CastChange[]) =>
  send(messages.participantsUpdate, { ...apiCommand, changes });
const keysOf = (keys: readonly string[], notice: string, id: string) =>
  keys.filter((key) => key.includes(`:${notice}:${id}:`));

/** Adds a participant whose calendar event cannot be written. */
const addUnwritable = async (played: RunningAudition): Promise<void> => {
  await invited(played);
  played.world.fail('writeEvent', 'reconnect', ':director-2:');
  await change(played, { kind: 'add', participant: substitute });
};
const isEventAsked = ({ attention }: Awaited<ReturnType<RunningAudition['view']>>) =>
  attention.some(({ step }) => step === 'calendar_event');

describe('a participant who is added, whose event cannot be written', () => {
  it('is invited immediately, and gets the event when it can be written after the slot has begun', async () => {
    await stage.runAudition({}, async (played) => {
      await addUnwritable(played);
      const { attention } = await played.until(({ notices }) => notices.length === 5);
      expect(keysOf(played.world.notices, 'invitation', substitute.id)).toHaveLength(1);
      expect(attention.map(({ step }) => step)).toEqual(['calendar_event']);
      const { slot } = await played.view();
      await played.advanceTo(toInstant(toEpochMs(slot?.start ?? '1970-01-01T00:00:00.000Z') + minute));
      expect(isEventAsked(await played.view())).toBe(true);
      played.world.clearFaults();
      await played.resolve('calendar_event', 'retry');
      await expect.poll(() => played.world.calendarEvents.size, { timeout: 10_000 }).toBe(3);
    });
  });

  it('does not keep the audition from moving to another meeting, or from other changes', async () => {
    await stage.runAudition(
      { recordAs: 'cast-events-in-background', plan: { joinLinks: true } },
      async (played) => {
        await addUnwritable(played);
        await played.until(isEventAsked);
        await played.send(messages.meetingUpdate, { ...apiCommand, provider: 'google_meet' });
        await played.until(({ meeting }) => meeting?.provider === 'google_meet');
        const { participants } = await change(played, { kind: 'remove', participant: readerId });
        expect(participants.map(({ id }) => id)).not.toContain(readerId);
        expect(isEventAsked(await played.view())).toBe(true);
        played.world.clearFaults();
        await played.resolve('calendar_event', 'retry');
        await expect.poll(() => played.world.calendarEvents.size, { timeout: 10_000 }).toBe(3);
      },
    );
  });

  it('is no question any more when the participant has left, or when the slot has moved', async () => {
    await stage.runAudition({}, async (played) => {
      await addUnwritable(played);
      await played.until(isEventAsked);
      await change(played, { kind: 'remove', participant: substitute.id });
      await played.until((view) => !isEventAsked(view));
      await change(played, { kind: 'add', participant: substitute });
      const { slot } = await played.until(isEventAsked);
      if (!slot) throw new TypeError('the audition has no slot');
      played.world.clearFaults();
      const wish = {
        kind: 'fixed',
        slot: { ...slot, start: anHourAfter(slot.start), end: anHourAfter(slot.end) },
      } as const;
      const { attention } = await played.send(messages.rescheduleUpdate, { ...apiCommand, wish });
      expect(attention).toEqual([]);
      expect(played.world.calendarEvents.size).toBe(3);
    });
  });

  it('is no question any more when the slot is over, and other changes are possible again', async () => {
    await stage.runAudition({ plan: { meetingProviders: ['google_meet'] } }, async (played) => {
      await addUnwritable(played);
      const { slot } = await played.until(({ notices }) => notices.length === 5);
      await played.advanceTo(toInstant(toEpochMs(slot?.end ?? '1970-01-01T00:00:00.000Z') + minute));
      await played.resolve('session', 'held');
      await played.until((view) => !isEventAsked(view));
      await played.send(messages.decideUpdate, { ...apiCommand, decision: 'booked' });
      expect(await played.result()).toMatchObject({ outcome: 'booked', attention: [] });
    });
  });
});
