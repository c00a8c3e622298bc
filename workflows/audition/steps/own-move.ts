/** Moves that the audition requests itself, because the casting office has answered a question or the policy says so. */
import type { Origin } from '../../../domain/audition/events.ts';
import type { Slot, SlotSpec } from '../../../domain/audition/slot.ts';
import { Refusal } from '../../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../../domain/time/epoch.ts';
import type { Instant } from '../../../domain/time/instant.ts';
import { day, minute } from '../../../domain/time/units.ts';
import type { AuditionRun } from '../run.ts';

/** Reschedules the audition as a command would. Returns why it cannot. */
export const requestMove = async (
  run: AuditionRun,
  wish: SlotSpec,
  origin: Origin,
): Promise<Refusal | undefined> => {
  const command = { origin, correlationId: run.plan.correlationId, wish } as const;
  try {
    await run.commands.submit({ name: 'reschedule', command }, () => run.ending !== undefined);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
};

/** How far ahead the next free slot is searched for. */
const searchDays = 7;

/**
 * Returns the wish for the next free slot of the same length, place and session block, in the week from the start of the slot.
 * @param earliest the first start that is possible. After the start of the slot: the calendars can show the present slot as
 * free, and a move to it would change nothing
 */
export const nextFreeSlot = (
  { start, end, zone, room, roomCalendar, block }: Slot,
  earliest: Instant,
): SlotSpec => ({
  kind: 'window',
  earliest,
  latest: toInstant(toEpochMs(start) + searchDays * day),
  durationMinutes: Math.ceil((toEpochMs(end) - toEpochMs(start)) / minute),
  zone,
  ...(room === undefined ? {} : { room }),
  ...(roomCalendar === undefined ? {} : { roomCalendar }),
  ...(block === undefined ? {} : { block }),
});

/**
 * Returns the first start after the present one: the next quarter of an hour, on which free slots begin, or the end of the
 * slot, at which the next one of a session block can begin.
 */
export const laterStart = ({ start, end }: Slot): Instant => {
  const next = (Math.floor(toEpochMs(start) / quarterHour) + 1) * quarterHour;
  return toInstant(Math.min(next, toEpochMs(end)));
};

const quarterHour = 15 * minute;
