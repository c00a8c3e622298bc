/** Tests the events of two participants who have different calendars of one CalDAV account, which permits each UID once. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { laterSlot, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { connectCaldav } from '../../tests/harness/caldav-connection.ts';
import { startVendorCaldav } from '../../tests/harness/vendor-caldav.ts';

const benchFor = useActivityHarness();
const people = ['ada', 'bob'] as const;
type Person = (typeof people)[number];

/** @param owners the owners of the connections to the account: one for both participants, or one for each */
const setup = async (owners: readonly string[]) => {
  const bench = await benchFor();
  const { activities, about, key, repositories } = bench;
  const server = await startVendorCaldav({ uidScope: 'account' });
  onTestFinished(() => server.close());
  const id = `${server.url}/${randomUUID()}`;
  const connections = await Promise.all(
    owners.map((owner) => connectCaldav(repositories.connections, server.url, owner, id)),
  );
  const [first, second = first] = connections;
  if (first === undefined || second === undefined) throw new Error('no connection');
  const calendarOf = (person: Person): WritableCalendarRef => ({
    provider: 'apple',
    connection: person === 'ada' ? first : second,
    calendarId: person === 'ada' ? server.calendarId : server.sharedCalendarId,
  });
  const keyOf = (person: Person, revision: number) => key(`calendar-event:${person}:r${revision}`);
  return {
    write: (revision: number, at: Slot, keySuffix = '') =>
      activities.writeEvents({
        ...about,
        events: people.map((person) => ({
          key: `${keyOf(person, revision)}${keySuffix}`,
          participant: participantIdSchema.parse(person),
          calendar: calendarOf(person),
        })),
        content: { summary: 'Captain, Nightfall', description: '', slot: at, revision },
      }),
    remove: (person: Person, ...keys: readonly string[]) =>
      activities.removeEvent({ ...about, keys, calendar: calendarOf(person) }),
    findBusy: (person: Person) =>
      activities.findBusy({
        ...about,
        provider: 'apple',
        connection: calendarOf(person).connection,
        calendarIds: [calendarOf(person).calendarId],
        window: { from: slot.start, until: laterSlot.end },
      }),
    keyOf,
    store: (name: string, text: string | undefined) => server.store(name, text),
    textsOf: (person: Person) => (person === 'ada' ? server.texts() : server.textsElsewhere('shared')),
  };
};

test.each([
  ['one connection', ['office']],
  ['a connection for each participant', ['ada', 'bob']],
])('with %s, each calendar has its event, which is written, moved and removed', async (_what, owners) => {
  const { write, remove, findBusy, keyOf, store, textsOf } = await setup(owners);
  const first = await write(1, slot);
  expect(first).toMatchObject({ failed: [] });
  const ids = first.written.map(({ eventId }) => eventId);
  expect(new Set(ids).size).toBe(2);
  // A step that ended before the ledger knew of its effect is run again.
  for (const repeated of [await write(1, slot), await write(1, slot, ':again')])
    expect(repeated.written.map(({ eventId }) => eventId)).toEqual(ids);
  const moved = await write(2, laterSlot);
  expect(moved.written.map(({ eventId }) => eventId)).toEqual(ids);
  for (const person of people) {
    expect(textsOf(person)).toHaveLength(1);
    expect(textsOf(person)[0]).toContain('X-CASTMATCH-REVISION:2');
    expect(await findBusy(person)).toEqual([]);
  }
  // A person copies the event of the one calendar to the other one. With the UID of either, it is no conflict of the audition.
  const [text = ''] = textsOf('bob');
  store('copy.ics', text);
  expect(await findBusy('ada')).toEqual([]);
  store('copy.ics', undefined);
  const keysOf = (person: Person) => [keyOf(person, 1), `${keyOf(person, 1)}:again`, keyOf(person, 2)];
  expect(await remove('ada', ...keysOf('ada'))).toEqual({ result: 'undone' });
  expect(people.map((person) => textsOf(person).length)).toEqual([0, 1]);
  expect(await remove('bob', ...keysOf('bob'))).toEqual({ result: 'undone' });
  expect(textsOf('bob')).toEqual([]);
});
