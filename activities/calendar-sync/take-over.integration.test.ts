/** Tests that a run which takes an audition over is told again what the calendars say, once. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import { ada, later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setUpSync = useCalendarSync();

const runActivity = <Input, Result>(
  activity: (input: Input) => Promise<Result>,
  input: Input,
): Promise<Result> => new MockActivityEnvironment().run(activity, input);

/** Sets up a booked audition whose calendar is as it was written. */
const setup = async () => {
  const bench = await setUpSync();
  const { write, sync, record, unbound, auditionId } = bench;
  await write(1, slot);
  await record({ type: 'confirmed' });
  await sync();
  const about = { organization: 'org_1', auditionId, correlationId: 'corr-1' } as const;
  const takeOver = () =>
    runActivity((input: Parameters<typeof unbound.adoptTrail>[0]) => unbound.adoptTrail(input), {
      ...about,
      reminders: [],
      participants: [],
    });
  return { ...bench, takeOver };
};

const overlapping = ['2031-07-01T10:20:00.000Z', '2031-07-01T10:40:00.000Z'] as const;

describe('a run that takes an audition over', () => {
  it('is told once of the conflicts that stand', async () => {
    const { person, sync, kinds, takeOver, sent } = await setup();
    person.add(...overlapping);
    await sync();
    const reportOrders = (await takeOver())?.reportOrders;
    await sync();
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict']);
    expect(reportOrders).toContainEqual(sent[0]?.change.order);
    expect(sent[1]?.change.order?.change).toBeGreaterThan(sent[0]?.change.order?.change ?? 0);
  });

  it('is told once of the event that a person has moved', async () => {
    const { person, sync, kinds, takeOver, sent } = await setup();
    await person.move(later.start, later.end);
    await sync();
    const reportOrders = (await takeOver())?.reportOrders;
    await sync();
    await sync();
    expect(kinds()).toEqual(['moved', 'moved']);
    expect(reportOrders).toContainEqual(sent[0]?.change.order);
    expect(sent[1]?.change.order?.change).toBeGreaterThan(sent[0]?.change.order?.change ?? 0);
  });

  it('is told what was reported while no run existed', async () => {
    const { person, sync, kinds, takeOver, temporal } = await setup();
    person.add(...overlapping);
    await person.remove();
    temporal.hasNoWorkflow = true;
    await sync();
    temporal.hasNoWorkflow = false;
    await takeOver();
    await sync();
    await sync();
    expect(kinds()).toEqual(['deleted', 'conflict', 'deleted', 'conflict']);
  });

  it('is told nothing of a calendar that is as it was written, and free', async () => {
    const { sync, kinds, takeOver, person } = await setup();
    const id = person.add(...overlapping);
    await sync();
    await takeOver();
    await person.remove(id);
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });
});

describe('an answer to an event of ours', () => {
  it('that was given while no run existed is reported to the run that takes the audition over', async () => {
    const { person, sync, answers, takeOver, temporal } = await setup();
    await person.answer('declined');
    temporal.hasNoWorkflow = true;
    await sync();
    await sync();
    temporal.hasNoWorkflow = false;
    await takeOver();
    await sync();
    await sync();
    expect(answers.map(({ answer }) => answer)).toEqual(['declined', 'declined', 'declined']);
    expect(new Set(answers.map(({ inboxId }) => inboxId)).size).toBe(1);
  });

  it('is reported again when the run was terminated before it recorded the answer', async () => {
    const { person, sync, answers, takeOver } = await setup();
    await person.answer('declined');
    await sync();
    await takeOver();
    await sync();
    await sync();
    expect(answers.map(({ answer }) => answer)).toEqual(['declined', 'declined']);
  });

  it('is not reported again when the trail has it, or a later one', async () => {
    const { person, sync, answers, takeOver, record, pool } = await setup();
    await person.answer('declined');
    await sync();
    // The trail of the test is some days old.
    await pool.query("UPDATE synced_events SET answer_known_at = '2026-11-01'");
    await record({ type: 'responded', participant: ada, answer: 'accepted', origin: 'link' });
    const answeredAt = (await takeOver())?.answeredAt;
    await sync();
    expect(answers).toHaveLength(1);
    expect(answeredAt?.[ada]).toBeGreaterThan(Date.UTC(2026, 10, 24));
  });

  it('is settled when the audition is closed', async () => {
    const { person, sync, answers, temporal, record } = await setup();
    await record({ type: 'cancelled', origin: 'api' });
    await person.answer('declined');
    temporal.hasNoWorkflow = true;
    await sync();
    await sync();
    expect(answers).toHaveLength(1);
  });
});

