import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import type { WriteEventsInput } from '../contract.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';

const benchFor = useActivityHarness();

const calendar: WritableCalendarRef = { provider: 'google', connection: 'conn_1', calendarId: 'primary' };
const ada = participantIdSchema.parse('ada');
const carl = participantIdSchema.parse('carl');
const words = { summary: 'Captain, Nightfall', description: 'Bring the sides' };
const window = { from: slot.start, until: slot.end };

const setup = async () => {
  const bench = await benchFor();
  const { activities, about, key } = bench;
  const keyOf = (revision: number, participant = 'ada') => key(`event:${participant}:r${revision}`);
  const write = (revision: number, at: Slot, participant = ada) =>
    activities.writeEvent({
      ...about,
      key: keyOf(revision, participant),
      participant,
      calendar,
      content: { ...words, slot: at, revision },
    });
  const writeAll = (change: Partial<WriteEventsInput> = {}) =>
    activities.writeEvents({
      ...about,
      events: [
        { key: keyOf(1, 'ada'), participant: ada, calendar },
        { key: keyOf(1, 'carl'), participant: carl, calendar: { ...calendar, connection: 'conn_3' } },
      ],
      content: { ...words, slot, revision: 1 },
      ...change,
    });
  const remove = (...revisions: readonly number[]) =>
    activities.removeEvent({ ...about, keys: revisions.map((revision) => keyOf(revision)), calendar });
  await bench.repositories.connections.put({
    id: 'conn_3',
    organization: 'org_1',
    provider: 'google',
    account: 'carl@example.com',
    refreshToken: 'sandbox-refresh-carl@example.com',
  });
  const events = () =>
    bench
      .state()
      .google.calendars.flatMap((calendarState) => calendarState.events)
      .filter(({ status }) => status !== 'cancelled');
  const factsOf = async (type: AuditionFact['type']) =>
    (
      await bench.repositories.events.read('org_1', bench.auditionId, {
        after: bench.about.trail.number,
        limit: 100,
      })
    )
      .map(({ fact }) => fact)
      .filter((fact) => fact.type === type);
  return { ...bench, keyOf, write, writeAll, remove, events, factsOf };
};

describe('writeEvent', () => {
  it('writes one event, records it once, and moves it', async () => {
    const { write, events, factsOf, auditionId } = await setup();
    const { eventId } = await write(1, slot);
    expect(eventId).toBe(eventIdFor(auditionId));
    await write(1, slot);
    const written = { type: 'calendar_event_written', participant: ada, provider: 'google' };
    expect(await factsOf('calendar_event_written')).toEqual([{ ...written, connection: 'conn_1', eventId }]);
    await write(2, laterSlot);
    expect(events()).toMatchObject([{ id: eventId }]);
    expect(events().map(({ start }) => Date.parse(start.dateTime ?? ''))).toEqual([
      Date.parse(laterSlot.start),
    ]);
    expect(await factsOf('calendar_event_written')).toHaveLength(2);
  });

  it('writes the reminders of the content in minutes', async () => {
    const { activities, about, keyOf, events } = await setup();
    const content = { ...words, slot, revision: 1, reminders: [5_400_000] };
    await activities.writeEvent({ ...about, key: keyOf(1), participant: ada, calendar, content });
    expect(events()).toMatchObject([
      { reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 90 }] } },
    ]);
  });

  it('writes one event when the answer was lost, and removes it', async () => {
    const { write, remove, events, fault } = await setup();
    fault('google', { kind: 'lost_answer', operation: 'events.insert', times: 1 });
    await write(1, slot).catch(() => undefined);
    await write(1, slot);
    expect(events()).toHaveLength(1);
    expect(await remove(1)).toEqual({ result: 'undone' });
    expect(events()).toHaveLength(0);
    await expect(write(1, slot)).rejects.toMatchObject({ type: 'Compensated' });
  });

  it('records with the effect where it was made', async () => {
    const { write, repositories, auditionId, keyOf } = await setup();
    await write(1, slot);
    expect(await repositories.ledger.standingEffects(auditionId)).toEqual([
      { key: keyOf(1), target: { kind: 'calendar_event', participant: ada, calendar } },
    ]);
  });

  it('fails as reconnect when the connection does not exist', async () => {
    const { activities, about, key } = await setup();
    const write = activities.writeEvent({
      ...about,
      key: key('event:r1'),
      participant: ada,
      calendar: { ...calendar, connection: 'conn_gone' },
      content: { summary: 'Captain', description: '', slot, revision: 1 },
    });
    await expect(write).rejects.toMatchObject({ type: 'reconnect', nonRetryable: true });
  });

  it('writes nothing when the trail has facts of another run', async () => {
    const { write, events, repositories, auditionId, about } = await setup();
    await repositories.events.append({ auditionId, run: 'another run', position: about.trail });
    const ahead: AuditionFact = { type: 'confirmed' };
    const number = about.trail.number + 1;
    await repositories.events.append({
      auditionId,
      run: 'another run',
      position: { number, facts: [{ number, at: slot.start, correlationId: 'c', fact: ahead }] },
    });
    await expect(write(1, slot)).rejects.toMatchObject({ type: 'trail_ahead', nonRetryable: true });
    expect(events()).toEqual([]);
  });
});

