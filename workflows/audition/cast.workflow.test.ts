/** Changes of the cast of a running audition. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { participantSchema } from '../../domain/audition/request.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
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

const minute = 60_000;
const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

const substitute = participantSchema.parse({
  ...castingDirector,
  id: 'director-2',
  calendar: { provider: 'google', connection: 'conn_substitute', calendarId: 'primary' },
});

const change = ({ send }: RunningAudition, ...changes: readonly messages.CastChange[]) =>
  send(messages.participantsUpdate, { ...apiCommand, changes });

const readerId = participantId('reader-1');
/** Returns the reader of the plan with other details. */
const reader = ({ plan }: RunningAudition, details: object = {}) =>
  participantSchema.parse({ ...plan.participants.find(({ id }) => id === readerId), ...details });
const keysOf = (keys: readonly string[], notice: string, id: string) =>
  keys.filter((key) => key.includes(`:${notice}:${id}:`));

describe('a participant who is added', () => {
  it('gets the reminders that are still due, and the others get theirs once', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 4);
      await change(played, { kind: 'add', participant: substitute });
      await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 9);
      expect(keysOf(played.world.notices, 'reminder', substitute.id)).toHaveLength(1);
      expect(keysOf(played.world.notices, 'reminder', castingDirector.id)).toHaveLength(2);
    });
  });

  it('is refused when an operator aborts the question about the calendar, and the audition goes on', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      played.world.fail('findBusy', 'reconnect', 'conn_substitute');
      await change(played, { kind: 'add', participant: substitute });
      await played.resolve('conflict_check', 'abort');
      await expect.poll(() => played.world.factTypes().at(-1), { timeout: 10_000 }).toBe('move_refused');
      expect(await played.view()).toMatchObject({ state: 'scheduled', attention: [] });
      expect((await played.view()).participants).toHaveLength(3);
      expect([...played.world.claims]).toEqual([1]);
    });
  });

  it('is not part of the cast while an operator is asked about the calendar', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      played.world.fail('findBusy', 'reconnect', 'conn_substitute');
      const pending = await played.handle.executeUpdate(messages.participantsUpdate, {
        args: [{ ...apiCommand, changes: [{ kind: 'add', participant: substitute }] }],
      });
      expect(pending.isPending).toBe(true);
      await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 4);
      expect(keysOf(played.world.notices, 'reminder', substitute.id)).toEqual([]);
      played.world.clearFaults();
      await played.resolve('conflict_check', 'retry');
      const { participants } = await played.until(({ notices }) => notices.length >= 9);
      expect(participants).toHaveLength(4);
    });
  });

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

describe('a reader who is removed', () => {
  it('is told again after being added again, each time under another key', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      const participant = reader(played);
      for (let round = 0; round < 2; round += 1) {
        await change(played, { kind: 'remove', participant: readerId });
        await change(played, { kind: 'add', participant });
      }
      await played.until(({ notices }) => notices.length === 6);
      await played.send(messages.cancelUpdate, apiCommand);
      await played.result();
      const { retractions, notices } = played.world;
      expect(keysOf(notices, 'invitation', readerId)).toHaveLength(3);
      expect(new Set(keysOf(retractions, 'cancellation', readerId)).size).toBe(3);
    });
  });

  it('takes open questions along: about a decline, and about an undelivered notice', async () => {
    await stage.runAudition({}, async (played) => {
      const { notices } = await invited(played);
      await change(
        played,
        { kind: 'remove', participant: readerId },
        { kind: 'add', participant: reader(played, { required: true }) },
      );
      await played.send(messages.respondUpdate, {
        ...apiCommand,
        participant: readerId,
        answer: 'declined',
      });
      const notice = notices.find(({ participant }) => participant === readerId);
      await played.handle.signal(messages.deliveryReportedSignal, {
        participant: readerId,
        channel: 'email',
        deliveryId: notice?.deliveryId ?? '',
        status: 'failed',
        code: 'bounced',
      });
      await played.until(({ attention }) => attention.length === 2);
      const { attention } = await change(played, { kind: 'remove', participant: readerId });
      expect(attention).toEqual([]);
    });
  });

  it('can be replaced after an early check-in, until the slot begins', async () => {
    await stage.runAudition({}, async (played) => {
      const { slot } = await invited(played);
      if (!slot) throw new Error('there is no slot');
      await played.advanceTo(toInstant(toEpochMs(slot.start) - 10 * minute));
      await played.send(messages.checkInUpdate, { ...apiCommand, participant: performer.id });
      const { participants, state } = await change(
        played,
        { kind: 'remove', participant: readerId },
        { kind: 'add', participant: reader(played, { id: 'reader-2', email: 'rob@example.com' }) },
      );
      expect(state).toBe('in_progress');
      expect(participants.map(({ id }) => id)).toContain('reader-2');
      await played.advanceTo(toInstant(toEpochMs(slot.start) + minute));
      const late = updateFailureOf(
        change(played, { kind: 'remove', participant: participantId('reader-2') }),
      );
      expect(await late).toMatchObject({ code: 'wrong_state' });
    });
  });
});

