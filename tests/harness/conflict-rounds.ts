/**
 * Runs rounds that compare the calendars of one participant with a booked slot, against a real database. The calendars belong
 * to two connections. A test can stop a round or end it at each step. The audition is the part of the workflow that
 * decides which reports count.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createLaterConflicts } from '../../activities/calendar-sync/later-conflicts.ts';
import type { CalendarChange, ReportOrder } from '../../domain/audition/calendar-change.ts';
import { defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { type ConnectionId, type ParticipantId, participantIdSchema } from '../../domain/ids.ts';
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

/** Ends a round. */
class Killed extends Error {
  override readonly name = 'Killed';
  /** Whether the signal was sent before the end, and arrives later. */
  readonly isSignalSent: boolean;

  constructor(step: Step, isSignalSent = false) {
    super(`killed before the step ${step}`);
    this.isSignalSent = isSignalSent;
  }
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
    const names = await repositories.storedNames();
    const nameOf = (which: Which) => `google/${connections[which]}`;
    const keyOf = (which: Which) => ({
      connection: connections[which],
      calendar: names.calendar(nameOf(which)),
    });
    const setCast = (participants: readonly ParticipantId[]) =>
      repositories.participantConflicts.setRules(auditionId, participants, defaultConflictRules);
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
    await setCast([ada]);
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
    /** The signals of rounds that have ended before the answer. */
    const inFlight: CalendarChange[] = [];
    const { participantConflicts, holds, writtenEvents, syncedCalendars, busyTimes } = repositories;

    /** Runs one round of the connection. */
    const round = async (which: Which, hook: Hook = () => undefined): Promise<void> => {
      const calendar = await syncedCalendars.find(keyOf(which));
      if (!calendar) throw new Error('the calendar is not registered');
      const laterConflicts = createLaterConflicts({
        busyTimes,
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
            try {
              await hook('signaled');
            } catch (error) {
              if (error instanceof Killed && error.isSignalSent) inFlight.push(change);
              throw error;
            }
            audition.receive(change);
            return 'signaled';
          },
        },
      });
      await laterConflicts.report(calendar);
    };

    /** Runs one round, which ends early. */
    const killedRound = async (which: Which, hook: Hook): Promise<void> => {
      try {
        await round(which, hook);
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
    };

    /** Starts a round that stops before each step. */
    const startRound = async (which: Which): Promise<StoppedRound> => {
      let gate: PromiseWithResolvers<void> | undefined;
      let stopped = Promise.withResolvers<void>();
      const finished = killedRound(which, async () => {
        gate = Promise.withResolvers();
        stopped.resolve();
        await gate.promise;
      }).finally(() => {
        gate = undefined;
        stopped.resolve();
      });
      const goOn = async (release: (waiting: PromiseWithResolvers<void>) => void): Promise<void> => {
        const waiting = gate;
        if (!waiting) return finished;
        stopped = Promise.withResolvers();
        release(waiting);
        await stopped.promise;
        if (!gate) await finished;
      };
      await stopped.promise;
      return {
        get isFinished() {
          return gate === undefined;
        },
        next: () => goOn(({ resolve }) => resolve()),
        kill: (isSignalSent) => goOn(({ reject }) => reject(new Killed('signaled', isSignalSent))),
      };
    };

    /** Lets another run take the audition over. @param remembers whether it knows the signals of the earlier run, as after a reset */
    const takeOver = async (remembers: boolean): Promise<void> =>
      audition.takeOver(await participantConflicts.reportAgain(auditionId), remembers);

    return { write, setCast, setEvents, round, killedRound, startRound, takeOver, inFlight, audition };
  };
};

/** A round that has stopped before a step, or has finished. */
export interface StoppedRound {
  readonly isFinished: boolean;
  /** Runs the round until it stops before the next step. */
  next(): Promise<void>;
  /** Ends the round before the step. */
  kill(isSignalSent: boolean): Promise<void>;
}

const newConnection = (): ConnectionId => `conn_${randomUUID()}`;

/** What the workflow does with reports about conflicts: the last one about the present slot and cast counts. */
const createListeningAudition = () => {
  let dedup = createSignalDedup();
  const orders = createReportOrders();
  const asked: string[] = [];
  let question: string | undefined;
  let revision = 1;
  let takesPart = true;
  return {
    /** The questions that were asked, oldest first. */
    asked,
    /** The open question: the start of the conflict. */
    get question() {
      return question;
    },
    receive: (report: CalendarChange): void => {
      if (!dedup.markApplied(report) || !orders.isLatest(report)) return;
      question = undefined;
      if (report.revision !== revision || !takesPart || report.change.kind !== 'conflict') return;
      question = report.change.start;
      asked.push(question);
    },
    move: (to: number): void => {
      revision = to;
      question = undefined;
    },
    setTakesPart: (present: boolean): void => {
      takesPart = present;
      if (!present) question = undefined;
    },
    takeOver: (last: readonly ReportOrder[], remembers: boolean): void => {
      if (!remembers) dedup = createSignalDedup();
      orders.adopt(last);
      question = undefined;
    },
  };
};
