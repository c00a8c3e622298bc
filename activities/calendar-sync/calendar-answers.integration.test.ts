/** What the owners of Google calendars answer to events of ours. */
import { describe, expect, it } from 'vitest';
import { ada, later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setup = useCalendarSync();

describe('an answer in a Google calendar', () => {
  it('is possible, because the owner is an attendee, and is reported once', async () => {
    const { sync, write, person, answers, sent, account } = await setup();
    await write(1, slot);
    expect((await person.event()).attendees).toMatchObject([
      { email: account, self: true, responseStatus: 'needsAction' },
    ]);
    await sync();
    expect(answers).toEqual([]);
    await person.answer('accepted');
    await sync();
    await sync();
    expect(answers).toMatchObject([
      { participant: ada, answer: 'accepted', origin: 'calendar', revision: 1 },
    ]);
    await person.answer('declined');
    await sync();
    await person.answer('needsAction');
    await sync();
    await person.answer('declined');
    await sync();
    expect(answers.map(({ answer }) => answer)).toEqual(['accepted', 'declined', 'declined']);
    expect(new Set(answers.map(({ inboxId }) => inboxId)).size).toBe(3);
    // An answer is no change of the event.
    expect(sent).toEqual([]);
  });

  it('ends with its revision: our write of another one is no answer, and the next answer counts for that', async () => {
    const { sync, write, person, answers, sent } = await setup();
    await write(1, slot);
    await person.answer('accepted');
    await sync();
    await write(2, later);
    expect((await person.event()).attendees).toMatchObject([{ responseStatus: 'needsAction' }]);
    await sync();
    expect(answers).toHaveLength(1);
    await person.answer('accepted');
    await sync();
    expect(answers.map(({ answer, revision }) => [answer, revision])).toEqual([
      ['accepted', 1],
      ['accepted', 2],
    ]);
    expect(sent).toEqual([]);
  });

  it('counts for the new revision also when nothing was read in between', async () => {
    const { sync, write, person, answers } = await setup();
    await write(1, slot);
    await person.answer('accepted');
    await sync();
    await write(2, later);
    await person.answer('accepted');
    await sync();
    expect(answers.map(({ revision }) => revision)).toEqual([1, 2]);
  });

  it('stays when the same revision is written again, and is not reported again', async () => {
    const { sync, write, person, answers } = await setup();
    await write(1, slot);
    await person.answer('tentative');
    await sync();
    await write(1, slot, ':again');
    await sync();
    expect((await person.event()).attendees).toMatchObject([{ responseStatus: 'tentative' }]);
    expect(answers.map(({ answer }) => answer)).toEqual(['tentative']);
  });

  it('is reported with the same id again when Temporal did not answer, and survives a new listing', async () => {
    const { sync, write, person, answers, temporal, sandbox } = await setup();
    await write(1, slot);
    await person.answer('declined');
    temporal.isDown = true;
    await expect(sync()).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await sync();
    sandbox.control.expireSyncTokens();
    await sync();
    expect(answers).toHaveLength(2);
    expect(answers[1]).toEqual(answers[0]);
  });

  it('of other people is not the owner’s, and an attendee that the owner removed does not come back', async () => {
    const { sync, write, person, answers } = await setup();
    await write(1, slot);
    await person.answer('accepted', 'bea@example.com');
    await sync();
    await write(2, later);
    await sync();
    expect(answers).toEqual([]);
    expect((await person.event()).attendees).toMatchObject([
      { email: 'bea@example.com', responseStatus: 'accepted' },
    ]);
  });
});
