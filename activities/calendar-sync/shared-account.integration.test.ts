/** Tests the synchronization of two participants' calendars in one CalDAV account, which permits each UID once. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it, onTestFinished } from 'vitest';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { calendarName } from '../../providers/calendar-names.ts';
import type { CalendarProvider } from '../../providers/ports.ts';
import { slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { connectCaldav } from '../../tests/harness/caldav-connection.ts';
import { caldavUser } from '../../tests/harness/caldav-user.ts';
import { startVendorCaldav } from '../../tests/harness/vendor-caldav.ts';
import type { SyncCalendarsInput, SyncCalendarsResult } from '../contract.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { createSyncActivities } from '../index.ts';

const benchFor = useActivityHarness();
const people = ['ada', 'bob'] as const;
type Person = (typeof people)[number];

const setup = async () => {
  const bench = await benchFor();
  const { activities, about, key, repositories, auditionId, pool, providers, accessTokens } = bench;
  const server = await startVendorCaldav({ uidScope: 'account' });
  onTestFinished(() => server.close());
  const connection = await connectCaldav(repositories.connections, server.url, 'office');
  const calendarOf = (person: Person): WritableCalendarRef => ({
    provider: 'apple',
    connection,
    calendarId: person === 'ada' ? server.calendarId : server.sharedCalendarId,
  });
  const names = await repositories.storedNames();
  for (const [at, person] of people.entries()) {
    const { calendarId } = calendarOf(person);
    const name = calendarName('apple', { id: connection, account: caldavUser.username }, calendarId);
    await pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
       VALUES ($1, $5, $2, 'org_1', tstzrange($3, $4))`,
      [auditionId, names.calendar(name), slot.start, slot.end, at + 1],
    );
  }
  const sent: string[] = [];
  /** What happens before and after the repair deletes an event. */
  const around = { before: () => {}, after: () => {} };
  const { apple } = providers.calendars;
  const interrupted: CalendarProvider = {
    ...apple,
    deleteEvent: async (...call) => {
      around.before();
      const outcome = await apple.deleteEvent(...call);
      around.after();
      return outcome;
    },
  };
  const syncActivities = createSyncActivities({
    repositories,
    providers: {
      calendars: { ...providers.calendars, apple: interrupted },
      calendarChanges: providers.calendarChanges,
    },
    accessTokens,
    signals: {
      calendarChanged: async (_audition, { participant, change }) => {
        sent.push(`${participant} ${change.kind}`);
        return 'signaled';
      },
      answerReported: async () => 'signaled',
    },
    report: () => {},
    publicUrl: server.url,
    pollMinutes: 15,
    reconciliationHours: 24,
  });
  const written = await activities.writeEvents({
    ...about,
    events: people.map((person) => ({
      key: key(`calendar-event:${person}:r1`),
      participant: participantIdSchema.parse(person),
      calendar: calendarOf(person),
    })),
    content: { summary: 'Captain, Nightfall', description: '', slot, revision: 1 },
  });
  expect(written.failed).toEqual([]);
  const reconcile = async () => {
    const input: SyncCalendarsInput = {
      organization: 'org_1',
      connection,
      provider: 'apple',
      correlationId: 'corr-1',
      reconcile: { isDryRun: false, isFirst: true },
    };
    const result: SyncCalendarsResult = await new MockActivityEnvironment().run(() =>
      syncActivities.syncCalendars(input),
    );
    if (result.kind !== 'synced') throw new Error(result.kind);
    return (result.findings ?? []).map(
      ({ fault, repair, failure = 'done' }) => `${fault} ${repair} ${failure}`,
    );
  };
  const textsOf = (person: Person) => (person === 'ada' ? server.texts() : server.textsElsewhere('shared'));
  /** Stores a file in the calendar as a person does; undefined deletes it. */
  const place = (person: Person, name: string, text: string | undefined) =>
    person === 'ada' ? server.store(name, text) : server.storeElsewhere('shared', name, text);
  const [nameOfAda, nameOfBob] = written.written.map(({ eventId }) => `${eventId}.ics`);
  if (nameOfAda === undefined || nameOfBob === undefined) throw new Error('no event');
  return {
    reconcile,
    sent,
    around,
    textsOf,
    place,
    nameOfAda,
    nameOfBob,
    auditionId,
    /** Moves the event of the first participant to the calendar of the second one. Returns what moves it back. */
    moveToBob: () => {
      const [text] = textsOf('ada');
      place('ada', nameOfAda, undefined);
      place('bob', nameOfAda, text);
      return () => {
        place('bob', nameOfAda, undefined);
        place('ada', nameOfAda, text);
      };
    },
    removals: async () =>
      (await repositories.events.read('org_1', auditionId, { after: 0, limit: 100 })).filter(
        ({ fact }) => fact.type === 'calendar_event_removed',
      ),
  };
};

