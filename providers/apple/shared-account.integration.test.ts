/** Tests two participants of one audition who have different calendars of one CalDAV account. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import {
  type CaldavServerName,
  caldavServerNames,
  hasCaldavServer,
  startCaldavServer,
} from '../../tests/harness/caldav-servers.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import { startVendorCaldav } from '../../tests/harness/vendor-caldav.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import type { CalendarEvent, ListedChange } from '../ports.ts';
import { createCaldavCalendar } from './calendar.ts';
import { uidOfCalendar } from './calendar-uid.ts';
import { createCaldavChanges } from './changes.ts';

const eventId = 'a1b2c3d4';
const reference = 'aud_0190c8a2-1111-7222-8333-444455556666';
const people = ['ada', 'bob'] as const;
type Person = (typeof people)[number];

interface Account {
  readonly url: string;
  readonly calendars: Readonly<Record<Person, string>>;
  readonly texts: (person: Person) => Promise<readonly string[]>;
}

/** A server that permits each UID once in an account, as it says with this status and precondition. */
const startStrict = async (status: number, condition: string | undefined): Promise<Account> => {
  const body =
    condition === undefined
      ? ''
      : `<d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><c:${condition}/></d:error>`;
  const server = await startVendorCaldav({ uidScope: 'account', uidConflict: { status, body } });
  onTestFinished(() => server.close());
  return {
    url: server.url,
    calendars: { ada: server.calendarId, bob: server.sharedCalendarId },
    texts: async (person) => (person === 'ada' ? server.texts() : server.textsElsewhere('shared')),
  };
};

const startReal = async (name: CaldavServerName): Promise<Account> => {
  const server = await startCaldavServer(name);
  onTestFinished(() => server.close());
  const calendars = { ada: await server.createCalendar('ada'), bob: await server.createCalendar('bob') };
  return {
    url: server.url,
    calendars,
    texts: async (person) => (await server.resources(calendars[person])).map(({ text }) => text),
  };
};

const setUp = async ({ url, calendars, texts }: Account) => {
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(() => dispatcher.destroy());
  const fetchFor = (home: URL) => createGuardedFetch(dispatcher, home);
  const provider = createCaldavCalendar(fetchFor, () => {});
  const changes = createCaldavChanges(fetchFor, () => {}, {
    pageSize: 10,
    now: () => Date.parse('2026-12-01T00:00:00.000Z'),
  });
  const account = caldavAccount(url);
  const written = new Set<Person>();
  const ours = (person: Person) => ({
    calendarId: calendars[person],
    eventId,
    reference,
    // The steps are in the ledger before they write.
    writtenElsewhere: async () => [...written].filter((one) => one !== person).map((one) => calendars[one]),
  });
  const eventOf = (person: Person, revision: number): CalendarEvent => ({
    ...ours(person),
    use: { name: person, key: `${person}-${revision}` },
    summary: 'Audition',
    description: '',
    slot: {
      start: `2026-12-1${revision}T09:00:00.000Z`,
      end: `2026-12-1${revision}T10:00:00.000Z`,
      zone: 'Europe/Paris',
    },
    revision,
  });
  return {
    texts,
    uidOfBob: uidOfCalendar(calendars.bob, eventId),
    write: async (person: Person, revision: number): Promise<string> => {
      written.add(person);
      return (await provider.putEvent(account, eventOf(person, revision), callContext())).eventId;
    },
    remove: (person: Person, revision: number) =>
      provider.deleteEvent(account, { ...ours(person), keys: [`${person}-${revision}`] }, callContext()),
    removeAll: (person: Person, only?: string) =>
      provider.deleteEvent(
        account,
        { calendarId: calendars[person], eventId, reference, keys: 'all', only },
        callContext(),
      ),
    list: async (person: Person): Promise<readonly ListedChange[]> => {
      const position = { kind: 'all', since: '2026-12-01T00:00:00.000Z' } as const;
      const page = await changes.listChanges(
        account,
        calendars[person],
        position,
        callContext(),
        nothingStored,
      );
      if (page.kind !== 'page') throw new Error(page.kind);
      return page.changes.filter(({ event }) => event);
    },
    busy: (person: Person) => {
      const december = { from: '2026-12-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' } as const;
      return provider.busyEvents(account, calendars[person], december, callContext());
    },
  };
};

