/** Tests a calendar of Google that lists an event of ours and never returns it by itself. */
import { expect, it } from 'vitest';
import { mostFailedReads } from '../../providers/failed-reads.ts';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setup = useCalendarSync();

it('a calendar follows its changes when one event is never returned, which has the time of the list', async () => {
  const { sync, write, person, sandbox, kinds, pool, connection, repositories } = await setup();
  await write(1, slot);
  await sync();
  const edits = async () => {
    const { rows } = await pool.query(
      'SELECT edited_texts AS edited FROM synced_events WHERE connection = $1 AND audition_id IS NOT NULL',
      [connection],
    );
    return rows;
  };
  const problems = async () =>
    ((await repositories.connectionProblems.list([connection])).get(connection) ?? []).map(
      ({ kind }) => kind,
    );
  await person.edit('My big day');
  await sync();
  const [edited] = await edits();
  expect(edited).toMatchObject({ edited: expect.any(String) });
  sandbox.control.setFault('google', { kind: 'outage', operation: 'events.get' });
  await person.move(later.start, later.end);
  for (let round = 1; round < mostFailedReads; round += 1)
    expect(await sync()).toMatchObject({ again: [{}] });
  expect(await sync()).not.toHaveProperty('again');
  expect(kinds()).toEqual(['moved']);
  expect(await edits()).toEqual([edited]);
  expect(await problems()).toEqual(['events_unreadable']);
  person.add('2031-08-01T08:00:00Z', '2031-08-01T09:00:00Z');
  expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync', listedCount: 1 }] });
});