it('a calendar of a shared account is in step with its own event', async () => {
  const { reconcile, sent, textsOf, nameOfAda, auditionId } = await setup();
  expect(nameOfAda).toBe(`${eventIdFor(auditionId)}.ics`);
  expect(await reconcile()).toEqual([]);
  expect(await reconcile()).toEqual([]);
  expect(people.map((person) => textsOf(person).length)).toEqual([1, 1]);
  expect(sent).toEqual([]);
});

it.each(people)('a deletion of %s is asked about for this participant, once', async (person) => {
  const { reconcile, sent, textsOf, place, nameOfAda, nameOfBob } = await setup();
  await reconcile();
  place(person, person === 'ada' ? nameOfAda : nameOfBob, undefined);
  expect(await reconcile()).toEqual(['event_deleted asked done']);
  await reconcile();
  expect(sent).toEqual([`${person} deleted`]);
  expect(people.map((one) => textsOf(one).length)).toEqual(person === 'ada' ? [0, 1] : [1, 0]);
});

it('an event that a person moves to the calendar of another participant is removed there, and no other', async () => {
  const { reconcile, sent, textsOf, moveToBob } = await setup();
  await reconcile();
  const own = textsOf('bob');
  moveToBob();
  expect(await reconcile()).toEqual(['event_deleted asked done', 'event_duplicated removed done']);
  expect(await reconcile()).toEqual(['event_deleted asked done']);
  expect(textsOf('bob')).toEqual(own);
  expect(sent).toEqual(['ada deleted']);
});

it('an event that a person moves back while the repair runs stays, and so does the event beside it', async () => {
  const { reconcile, sent, textsOf, moveToBob, around } = await setup();
  await reconcile();
  const texts = people.map(textsOf);
  const moveBack = moveToBob();
  around.before = moveBack;
  await reconcile();
  expect(await reconcile()).toEqual([]);
  expect(people.map(textsOf)).toEqual(texts);
  expect(sent).toEqual(['ada deleted', 'ada put_back']);
});

it('a duplicate is removed once when the worker is killed after its removal, and by two rounds simultaneously', async () => {
  const { reconcile, textsOf, moveToBob, around, removals } = await setup();
  await reconcile();
  const own = textsOf('bob');
  moveToBob();
  around.after = () => {
    around.after = () => {};
    throw new Error('killed');
  };
  await expect(reconcile()).rejects.toThrow('killed');
  await Promise.all([reconcile(), reconcile()]);
  await reconcile();
  expect(textsOf('bob')).toEqual(own);
  expect(await removals()).toHaveLength(1);
});

it('an event with the UID of its calendar that a person moves to the other calendar is no conflict there', async () => {
  const { reconcile, sent, textsOf, place, nameOfBob } = await setup();
  await reconcile();
  const [text = ''] = textsOf('bob');
  place('bob', nameOfBob, undefined);
  place('ada', nameOfBob, text);
  const found = ['event_deleted asked done'];
  expect([await reconcile(), await reconcile()]).toEqual([found, found]);
  expect(sent).toEqual(['bob deleted']);
  expect(textsOf('ada')).toHaveLength(2);
});