describe('the answer of a room', () => {
  const studio = 'c_studio@resource.calendar.google.com';
  const setUpRoom = async () => {
    const bench = await setup();
    const { control } = bench.sandbox;
    control.addRoom('google', { email: studio, name: 'Studio 2', answers: 'manual' });
    await bench.book(1, slot, studio);
    await bench.sync();
    const decline = () =>
      control.answerRoom('google', { room: studio, eventId: bench.eventId, answer: 'declined' });
    return { ...bench, decline };
  };

  it('that was given while no run existed is reported to the run that takes the audition over', async () => {
    const { decline, sync, kinds, takeOver, temporal, sent } = await setUpRoom();
    decline();
    temporal.hasNoWorkflow = true;
    await sync();
    await sync();
    temporal.hasNoWorkflow = false;
    await takeOver();
    await sync();
    await sync();
    expect(kinds()).toEqual(['room_answered', 'room_answered', 'room_answered']);
    expect(new Set(sent.map(({ change }) => change.inboxId)).size).toBe(1);
  });

  it('is reported again unless the trail has it', async () => {
    const { decline, sync, kinds, takeOver, record, connection } = await setUpRoom();
    decline();
    await sync();
    await takeOver();
    await sync();
    expect(kinds()).toEqual(['room_answered', 'room_answered']);
    const room = { provider: 'google', connection } as const;
    await record({ type: 'room_booked', ...room, eventId: 'e1' });
    await record({ type: 'room_answered', ...room, answer: 'declined' });
    await takeOver();
    await sync();
    expect(kinds()).toEqual(['room_answered', 'room_answered']);
  });
});

describe('the conflicts of an audition without a workflow', () => {
  it('stay unreported until there is one, also when they change', async () => {
    const { person, sync, sent, temporal } = await setup();
    const id = person.add(...overlapping);
    temporal.hasNoWorkflow = true;
    await sync();
    await sync();
    expect(new Set(sent.map(({ change }) => change.inboxId)).size).toBe(1);
    temporal.hasNoWorkflow = false;
    await sync();
    await sync();
    expect(sent).toHaveLength(3);
    temporal.hasNoWorkflow = true;
    await person.remove(id);
    await sync();
    temporal.hasNoWorkflow = false;
    await sync();
    await sync();
    expect(sent.map(({ change }) => change.change.kind)).toEqual([
      'conflict',
      'conflict',
      'conflict',
      'conflict_over',
      'conflict_over',
    ]);
  });
});

describe('a participant who leaves the cast and takes part again', () => {
  it('is reported again with the conflict that stands', async () => {
    const { person, sync, kinds, repositories, auditionId, sent } = await setup();
    const setCast = (participants: readonly (typeof ada)[]) =>
      repositories.participantConflicts.setRules(auditionId, participants, defaultConflictRules);
    await setCast([ada]);
    person.add(...overlapping);
    await sync();
    await setCast([]);
    // The event is not removed yet.
    await sync();
    await setCast([ada]);
    await setCast([ada]);
    await sync();
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict']);
    expect(new Set(sent.map(({ change }) => change.inboxId)).size).toBe(2);
  });
});
