/** Changes of the cast of a running audition. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { participantSchema } from '../../domain/audition/request.ts';
import { castingDirector, participantId, performer } from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  updateFailureOf,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

const substitute = participantSchema.parse({
  ...castingDirector,
  id: 'director-2',
  calendar: { provider: 'google', connection: 'conn_substitute', calendarId: 'primary' },
});

const change = ({ send }: RunningAudition, ...changes: readonly messages.CastChange[]) =>
  send(messages.participantsUpdate, { ...apiCommand, changes });

describe('a participant who is added', () => {
  it('gets an event and an invitation, and is required', async () => {
    await stage.runAudition({ recordAs: 'participant-added' }, async (played) => {
      await invited(played);
      for (const { id } of [performer, castingDirector]) {
        await played.send(messages.respondUpdate, { ...apiCommand, participant: id, answer: 'accepted' });
      }
      const changed = await change(played, { kind: 'add', participant: substitute });
      expect(changed.state).toBe('scheduled');
      expect(changed.participants).toHaveLength(4);
      const { notices } = await played.until(({ notices }) => notices.length === 5);
      expect(notices.at(-1)).toMatchObject({ participant: substitute.id, notice: 'invitation' });
      expect(played.world.calendarEvents.size).toBe(3);
      expect([...played.world.claims]).toEqual([2]);
    });
  });

  it('is not added when an operator aborts at a calendar that cannot be read', async () => {
    await stage.runAudition({ recordAs: 'participant-aborted' }, async (played) => {
      await invited(played);
      played.world.fail('findBusy', 'reconnect', 'conn_substitute');
      await change(played, { kind: 'add', participant: substitute });
      await played.resolve('conflict_check', 'abort');
      const { participants, state } = await played.until(({ attention }) => attention.length === 0);
      expect(participants).toHaveLength(3);
      expect(state).toBe('scheduled');
      expect([...played.world.claims]).toEqual([1]);
      await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 8);
      expect(played.world.notices.filter((key) => key.includes(substitute.id))).toEqual([]);
    });
  });

  it('is not added when the slot begins before an operator decides', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      played.world.fail('findBusy', 'reconnect', 'conn_substitute');
      await change(played, { kind: 'add', participant: substitute });
      await played.until(({ attention }) => attention.some(({ step }) => step === 'session'));
      expect(await played.handle.query(messages.planQuery)).toEqual(played.plan);
      expect([...played.world.claims]).toEqual([1]);
    });
  });

  it('is refused when busy, and nothing has changed', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      played.world.holdsTaken = true;
      const refused = updateFailureOf(change(played, { kind: 'add', participant: substitute }));
      expect(await refused).toMatchObject({ code: 'slot_taken' });
      expect((await played.view()).participants).toHaveLength(3);
    });
  });
});

describe('a participant who is removed', () => {
  it('loses the event, gets a cancellation, and no reminder', async () => {
    await stage.runAudition({ recordAs: 'participant-removed' }, async (played) => {
      await invited(played);
      await change(played, { kind: 'remove', participant: castingDirector.id });
      await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 6);
      expect(played.world.calendarEvents.size).toBe(1);
      expect(played.world.retractions).toHaveLength(1);
      expect(played.world.notices.filter((key) => key.includes(`:reminder:${castingDirector.id}`))).toEqual(
        [],
      );
    });
  });

  it('gets another cancellation after having been added again', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await change(played, { kind: 'remove', participant: castingDirector.id });
      await played.until(() => played.world.retractions.length === 1);
      await change(played, { kind: 'add', participant: castingDirector });
      await played.until(({ notices }) => notices.length === 5);
      await played.send(messages.cancelUpdate, apiCommand);
      const cancellations = played.world.retractions.filter((key) => key.includes(castingDirector.id));
      expect(new Set(cancellations).size).toBe(2);
    });
  });

  it('cannot be the only performer', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      const refused = updateFailureOf(change(played, { kind: 'remove', participant: performer.id }));
      expect(await refused).toMatchObject({ code: 'performer_not_replaceable' });
    });
  });
});

it('a participant is replaced in one change', async () => {
  await stage.runAudition({ recordAs: 'participant-replaced' }, async (played) => {
    await invited(played);
    await change(
      played,
      { kind: 'remove', participant: castingDirector.id },
      { kind: 'add', participant: substitute },
    );
    const { participants } = await played.until(({ notices }) => notices.length === 5);
    expect(participants.map(({ id }) => id)).toEqual([
      performer.id,
      participantId('reader-1'),
      substitute.id,
    ]);
    expect(played.world.retractions).toHaveLength(1);
    expect(played.world.calendarEvents.size).toBe(2);
  });
});
