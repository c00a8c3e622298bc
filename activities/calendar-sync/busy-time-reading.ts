/**
 * Reads when calendars are busy whose events cannot be listed: those that people share without details, and those of rooms. Only
 * the times near the slots of auditions that are ahead are read and stored.
 */
import type { BusyTimes } from '../../db/calendars/busy-times.ts';
import type { ParticipantConflicts } from '../../db/calendars/participant-conflicts.ts';
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { ProviderError } from '../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { hour } from '../../domain/time/units.ts';
import type { HiddenCalendars, HiddenTime } from '../../providers/ports.ts';
import { isWithin, type QueryWindow, queryWindows } from './query-windows.ts';
import { reachOf } from './slot-reach.ts';
import { type SyncRound, startCall } from './sync-round.ts';

/** A calendar to read, with the error of the listing that the vendor has refused in this round. */
export interface HiddenCalendar {
  readonly calendar: SyncedCalendar;
  readonly denial?: ProviderError | undefined;
}

/** A calendar with its outcome. `postponed`: the time of the round was too short, and nothing was stored. */
type BusyTimeOutcome = HiddenCalendar &
  ({ readonly kind: 'stored' | 'postponed' } | { readonly kind: 'failed'; readonly error: ProviderError });

export interface BusyTimeReading {
  /**
   * Reads and stores the busy times, as many calendars together as one query can answer for. They are stored before the next
   * ones are read. After the time of the round, no further query begins, except for the first calendar, so that each round
   * stores at least one.
   * @throws {ProviderError} `reconnect`
   */
  read(
    round: SyncRound,
    hidden: HiddenCalendars,
    calendars: readonly HiddenCalendar[],
  ): AsyncGenerator<BusyTimeOutcome>;
}

/** How often the vendor is asked again whether it lists the events. */
const retryEventsMs = 1 * hour;

/** Returns whether only the busy times of the calendar are read. */
export const isHidden = ({ isRoom, eventsDeniedAt }: SyncedCalendar): boolean =>
  isRoom || eventsDeniedAt !== undefined;

/** Returns whether a listing of the events is tried. The owner can have permitted it since the last attempt. */
export const triesEvents = ({ isRoom, eventsDeniedAt }: SyncedCalendar, now = Date.now()): boolean =>
  !isRoom && (eventsDeniedAt === undefined || now - toEpochMs(eventsDeniedAt) >= retryEventsMs);

/** A calendar in a query, with what was read of it so far in each window. */
interface Reading extends HiddenCalendar {
  readonly number: number;
  readonly near: readonly TimeRange[];
  readonly found: (readonly HiddenTime[])[];
  error?: ProviderError | undefined;
  /** Whether a window was not read, because the time of the round was over. */
  isCut?: boolean;
}

/** Makes one query. A calendar that has failed in another window is not asked again. */
const query = async (
  round: SyncRound,
  hidden: HiddenCalendars,
  window: QueryWindow,
  readings: readonly Reading[],
): Promise<void> => {
  try {
    const asked = readings.map(({ calendar: { calendarId, isRoom } }) => ({ calendarId, isRoom }));
    const answers = await hidden.busyTimes(round.account, asked, window, startCall(round));
    for (const [index, reading] of readings.entries()) {
      const answer = answers[index];
      // A calendar without an answer must not count as free.
      if (!answer) throw new Error('the free/busy query has no answer for a calendar');
      if (answer.kind === 'failed') {
        reading.error = answer.error;
        continue;
      }
      // Of a time that is cut off at the end of the window, another window has the rest.
      const near = reading.near.filter((time) => isWithin(time, window));
      reading.found.push(answer.times.filter((time) => near.some(overlaps(time))));
    }
  } catch (error) {
    if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect') throw error;
    for (const reading of readings) reading.error = error;
  }
};

/** Creates the reading. */
export const createBusyTimeReading = ({
  busyTimes,
  participantConflicts,
}: {
  readonly busyTimes: Pick<BusyTimes, 'begin' | 'store'>;
  readonly participantConflicts: Pick<ParticipantConflicts, 'listBooked'>;
}): BusyTimeReading => {
  const begin = async (hidden: HiddenCalendar): Promise<Reading> => {
    const { calendar } = hidden;
    const number = await busyTimes.begin(calendar);
    const near = (await participantConflicts.listBooked(calendar)).map(reachOf);
    // Whether the vendor shows the busy times must be known also when no slot is ahead yet.
    const isUnknown = hidden.denial !== undefined && near.length === 0;
    return { ...hidden, number, near: isUnknown ? [nextHour()] : near, found: [] };
  };

  const store = async ({ calendar, denial, number, found }: Reading): Promise<void> => {
    const isDenied = denial !== undefined;
    await busyTimes.store(calendar, { reading: number, times: joined(found), isDenied });
  };

  const readBatch = async (
    round: SyncRound,
    hidden: HiddenCalendars,
    calendars: readonly HiddenCalendar[],
    first: HiddenCalendar | undefined,
  ): Promise<readonly BusyTimeOutcome[]> => {
    const readings: Reading[] = [];
    for (const calendar of calendars) readings.push(await begin(calendar));
    for (const window of queryWindows(readings.flatMap(({ near }) => near))) {
      const wanted = readings.filter(
        ({ near, error, isCut }) => !error && !isCut && near.some((time) => isWithin(time, window)),
      );
      const isDue = Date.now() < round.until || wanted.some(({ calendar }) => calendar === first?.calendar);
      if (!isDue) for (const reading of wanted) reading.isCut = true;
      else if (wanted.length > 0) await query(round, hidden, window, wanted);
    }
    for (const reading of readings) if (!reading.error && !reading.isCut) await store(reading);
    return readings.map(({ calendar, denial, error, isCut }) => {
      if (error) return { calendar, denial, kind: 'failed', error };
      return { calendar, denial, kind: isCut ? 'postponed' : 'stored' };
    });
  };

  return {
    async *read(round, hidden, calendars) {
      for (let from = 0; from < calendars.length; from += hidden.mostPerQuery) {
        const batch = calendars.slice(from, from + hidden.mostPerQuery);
        if (from === 0 || Date.now() < round.until) {
          yield* await readBatch(round, hidden, batch, calendars[0]);
        } else yield* batch.map((calendar) => ({ ...calendar, kind: 'postponed' }) as const);
      }
    },
  };
};

const nextHour = (): TimeRange => ({ start: toInstant(Date.now()), end: toInstant(Date.now() + hour) });

const overlaps =
  ({ start, end }: TimeRange) =>
  (other: TimeRange): boolean =>
    start < other.end && end > other.start;

/** Returns each time as often as one window has it: windows overlap. */
const joined = (windows: readonly (readonly HiddenTime[])[]): readonly HiddenTime[] => {
  const most = new Map<string, readonly HiddenTime[]>();
  for (const times of windows) {
    const byTime = Map.groupBy(times, ({ kind, start, end, busy }) => `${kind} ${start} ${end} ${busy}`);
    for (const [key, equal] of byTime) {
      if (equal.length > (most.get(key)?.length ?? 0)) most.set(key, equal);
    }
  }
  return [...most.values()].flat();
};
