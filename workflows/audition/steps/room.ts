/**
 * Books the room of the slot in its calendar. The room answers after that, and the synchronisation of the calendar reports
 * the answer (`calendar-changes.ts`).
 */

import { proxyActivities } from '@temporalio/workflow';
import type { CalendarActivities } from '../../../activities/contract.ts';
import { mainCalendar } from '../../../domain/audition/room-booking.ts';
import type { RoomCalendar } from '../../../domain/audition/slot.ts';
import type { ConnectionId } from '../../../domain/ids.ts';
import { queueOfCalendar } from '../../task-queues.ts';
import { activityOptions } from '../activity-options.ts';
import { labelText } from '../label.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { undoInBackground } from '../undo-in-background.ts';
import { contentOf, type SlotRevision } from './calendar-events.ts';

interface BookOptions {
  /** Distinguishes this booking from others in idempotency keys. Default: the revision. */
  readonly label?: string | undefined;
  /** For work in the background: returns whether the audition has moved on to another slot. The question is then withdrawn. */
  readonly isMoot?: (() => boolean) | undefined;
}

/**
 * Books the room for this revision of the slot, if it has a calendar. Call it before the events are written: one event
 * can book the room and be that of a participant, and simultaneous writes would conflict.
 */
export const bookRoom = async (
  run: AuditionRun,
  { slot, revision }: SlotRevision,
  { label = labelText({ kind: 'slot', revision }), isMoot }: BookOptions = {},
): Promise<void> => {
  const { room: name, roomCalendar: room } = slot;
  if (!room || name === undefined) return;
  const key = run.idempotencyKeyOf(`room-booking:${label}`);
  registerRelease(run, room, key);
  const activities = proxyActivities<CalendarActivities>(
    activityOptions(run, {
      queue: queueOfCalendar(room.provider),
      summary: `Book the room with ${room.provider} ${room.connection}`,
    }),
  );
  const outcome = await retryUntilResolved(
    run,
    {
      step: 'room_booking',
      purpose: `book the room with connection ${room.connection}`,
      hint: 'Retry when the calendar works again or is reconnected, skip to continue without this booking, or abort.',
      actions: ['retry', 'skip', 'abort'],
      isMoot,
      isBackground: isMoot !== undefined,
    },
    () =>
      run.call((call) =>
        activities.bookRoom({ ...call, key, room, name, content: contentOf(run, slot, revision) }),
      ),
  );
  if (outcome.kind !== 'done' || run.ending) return;
  const { provider, connection } = room;
  const { eventId } = outcome.result;
  run.journal.record({ type: 'room_booked', provider, connection, eventId }, { key });
  keepOnlyReleaseOf(run, room, key);
};

/** Attempts under earlier keys ended before this one began. A later move can have begun in the meantime. */
const keepOnlyReleaseOf = ({ saga }: AuditionRun, { connection }: RoomCalendar, key: string): void => {
  const before = saga.pending.find(({ id }) => id === releaseId(connection));
  if (before?.kind !== 'remove_event' || !before.keys.includes(key)) return;
  saga.register({ ...before, keys: before.keys.slice(before.keys.indexOf(key)) });
};

/** Ends bookings with accounts other than the one that books the room of the present slot. */
export const releaseFormerRooms = (run: AuditionRun): void => {
  const { roomCalendar } = run.journal.view.slot ?? {};
  const kept = roomCalendar && releaseId(roomCalendar.connection);
  undoInBackground(
    run,
    run.saga.pending.filter(({ id }) => id.startsWith(releasePrefix) && id !== kept),
  );
};

const releasePrefix = 'room-booking:';

/** Returns the id of the compensation that ends the booking with this account. */
export const releaseId = (connection: ConnectionId): string => `${releasePrefix}${connection}`;

/** All revisions write one event, so one compensation removes the room from it, or the event. */
const registerRelease = (
  { saga }: AuditionRun,
  { provider, connection }: RoomCalendar,
  key: string,
): void => {
  const id = releaseId(connection);
  const before = saga.pending.find((entry) => entry.id === id);
  const earlier = before?.kind === 'remove_event' ? before.keys : [];
  saga.register({
    id,
    stage: 'calendar_events',
    kind: 'remove_event',
    keys: [...earlier.filter((other) => other !== key), key],
    calendar: { provider, connection, calendarId: mainCalendar },
  });
};