describe('removeEvent', () => {
  it('removes an event that was moved, under all its keys', async () => {
    const { write, remove, events, repositories, auditionId } = await setup();
    await write(1, slot);
    await write(2, laterSlot);
    expect(await remove(1, 2, 3)).toEqual({ result: 'undone' });
    expect(events()).toEqual([]);
    expect(await repositories.ledger.standingEffects(auditionId)).toEqual([]);
    await expect(write(3, slot)).rejects.toMatchObject({ type: 'Compensated' });
  });

  it('undoes the earlier steps of the event too', async () => {
    const { write, remove, events, repositories, auditionId } = await setup();
    await write(1, slot);
    await write(2, laterSlot);
    await write(1, slot, carl);
    expect(await remove(2)).toEqual({ result: 'undone' });
    expect(events()).toHaveLength(1);
    expect(await repositories.ledger.standingEffects(auditionId)).toMatchObject([
      { target: { participant: carl } },
    ]);
  });

  it('keeps an event that a later step has moved', async () => {
    const { write, remove, events } = await setup();
    await write(1, slot);
    await write(2, laterSlot);
    await remove(1);
    expect(events()).toHaveLength(1);
  });

  it('removes the event where it was made, although the participant has another calendar now', async () => {
    const { write, events, activities, about, keyOf } = await setup();
    await write(1, slot);
    const other = { ...calendar, connection: 'conn_3' as const };
    await activities.removeEvent({ ...about, keys: [keyOf(1)], calendar: other });
    expect(events()).toEqual([]);
  });

  it('has nothing to undo when nothing was written', async () => {
    const { remove } = await setup();
    expect(await remove(1)).toEqual({ result: 'nothing_to_undo' });
  });
});

/** A fact of the workflow that follows the writing of the events. */
const confirmation = (number: number) =>
  ({ number, at: slot.start, correlationId: 'corr-1', fact: { type: 'confirmed' } }) as const;

const setUpMove = async () => {
  const bench = await setup();
  const { auditionId, repositories, record, about } = bench;
  const call = { auditionId, run: 'r', position: { facts: [], number: 0 } };
  const resources = [`room:${randomUUID()}`];
  for (const [claim, at] of [slot, laterSlot].entries()) {
    await repositories.holds.claim(call, {
      organization: 'org_1',
      claim: claim + 1,
      slot: at,
      resources,
    });
  }
  await record({ type: 'slot_moved', slot: laterSlot, revision: 2, origin: 'api' });
  // The number of `scheduled` is reserved before that of the facts that follow.
  const number = about.trail.number + 2;
  const complete = () =>
    bench.writeAll({
      trail: { facts: [], number },
      content: { ...words, slot: laterSlot, revision: 2 },
      whenAllWritten: {
        facts: [{ number, at: slot.start, correlationId: 'c', fact: { type: 'scheduled' } }],
        releaseHolds: { through: 2, keep: 2 },
      },
    });
  const append = (after: number, fact: AuditionFact) => ({
    number: number + after,
    at: slot.start,
    correlationId: 'c',
    fact,
  });
  const revert = () =>
    bench.activities.recordEvents({
      ...about,
      trail: { facts: [], number: number + 1 },
      ifAllowed: append(1, {
        type: 'move_reverted',
        slot,
        revision: 3,
        reason: 'late',
        announcedAs: [1],
        answers: [],
      }),
      releaseHolds: { through: 2, keep: 1 },
    });
  const moveAgain = () =>
    bench.activities.recordEvents({
      ...about,
      trail: {
        facts: [append(2, { type: 'slot_moved', slot: laterSlot, revision: 4, origin: 'api' })],
        number: number + 2,
      },
    });
  const outcome = async () => {
    const view = await repositories.auditions.get('org_1', auditionId);
    const { held } = await repositories.holds.claims(auditionId);
    return { state: view?.state, revision: view?.revision, held: held.map(({ claim }) => claim) };
  };
  return { ...bench, complete, revert, moveAgain, outcome };
};

