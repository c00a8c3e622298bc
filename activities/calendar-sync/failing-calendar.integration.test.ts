import { expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

const setup = useCalendarSync();

it('the synchronization shows a calendar whose server fails as a problem of the connection, until it is read again', async () => {
  let isDown = true;
  const { sync, write, useAnother, repositories, connection } = await setup({
    wrap: (changes) => ({
      ...changes,
      listChanges: (account, calendarId, ...rest) =>
        isDown && calendarId === 'another'
          ? Promise.reject(
              new ProviderError(
                'google',
                'calendar.listChanges',
                { kind: 'outage', effect: 'none' },
                { status: 503, message: 'down' },
              ),
            )
          : changes.listChanges(account, calendarId === 'another' ? 'primary' : calendarId, ...rest),
    }),
  });
  await write(1, slot);
  await useAnother('another');
  const problems = async () => (await repositories.connectionProblems.list([connection])).get(connection);
  await expect(sync()).rejects.toMatchObject({ type: 'outage' });
  const [problem] = (await problems()) ?? [];
  expect(problem).toMatchObject({ kind: 'calendar_unavailable' });
  await expect(sync()).rejects.toMatchObject({ type: 'outage' });
  expect(await problems()).toEqual([problem]);
  isDown = false;
  await sync();
  expect(await problems()).toBeUndefined();
});
