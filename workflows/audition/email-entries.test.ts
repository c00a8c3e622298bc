import { describe, expect, it } from 'vitest';
import { type Participant, participantSchema } from '../../domain/audition/request.ts';
import { connectionIdSchema } from '../../domain/ids.ts';
import {
  type EmailEntry,
  entryIsSurplus,
  eventRequested,
  eventSkipped,
  eventWritten,
  forgetEmailEntry,
  isEntryByEmail,
  isEventAwaited,
  isEventSkipped,
  keepEntryByEmail,
  skippedEntriesOf,
  takeMovedEntries,
} from './email-entries.ts';

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'shared' } as const;
const person = (id: string, details: object = { calendar }): Participant =>
  participantSchema.parse({
    id,
    kind: 'reader',
    name: id,
    email: `${id}@example.com`,
    phone: '+33612345678',
    zone: 'Europe/Paris',
    channels: ['email'],
    ...details,
  });

const [ada, bob] = [person('ada'), person('bob')];
const texted = person('cy', { calendar, channels: ['sms'] });
const setup = (): {
  plan: { participants: readonly Participant[] };
  emailEntries: readonly EmailEntry[];
} => ({
  plan: { participants: [ada, bob, texted] },
  emailEntries: [],
});

describe('the entry of a participant with a connected calendar', () => {
  it('is not made by email, and that of a participant without one is', () => {
    expect(isEntryByEmail(setup(), ada)).toBe(false);
    expect(isEntryByEmail(setup(), person('ada', {}))).toBe(true);
  });

  it('is made by email after an operator has skipped the event, for all who have the calendar', () => {
    const run = setup();
    eventSkipped(run, calendar);
    expect([ada, bob, texted].map((one) => isEntryByEmail(run, one))).toEqual([true, true, false]);
    expect(isEventSkipped(run, calendar)).toBe(true);
    expect(isEventSkipped(run, { ...calendar, calendarId: 'other' })).toBe(false);
    eventRequested(run, calendar);
    expect(isEventSkipped(run, calendar)).toBe(false);
    expect(isEntryByEmail(run, ada)).toBe(true);
    eventWritten(run, calendar);
    expect(isEntryByEmail(run, ada)).toBe(false);
    expect(takeMovedEntries(run)).toEqual(['ada', 'bob']);
    expect(takeMovedEntries(run)).toEqual([]);
  });

  it('is made by email after a take-over for all who have the calendar, of whom the trail names one', () => {
    const view = { skippedEvents: [{ participant: ada.id, connection: calendar.connection }] };
    const elsewhere = person('dan', { calendar: { ...calendar, calendarId: 'other' } });
    const plan = { participants: [ada, bob, texted, elsewhere] };
    expect(skippedEntriesOf({ plan, journal: { view } })).toEqual([
      { participant: 'ada', event: 'skipped' },
      { participant: 'bob', event: 'skipped' },
    ]);
  });

  it('is made by email after a take-over unless the event was written for one who has or had the calendar', () => {
    const view = (writtenFor: readonly Participant[]) => ({
      skippedEvents: [
        { participant: ada.id, connection: calendar.connection, writtenFor: writtenFor.map(({ id }) => id) },
      ],
    });
    const elsewhere = person('dan', { calendar: { ...calendar, calendarId: 'other' } });
    const plan = { participants: [ada], formerParticipants: [bob, elsewhere] };
    expect(skippedEntriesOf({ plan, journal: { view: view([elsewhere]) } })).toHaveLength(1);
    expect(skippedEntriesOf({ plan: { participants: [ada] }, journal: { view: view([bob]) } })).toHaveLength(
      1,
    );
  });

  it('is not made for the event of a calendar that the participant has left', () => {
    const view = { skippedEvents: [{ participant: ada.id, connection: connectionIdSchema.parse('conn_2') }] };
    expect(skippedEntriesOf({ ...setup(), journal: { view } })).toEqual([]);
  });

  it('is awaited between the request of the event and its writing', () => {
    const run = setup();
    eventSkipped(run, calendar);
    expect(isEventAwaited(run, calendar)).toBe(false);
    eventRequested(run, calendar);
    expect(isEventAwaited(run, calendar)).toBe(true);
    eventWritten(run, calendar);
    expect(isEventAwaited(run, calendar)).toBe(false);
  });

  it('moves only when it was made by email', () => {
    const run = setup();
    eventWritten(run, calendar);
    expect(takeMovedEntries(run)).toEqual([]);
    keepEntryByEmail(run, ada.id);
    keepEntryByEmail(run, bob.id);
    forgetEmailEntry(run, bob.id);
    expect(takeMovedEntries(run)).toEqual([]);
    eventWritten(run, calendar);
    expect(takeMovedEntries(run)).toEqual(['ada']);
    entryIsSurplus(run, bob.id);
    expect(isEntryByEmail(run, bob)).toBe(false);
    expect(takeMovedEntries(run)).toEqual(['bob']);
  });
});