describe('writeEvents', () => {
  it('writes an event in each calendar and records them, and what follows', async () => {
    const { writeAll, events, factsOf, about, keyOf } = await setup();
    const fact = confirmation(about.trail.number + 1);
    const { written, failed, recorded } = await writeAll({ whenAllWritten: { facts: [fact] } });
    expect(written.map(({ key }) => key)).toEqual([keyOf(1, 'ada'), keyOf(1, 'carl')]);
    expect(failed).toEqual([]);
    expect(recorded).toEqual(['confirmed']);
    expect(events()).toHaveLength(2);
    expect(await factsOf('calendar_event_written')).toHaveLength(2);
  });

  it('returns the same result when it is repeated', async () => {
    const { writeAll, events, factsOf, about } = await setup();
    const whenAllWritten = { facts: [confirmation(about.trail.number + 1)] };
    const first = await writeAll({ whenAllWritten });
    expect(await writeAll({ whenAllWritten })).toEqual(first);
    expect(events()).toHaveLength(2);
    expect(await factsOf('confirmed')).toHaveLength(1);
  });

  it('releases holds when all events are written', async () => {
    const { writeAll, repositories, auditionId } = await setup();
    const call = { auditionId, run: 'r', position: { facts: [], number: 0 } };
    const resources = [`room:${randomUUID()}`];
    for (const claim of [1, 2]) {
      await repositories.holds.claim(call, { organization: 'org_1', claim, slot, resources });
    }
    await writeAll({ whenAllWritten: { facts: [], releaseHolds: { through: 2, keep: 2 } } });
    expect((await repositories.holds.claims(auditionId)).held.map(({ claim }) => claim)).toEqual([2]);
  });

  describe('after a move that it completes was given up', () => {
    it('releases no hold of the old slot', async () => {
      const { complete, revert, outcome, factsOf } = await setUpMove();
      expect(await revert()).toMatchObject({ isAllowed: true });
      expect(await complete()).toMatchObject({ failed: [], recorded: [] });
      expect(await outcome()).toEqual({ state: 'scheduled', revision: 3, held: [1] });
      expect(await factsOf('calendar_event_written')).toHaveLength(2);
    });

    it('keeps the move when it has completed it first', async () => {
      const { complete, revert, outcome } = await setUpMove();
      expect(await complete()).toMatchObject({ recorded: ['scheduled'] });
      expect(await revert()).toMatchObject({ isAllowed: false });
      expect(await revert()).toMatchObject({ isAllowed: false });
      expect(await outcome()).toEqual({ state: 'scheduled', revision: 2, held: [2] });
      expect(await complete()).toMatchObject({ recorded: ['scheduled'] });
    });

    it('does not complete the next move', async () => {
      const { complete, revert, moveAgain, outcome } = await setUpMove();
      await revert();
      await moveAgain();
      expect(await complete()).toMatchObject({ recorded: [] });
      expect(await outcome()).toEqual({ state: 'scheduling', revision: 4, held: [1] });
    });

    it('agrees with the return when both run simultaneously', async () => {
      const { complete, revert, outcome } = await setUpMove();
      const [{ recorded }, { isAllowed }] = await Promise.all([complete(), revert()]);
      expect(recorded).toEqual(isAllowed ? [] : ['scheduled']);
      expect(await outcome()).toEqual(
        isAllowed
          ? { state: 'scheduled', revision: 3, held: [1] }
          : { state: 'scheduled', revision: 2, held: [2] },
      );
    });
  });

  it('leaves out facts that the state of the audition no longer allows', async () => {
    const { writeAll, record, about, events } = await setup();
    await record({ type: 'cancelled', origin: 'api' });
    const trailAfter = { ...about.trail, number: about.trail.number + 1 };
    const { recorded } = await writeAll({
      trail: trailAfter,
      whenAllWritten: { facts: [confirmation(trailAfter.number + 1)] },
    });
    expect(recorded).toEqual([]);
    expect(events()).toHaveLength(2);
  });

  it('returns the event that failed, keeps the other, and records nothing that follows', async () => {
    const { writeAll, repositories, events, factsOf, about, keyOf } = await setup();
    const { version = 0 } = (await repositories.connections.get('org_1', 'conn_3')) ?? {};
    await repositories.connections.markNeedsReauthorization('conn_3', 'grant_refused', version);
    const whenAllWritten = { facts: [confirmation(about.trail.number + 1)] };
    const result = await writeAll({ whenAllWritten });
    expect(result).toEqual({
      written: [{ key: keyOf(1, 'ada'), eventId: expect.any(String) }],
      failed: [
        {
          key: keyOf(1, 'carl'),
          failure: { code: 'reconnect', provider: 'google', connection: 'conn_3' },
        },
      ],
      recorded: [],
    });
    expect(events()).toHaveLength(1);
    expect(await factsOf('calendar_event_written')).toHaveLength(1);
    expect(await factsOf('confirmed')).toEqual([]);
  });

  it('leaves a failed event to its own attempt, under the same key', async () => {
    const { writeAll, activities, about, events, fault, keyOf } = await setup();
    fault('google', { kind: 'lost_answer', operation: 'events.insert', times: 1 });
    const { failed } = await writeAll({
      events: [{ key: keyOf(1), participant: ada, calendar }],
    });
    expect(failed).toEqual([{ key: keyOf(1), failure: { code: 'outage', provider: 'google' } }]);
    await activities.writeEvent({
      ...about,
      key: keyOf(1),
      participant: ada,
      calendar,
      content: { ...words, slot, revision: 1 },
    });
    expect(events()).toHaveLength(1);
  });

  it('writes one event for two participants who name one calendar in two ways', async () => {
    const { writeAll, events, activities, about, keyOf } = await setup();
    const { written } = await writeAll({
      events: [
        { key: keyOf(1, 'ada'), participant: ada, calendar },
        {
          key: keyOf(1, 'carl'),
          participant: carl,
          calendar: { ...calendar, calendarId: 'office@example.com' },
        },
      ],
    });
    expect(written).toHaveLength(2);
    expect(events()).toHaveLength(1);
    await activities.removeEvent({ ...about, keys: [keyOf(1, 'carl')], calendar });
    expect(events()).toHaveLength(1);
    await activities.removeEvent({ ...about, keys: [keyOf(1, 'ada')], calendar });
    expect(events()).toEqual([]);
  });
});