const strict = [
  ['409 and no-uid-conflict', 409, 'no-uid-conflict'],
  ['403 and no-uid-conflict', 403, 'no-uid-conflict'],
  ['403 and unique-scheduling-object-resource', 403, 'unique-scheduling-object-resource'],
  ['412 and no reason', 412, undefined],
] as const;

const accounts = [
  ...strict.map(
    ([answer, status, condition]) =>
      [
        `that refuses a UID of another calendar with ${answer}`,
        () => startStrict(status, condition),
      ] as const,
  ),
  ...caldavServerNames.filter(hasCaldavServer).map((name) => [`at ${name}`, () => startReal(name)] as const),
];

describe.each(accounts)('two calendars of one CalDAV account %s', (_name, start) => {
  it('each have the event once, at the present time, whatever is repeated', async () => {
    const { write, texts } = await setUp(await start());
    const ids = { ada: await write('ada', 1), bob: await write('bob', 1) };
    for (const person of people) expect(await write(person, 1)).toBe(ids[person]);
    for (const person of people) expect(await write(person, 2)).toBe(ids[person]);
    for (const person of people) {
      const [text = '', ...others] = await texts(person);
      expect(others).toEqual([]);
      expect(text).toContain(`UID:${ids[person]}`);
      expect(text).toContain('DTSTART:20261212T090000Z');
    }
  });

  it('are read as the calendars of our event', async () => {
    const { write, list, busy } = await setUp(await start());
    const ids = { ada: await write('ada', 1), bob: await write('bob', 1) };
    for (const person of people) {
      expect(await list(person)).toMatchObject([
        { id: ids[person], mark: { eventId, reference, revision: 1 } },
      ]);
      expect(await busy(person)).toMatchObject([{ eventId, reference }]);
    }
  });

  it('lose the event one by one, and keep the other one', async () => {
    const { write, remove, texts } = await setUp(await start());
    for (const person of people) await write(person, 1);
    expect(await remove('ada', 1)).toBe('deleted');
    expect([(await texts('ada')).length, (await texts('bob')).length]).toEqual([0, 1]);
    // Without the event of the other calendar, the UID is permitted. The event keeps its own.
    await write('bob', 2);
    expect(await texts('bob')).toHaveLength(1);
    expect(await remove('bob', 2)).toBe('deleted');
    expect(await remove('bob', 2)).toBe('absent');
    expect(await texts('bob')).toEqual([]);
  });

  it('lose a leftover of the event', async () => {
    const { write, removeAll, texts } = await setUp(await start());
    for (const person of people) await write(person, 1);
    expect(await removeAll('bob')).toBe('deleted');
    expect(await removeAll('bob')).toBe('absent');
    expect(await removeAll('ada', eventId)).toBe('deleted');
    expect([...(await texts('ada')), ...(await texts('bob'))]).toEqual([]);
  });

  it('lose no other event than the duplicate that is removed', async () => {
    const { write, removeAll, texts, uidOfBob } = await setUp(await start());
    await write('ada', 1);
    const kept = await write('bob', 1);
    // Its owner has removed the duplicate before the repair does.
    const duplicate = kept === eventId ? uidOfBob : eventId;
    expect(await removeAll('bob', duplicate)).toBe('absent');
    expect(await texts('bob')).toHaveLength(1);
    expect(await removeAll('bob', kept)).toBe('deleted');
    expect([(await texts('ada')).length, (await texts('bob')).length]).toEqual([1, 0]);
  });
});

describe('an event that a person has moved to another calendar of an account with unique UIDs', () => {
  it('is a conflict, as no step has written there', async () => {
    const server = await startVendorCaldav({ uidScope: 'account' });
    onTestFinished(() => server.close());
    const { write } = await setUp({
      url: server.url,
      calendars: { ada: server.calendarId, bob: server.sharedCalendarId },
      texts: async () => [],
    });
    await write('ada', 1);
    const [moved] = server.texts();
    server.store(`${eventId}.ics`, undefined);
    server.storeElsewhere('shared', `${eventId}.ics`, moved);
    await expect(write('ada', 2)).rejects.toMatchObject({ vendor: { code: 'no-uid-conflict' } });
    // Only the calendars of steps count.
    expect(server.textsElsewhere('shared')).toHaveLength(1);
  });
});
