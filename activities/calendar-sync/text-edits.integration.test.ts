import { describe, expect, it } from 'vitest';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setupSync = useCalendarSync();

const setup = async () => {
  const bench = await setupSync();
  const { repositories, auditionId, eventId } = bench;
  return {
    ...bench,
    /** The recorded decisions about texts, in their order. */
    decisions: async () =>
      (await repositories.events.read('org_1', auditionId, { after: 0, limit: 100 })).flatMap(({ fact }) =>
        fact.type === 'calendar_changed' && fact.change === 'text_edited'
          ? [`${fact.participant} ${fact.texts?.join(' ')} ${fact.outcome}`]
          : [],
      ),
    /** A listing of all events reads each event again. */
    expire: () => bench.sandbox.control.expireSyncTokens(),
    eventId,
  };
};

describe('a title that a person has edited', () => {
  it('is recorded as kept, once for each edit, however often the calendar is read', async () => {
    const { write, sync, person, expire, decisions, sent } = await setup();
    await write(1, slot);
    await sync();
    expect(await decisions()).toEqual([]);
    await person.edit('My big day');
    await sync();
    await sync();
    expire();
    await sync();
    expect(await decisions()).toEqual(['ada title kept']);
    // The move writes the event again, and leaves the title.
    await write(2, later);
    await sync();
    expect(await decisions()).toEqual(['ada title kept']);
    await person.edit('My great day');
    await sync();
    await person.edit('Captain');
    await sync();
    await person.edit('My great day');
    await sync();
    expect(await decisions()).toEqual(['ada title kept', 'ada title kept', 'ada title kept']);
    expect(sent).toEqual([]);
  });

  it('is recorded as overwritten by the write of another title of ours', async () => {
    const { write, sync, person, decisions } = await setup();
    await write(1, slot);
    await person.edit('My big day');
    await sync();
    await write(2, later, '', { summary: 'Captain of the guard' });
    await write(2, later, '', { summary: 'Captain of the guard' });
    await sync();
    expect(await decisions()).toEqual(['ada title kept', 'ada title overwritten']);
    expect((await person.event()).summary).toBe('Captain of the guard');
  });

  it('is recorded once when the mark of the record was lost', async () => {
    const { write, sync, person, decisions, pool, connection } = await setup();
    await write(1, slot);
    await person.edit('My big day');
    await sync();
    // The worker was killed between the fact and the mark.
    await pool.query('UPDATE synced_events SET recorded_texts = NULL WHERE connection = $1', [connection]);
    await Promise.all([sync(), sync()]);
    expect(await decisions()).toEqual(['ada title kept']);
  });
});

describe('a place that a person has edited', () => {
  it('is recorded as overwritten when the audition gets another room, and the title as kept', async () => {
    const { write, sync, person, decisions } = await setup();
    await write(1, slot, '', { location: 'Studio 2' });
    await sync();
    await person.editPlace('Studio 2, ring twice');
    await sync();
    await person.edit('My big day');
    await sync();
    await write(2, later, '', { location: 'Attic' });
    await sync();
    expect(await decisions()).toEqual(['ada place kept', 'ada title kept', 'ada place overwritten']);
    expect(await person.event()).toMatchObject({ location: 'Attic', summary: 'My big day' });
  });

  it('is recorded as overwritten also when the calendar was not read since the edit', async () => {
    const { write, sync, person, decisions } = await setup();
    await write(1, slot, '', { location: 'Studio 2' });
    await sync();
    await person.editPlace('Studio 2, ring twice');
    await write(2, later, '', { location: 'Attic' });
    await sync();
    expect(await decisions()).toEqual(['ada place overwritten']);
  });
});

describe('a description that a person has edited', () => {
  it('is recorded as kept, and as overwritten when our description is another one', async () => {
    const { write, sync, person, decisions } = await setup();
    await write(1, slot, '', { description: 'Pages <3> & 4\nhttps://example.com/join?a=1&b=2' });
    await sync();
    // The editor writes it again when a person edits something else.
    await person.editDescription(
      'Pages &lt;3&gt; &amp; 4<br><a href="https://example.com/join?a=1&amp;b=2">https://example.com/join?a=1&amp;b=2</a>',
    );
    await sync();
    expect(await decisions()).toEqual([]);
    await person.editDescription('My notes');
    await sync();
    expect(await decisions()).toEqual(['ada description kept']);
    await write(2, later, '', { description: 'Pages 5' });
    await sync();
    expect(await decisions()).toEqual(['ada description kept', 'ada description overwritten']);
  });
});