describe('a participant who is replaced under the same id', () => {
  it('is left as is when no detail differs', async () => {
    await stage.runAudition({}, async (played) => {
      const { sequence } = await invited(played);
      await change(
        played,
        { kind: 'remove', participant: readerId },
        { kind: 'add', participant: reader(played) },
      );
      expect((await played.view()).sequence).toBe(sequence);
      expect(played.world.retractions).toEqual([]);
    });
  });

  it('has a generation of its own each time that another person gets the id', async () => {
    await stage.runAudition({}, async (played) => {
      await invited(played);
      const generationOf = ({ participants }: Awaited<ReturnType<RunningAudition['view']>>) =>
        participants.find(({ id }) => id === readerId)?.generation;
      const become = (email: string) =>
        change(
          played,
          { kind: 'remove', participant: readerId },
          { kind: 'add', participant: reader(played, { email }) },
        );
      expect(generationOf(await played.view())).toBeUndefined();
      const second = generationOf(await become('rob@example.com'));
      await change(played, { kind: 'remove', participant: readerId });
      const third = generationOf(
        await change(played, { kind: 'add', participant: reader(played, { email: 'ria@example.com' }) }),
      );
      expect(second).toBeGreaterThan(0);
      expect(third).toBeGreaterThan(second ?? 0);
    });
  });

  it('keeps answer and invitation when only a phone number was added', async () => {
    await stage.runAudition({ recordAs: 'participant-details' }, async (played) => {
      await invited(played);
      await played.send(messages.respondUpdate, { ...apiCommand, participant: readerId, answer: 'accepted' });
      const participant = reader(played, { phone: '+33612345679', channels: ['email', 'sms'] });
      const { participants } = await change(
        played,
        { kind: 'remove', participant: readerId },
        { kind: 'add', participant },
      );
      expect(participants.find(({ id }) => id === readerId)?.answer).toBe('accepted');
      await played.until(({ notices }) => notices.length === 5);
      expect(played.world.retractions).toEqual([]);
      expect(keysOf(played.world.notices, 'invitation', readerId)).toEqual([
        expect.stringContaining(':email:r1'),
        expect.stringContaining(':sms:r1:added-'),
      ]);
    });
  });

  it('is another person with other addresses: the former one is told, and the other one is invited', async () => {
    await stage.runAudition(
      { prepare: (world) => world.fail('sendNotice', 'rejected_input', ':reader-1:email:r1') },
      async (played) => {
        await played.until(({ attention }) => attention.length === 1);
        played.world.clearFaults();
        const other = reader(played, { name: 'Rob Reader', email: 'rob@example.com' });
        const { attention } = await change(
          played,
          { kind: 'remove', participant: readerId },
          { kind: 'add', participant: other },
        );
        // The invitation that could not be sent to the former reader is not sent to the other one.
        expect(attention).toEqual([]);
        await played.until(({ notices }) => notices.some(({ participant }) => participant === readerId));
        expect(keysOf(played.world.notices, 'invitation', readerId)).toEqual([
          expect.stringContaining(':email:r1:added-2'),
        ]);
      },
    );
  });
});

it('a cancellation undoes everything for the former cast when a change is only claimed', async () => {
  await stage.runAudition({}, async (played) => {
    await invited(played);
    played.world.fail('findBusy', 'reconnect', 'conn_substitute');
    await change(
      played,
      { kind: 'remove', participant: castingDirector.id },
      { kind: 'add', participant: substitute },
    );
    await played.send(messages.cancelUpdate, apiCommand);
    await played.result();
    expect(keysOf(played.world.retractions, 'cancellation', castingDirector.id)).toHaveLength(1);
    expect(keysOf(played.world.retractions, 'cancellation', substitute.id)).toEqual([]);
    expect([played.world.calendarEvents.size, played.world.claims.size]).toEqual([0, 0]);
  });
});

it('a calendar that two participants share keeps its event until both have left', async () => {
  const partner = participantSchema.parse({
    ...castingDirector,
    id: 'director-2',
    email: 'dora@example.com',
  });
  const participants = [performer, castingDirector, partner];
  await stage.runAudition({ plan: { participants } }, async (played) => {
    const { world } = played;
    const eventsOf = (id: string) => [...world.calendarEvents].filter((key) => key.endsWith(`:${id}`));
    await invited(played);
    expect([eventsOf(castingDirector.id).length, eventsOf(partner.id).length]).toEqual([1, 0]);
    await change(played, { kind: 'remove', participant: castingDirector.id });
    await expect.poll(() => eventsOf(castingDirector.id), { timeout: 10_000 }).toEqual([]);
    expect(eventsOf(partner.id)).toHaveLength(1);
    await change(played, { kind: 'remove', participant: partner.id });
    await expect.poll(() => eventsOf(partner.id), { timeout: 10_000 }).toEqual([]);
    expect(eventsOf(performer.id)).toHaveLength(1);
  });
});

it('events of many calendars are written in small groups', async () => {
  const others = Array.from({ length: 7 }, (_, index) =>
    participantSchema.parse({
      ...castingDirector,
      id: `director-${index + 2}`,
      calendar: { provider: 'google', connection: `conn_${index + 2}`, calendarId: 'primary' },
    }),
  );
  await stage.runAudition({ plan: { participants: [performer, ...others] } }, async (played) => {
    await played.until(({ state }) => state === 'scheduled');
    expect(played.world.callsOf('writeEvents')).toHaveLength(2);
    expect(played.world.calendarEvents.size).toBe(8);
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
