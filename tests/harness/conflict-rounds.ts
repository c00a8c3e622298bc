/**
 * Runs rounds that compare the calendars of one participant with a booked slot, against a real database. The calendars belong
 * to two connections. A test can stop a round or end it at each step. The audition is the part of the workflow that
 * decides which reports count.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createLaterConflicts } from '../../activities/calendar-sync/later-conflicts.ts';
import { storedCalendar } from '../../db/auditions/resources.ts';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import { defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { type ConnectionId, participantIdSchema } from '../../domain/ids.ts';
import { createReportOrders } from '../../workflows/audition/report-orders.ts';
import { createSignalDedup } from '../../workflows/audition/signal-dedup.ts';
import { newAuditionId } from './audition-trail.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export const ada = participantIdSchema.parse('ada');
export const bookedSlot: Slot = {
  start: '2031-07-01T10:00:00.000Z',
  end: '2031-07-01T10:30:00.000Z',
  zone: 'Europe/Paris',
};

/** Which of the two connections. The event of the audition is written through the first one. */
export type Which = 'first' | 'second';

/** Where a round can be stopped or end. */
export type Step = 'listed' | 'begun' | 'signaled' | 'confirmed';

/** Awaited before each step of a round. A rejection ends the round there, as the end of the process does. */
export type Hook = (step: Step) => Promise<void> | void;

export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Returns a hook that ends the round before the step. */
export const killedBefore =
  (killed: Step): Hook =>
  (step) => {
    if (step === killed) throw new Killed(step);
  };

/** Call it at the top of a test file. Returns a function that sets up a booked audition with two calendars. */
export const useConflictRounds = () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  return async () => {
    const { repositories, pool } = database;
    const auditionId = newAuditionId();
    const connections = { first: newConnection(), second: newConnection() } as const;
    for (const id of Object.values(connections)) {
      const account = `${id}@example.com`;
      const about = { id, organization: 'org_1', provider: 'google', account } as const;
      await repositories.connections.put({ ...about, refreshToken: 'token' });
    }
    const nameOf = (which: Which) => `google/${connections[which]}`;
    const keyOf = (which: Which) => ({
      connection: connections[which],
      calendar: storedCalendar(nameOf(which)),
    });
    await repositories.participantConflicts.setRules(auditionId, [ada], defaultConflictRules);
    const write = (revision: number, slot: Slot) =>
      repositories.writtenEvents.record({
        organization: 'org_1',
        connection: connections.first,
        provider: 'google',
        calendarName: nameOf('first'),
        calendarId: connections.first,
        eventId: `event-${auditionId}`,
        auditionId,
        participant: ada,
        key: `event:ada:r${revision}`,
        slot,
        revision,
      });
    await repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, [
      {
        participant: ada,
        connection: connections.second,
        provider: 'google',
        calendarId: connections.second,
        calendarName: nameOf('second'),
      },
    ]);
    await write(1, bookedSlot);

    /** Replaces the events of others in the calendar, as a page of changes does. */
    const setEvents = async (which: Which, events: readonly TimeRange[]): Promise<void> => {
      const { connection, calendar } = keyOf(which);
      await pool.query(
        `WITH gone AS (
           DELETE FROM synced_events WHERE connection = $1 AND calendar = $2 AND audition_id IS NULL
             AND NOT event_id = ANY($3::text[])
         )
         INSERT INTO synced_events (connection, calendar, event_id, starts_at, ends_at, zone, is_all_day, busy, generation)
         SELECT $1, $2, id, starts_at, ends_at, 'UTC', false, 'busy', 1
         FROM unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) AS event (id, starts_at, ends_at)
         ON CONFLICT DO NOTHING`,
        [
          connection,
          calendar,
          events.map(({ start, end }) => `${start}/${end}`),
          events.map(({ start }) => start),
          events.map(({ end }) => end),
        ],
      );
    };

    const audition = createListeningAudition();
    const { participantConflicts, holds, writtenEvents, syncedCalendars } = repositories;

    /** Runs one round of the connection. */
    const round = async (which: Which, hook: Hook = () => undefined): Promise<void> => {
      const calendar = await syncedCalendars.find(keyOf(which));
      if (!calendar) throw new Error('the calendar is not registered');
      const { report } = createLaterConflicts({
        participantConflicts: {
          listBooked: async (key, only) => {
            const booked = await participantConflicts.listBooked(key, only);
            await hook('listed');
            return booked;
          },
          beginReport: async (of, digest) => {
            await hook('begun');
            return participantConflicts.beginReport(of, digest);
          },
          confirmReport: async (of, order) => {
            await hook('confirmed');
            return participantConflicts.confirmReport(of, order);
          },
        },
        holds,
        writtenEvents,
        signals: {
          calendarChanged: async (_audition, change) => {
            await hook('signaled');
            audition.receive(change);
            return 'signaled';
          },
        },
      });
      await report(calendar);
    };

    /** Runs one round, which ends early. */
    const killedRound = async (which: Which, hook: Hook): Promise<void> => {
      try {
        await round(which, hook);
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
    };

    return { repositories, pool, auditionId, connections, write, setEvents, round, killedRound, audition };
  };
};

const newConnection = (): ConnectionId => `conn_${randomUUID()}`;

/** What the workflow does with reports about conflicts: the last one counts. */
const createListeningAudition = () => {
  const dedup = createSignalDedup();
  const orders = createReportOrders();
  const asked: string[] = [];
  let question: string | undefined;
  return {
    /** The questions that were asked, oldest first. */
    asked,
    /** The open question: the start of the conflict. */
    get question() {
      return question;
    },
    receive: (report: CalendarChange): void => {
      if (!dedup.markApplied(report) || !orders.isLatest(report)) return;
      question = report.change.kind === 'conflict' ? report.change.start : undefined;
      if (question !== undefined) asked.push(question);
    },
  };
};