const setUpBusy = async () => {
  const bench = await setup();
  const input = { ...bench.about, provider: 'google', connection: 'conn_1' } as const;
  return { ...bench, input: { ...input, calendarIds: ['primary'], window } };
};

describe('findBusy', () => {
  it('returns the busy times of others, without the own event', async () => {
    const { write, activities, input, addBusy } = await setUpBusy();
    await write(1, slot);
    const lesson = { start: '2031-03-30T00:45:00.000Z', end: '2031-03-30T01:00:00.000Z' } as const;
    addBusy({ account: 'office@example.com', ...lesson });
    expect(await activities.findBusy(input)).toEqual([
      { ...lesson, connection: 'conn_1', calendarId: 'primary' },
    ]);
  });

  it("fails as reconnect for another organization's connection", async () => {
    const { activities, input } = await setUpBusy();
    await expect(activities.findBusy({ ...input, organization: 'org_2' })).rejects.toMatchObject({
      type: 'reconnect',
    });
  });

  it('fails as reconnect without calling Google when the account needs reauthorization', async () => {
    const { activities, input, repositories, state } = await setUpBusy();
    const { version = 0 } = (await repositories.connections.get('org_1', 'conn_1')) ?? {};
    await repositories.connections.markNeedsReauthorization('conn_1', 'grant_refused', version);
    await expect(activities.findBusy(input)).rejects.toMatchObject({
      type: 'reconnect',
      nonRetryable: true,
      details: [{ connection: 'conn_1', code: 'grant_refused' }],
    });
    expect(state().calls.google).toEqual({});
  });
});
