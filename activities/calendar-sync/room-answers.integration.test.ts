/** Tests how the answers of rooms reach their auditions. */
import { describe, expect, it } from 'vitest';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setUp = useCalendarSync();
const studio = 'c_studio@resource.calendar.google.com';

const setUpRoom = async () => {
  const bench = await setUp();
  const { control } = bench.sandbox;
  control.addRoom('google', { email: studio, name: 'Studio 2', answers: 'manual' });
  const answer = (given: 'accepted' | 'tentative' | 'declined') =>
    control.answerRoom('google', { room: studio, eventId: bench.eventId, answer: given });
  const answers = () =>
    bench.sent.map(({ change: { revision, change } }) => [
      revision,
      change.kind === 'room_answered' ? change.answer : change.kind,
    ]);
  return { ...bench, answer, answers };
};

describe('the answer of a room', () => {
  it('is reported once, and not while it is pending', async () => {
    const { book, sync, answer, answers } = await setUpRoom();
    await book(1, slot, studio);
    await sync();
    expect(answers()).toEqual([]);
    answer('declined');
    await sync();
    await sync();
    expect(answers()).toEqual([[1, 'declined']]);
  });

  it('is reported again when it changes, and after the audition has moved', async () => {
    const { book, sync, answer, answers, sent } = await setUpRoom();
    await book(1, slot, studio);
    answer('accepted');
    await sync();
    answer('declined');
    await sync();
    await book(2, later, studio);
    await sync();
    answer('declined');
    await sync();
    expect(answers()).toEqual([
      [1, 'accepted'],
      [1, 'declined'],
      [2, 'declined'],
    ]);
    expect(new Set(sent.map(({ change }) => change.inboxId)).size).toBe(3);
    // The audition drops an answer that arrives after a later one.
    const orders = sent.map(({ change: { order } }) => order);
    expect(new Set(orders.map((order) => order?.incarnation)).size).toBe(1);
    const numbers = orders.map((order) => order?.change ?? 0);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });

  it('is reported when the event is shared with a participant, who leaves', async () => {
    const { activities, about, calendar, key, book, write, sync, answer, answers } = await setUpRoom();
    await book(1, slot, studio);
    await write(1, slot);
    await sync();
    await activities.removeEvent({ ...about, keys: [key('event:ada:r1')], calendar });
    await sync();
    answer('declined');
    await sync();
    expect(answers()).toEqual([[1, 'declined']]);
  });

  it('is not reported any more after the booking has ended', async () => {
    const { activities, about, calendar, key, book, write, sync, answer, answers, stored } =
      await setUpRoom();
    await book(1, slot, studio);
    await write(1, slot);
    await sync();
    await activities.removeEvent({ ...about, keys: [key('room:r1')], calendar });
    expect(() => answer('declined')).toThrow('is no guest');
    await sync();
    expect(answers()).toEqual([]);
    expect(await stored()).toMatchObject([{ isOurs: true }]);
  });

  it('is not reported when the slot has another room, although the event of a participant names the former one', async () => {
    const { book, setRoom, write, sync, answer, answers } = await setUpRoom();
    await book(1, slot, studio);
    await write(1, slot);
    await sync();
    // An operator has skipped the booking of the other room.
    setRoom('c_attic@resource.calendar.google.com', 2);
    await write(2, later);
    answer('declined');
    await sync();
    expect(answers()).toEqual([]);
    // The move is reverted, or the former room is chosen again.
    setRoom(studio, 2);
    await sync();
    expect(answers()).toEqual([[2, 'declined']]);
  });

  it('is sent again when the signal was lost', async () => {
    const { book, sync, answer, sent, temporal } = await setUpRoom();
    await book(1, slot, studio);
    await sync();
    answer('declined');
    temporal.isDown = true;
    await expect(sync()).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await sync();
    expect(sent.map(({ change }) => change.inboxId)).toEqual([
      sent[0]?.change.inboxId,
      sent[0]?.change.inboxId,
    ]);
  });
});

describe('an event that only books a room', () => {
  it('keeps its calendar synchronized, and its deletion is reported without a participant', async () => {
    const { book, sync, holds, person, sent } = await setUpRoom();
    await holds.release();
    await book(1, slot, studio);
    expect(await sync()).toMatchObject({ kind: 'synced' });
    await person.remove();
    await sync();
    expect(sent).toMatchObject([{ change: { revision: 1, change: { kind: 'deleted' } } }]);
    expect(sent[0]?.change.participant).toBeUndefined();
  });

  it('does not conflict with other events of the account that books the room', async () => {
    const { book, sync, person, kinds } = await setUpRoom();
    await book(1, slot, studio);
    person.add(slot.start, slot.end);
    await sync();
    expect(kinds()).toEqual([]);
  });
});
