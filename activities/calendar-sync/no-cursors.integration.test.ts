/** Tests a vendor that gives no sync tokens, such as an emulator: each round lists all events and compares them. */
import { expect, it } from 'vitest';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setup = useCalendarSync();

it('the synchronization of a calendar without sync tokens notices what has changed, and lists all events each time', async () => {
  const kinds: string[] = [];
  const {
    sync,
    write,
    person,
    record,
    kinds: reported,
  } = await setup({
    pageSize: 2,
    wrap: (changes) => ({
      ...changes,
      listChanges: async (account, calendarId, position, ...rest) => {
        kinds.push(position.kind);
        const page = await changes.listChanges(account, calendarId, position, ...rest);
        return page.kind === 'page' ? { ...page, nextCursor: undefined } : page;
      },
    }),
  });
  const other = person.add('2031-05-01T08:00:00Z', '2031-05-01T09:00:00Z');
  for (const day of [2, 3, 4]) person.add(`2031-05-0${day}T08:00:00Z`, `2031-05-0${day}T09:00:00Z`);
  await write(1, slot);
  await record({ type: 'confirmed' });
  expect(await sync()).toMatchObject({ isMore: false, calendars: [{ state: 'in_sync', listedCount: 5 }] });
  expect(reported()).toEqual([]);
  await person.remove(other);
  expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync', listedCount: 4 }] });
  expect(reported()).toEqual([]);
  await person.move(later.start, later.end);
  await sync();
  await sync();
  expect(reported()).toEqual(['moved']);
  expect(new Set(kinds)).toEqual(new Set(['all']));
});

it('the synchronization of a calendar without sync tokens notices that our event was deleted', async () => {
  const { sync, write, person, record, kinds, eventId } = await setup({
    wrap: (changes) => ({
      ...changes,
      listChanges: async (...args) => {
        const page = await changes.listChanges(...args);
        return page.kind === 'page' ? { ...page, nextCursor: undefined } : page;
      },
    }),
  });
  await write(1, slot);
  await record({ type: 'confirmed' });
  await sync();
  await person.remove(eventId);
  await sync();
  await sync();
  expect(kinds()).toEqual(['deleted']);
});
