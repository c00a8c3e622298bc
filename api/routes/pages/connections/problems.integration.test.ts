/** Tests that the page explains the problems of accounts to their owners. */
import { expect, it, onTestFinished } from 'vitest';
import { setUpConnectionFlow } from '../../../../tests/harness/connection-flow.ts';
import { createTestDatabase } from '../../../../tests/harness/database.ts';
import { useCalendar } from '../../../../tests/harness/used-calendar.ts';

const setup = async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const test = await setUpConnectionFlow(database);
  return { ...test, link: await test.linkFrom('/v1/connections/page?owner=ann') };
};

it('the connections page shows what is wrong with the calendars of an account, since when, and what to do', async () => {
  const { call, connect, only, organization, repositories, requireReauthorization, person, link } =
    await setup();
  await connect('ann@example.com', link);
  const { id: connection } = await only();
  await repositories.connections.putChoice(organization, connection, {
    written: { calendarId: 'work', name: 'Work <b>' },
    busy: [],
  });
  for (const [calendarId, error] of [
    ['work', 'not_found'],
    ['primary', 'not_permitted'],
    ['family', 'rejected_input'],
    ['old', 'misconfigured'],
  ] as const) {
    const calendar = await useCalendar(repositories, { organization, connection, calendarId });
    await repositories.syncedCalendars.markUnavailable(calendar, error);
  }
  const faults = ['no_start: DTSTART', 'too_many_occurrences: RRULE'];
  const damaged = { connection, organization, calendarName: 'google/ann@example.com', faults };
  await repositories.unreadableEvents.record(damaged);
  const [noStart = ''] = faults;
  await repositories.unreadableEvents.record({
    ...damaged,
    calendarName: 'google/work',
    faults: [noStart],
  });
  const { text } = await person.open(link);
  for (const words of [
    'Connected, with a problem',
    'The calendar “Work &lt;b&gt;” was deleted',
    'Your main calendar can no longer be read',
    'A calendar that auditions use cannot be read: it has too many events',
    'You need not do anything',
    'Your main calendar has events that cannot be read completely',
    'Your main calendar has an event that repeats more often than we can list',
    'The calendar “Work &lt;b&gt;” has events that cannot be read completely',
    'Give the repetition an end',
  ]) {
    expect(text).toContain(words);
  }
  expect(text).toMatch(/<small>Since \d+ \w+ 20\d\d, /);
  const french = await call('GET', new URL(link).pathname, { headers: { 'accept-language': 'fr' } });
  expect(french.text).toContain('L’agenda «\u00a0Work &lt;b&gt;\u00a0» a été supprimé');
  expect(french.text).toMatch(/<small>Depuis le \d+ /);
  await requireReauthorization(connection);
  const waiting = await person.open(link);
  expect(waiting.text).not.toContain('was deleted');
  expect(waiting.text).toMatch(/no longer accepts our access.*<small>Since /);
});
