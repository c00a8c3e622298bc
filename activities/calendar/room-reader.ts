/** Reads when a room is busy, without the bookings of our auditions: their holds say when they need the room. */
import type { SlotHolds } from '../../db/auditions/slot-holds.ts';
import type { WrittenEvents } from '../../db/calendars/written-events.ts';
import { type EventRules, takesTime } from '../../domain/audition/conflict-rules.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { BusyInterval, RoomCalendar } from '../../domain/audition/slot.ts';
import { calendarPrefix } from '../../domain/audition/slot-resources.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { RoomProviderName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { roomCalendarName } from '../../providers/calendar-names.ts';
import type {
  CallContext,
  ConnectedAccount,
  HiddenTime,
  Providers,
  RoomBusyTime,
} from '../../providers/ports.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { cutOff, withoutOwnTimes } from './own-times.ts';

interface RoomReading {
  readonly room: Pick<RoomCalendar, 'provider' | 'email'>;
  readonly window: { readonly from: Instant; readonly until: Instant };
  readonly call: CallContext;
  /** The audition whose own booking does not count. */
  readonly auditionId?: AuditionId | undefined;
  readonly tentative: EventRules['tentative'];
}

export interface RoomReader {
  /** Returns the busy times of the room. @throws {ProviderError} */
  read(account: ConnectedAccount, reading: RoomReading): Promise<readonly BusyInterval[]>;
}

/** Creates the reader. */
export const createRoomReader = ({
  holds,
  writtenEvents,
  calendars,
}: {
  readonly holds: Pick<SlotHolds, 'listOf'>;
  readonly writtenEvents: Pick<WrittenEvents, 'findBookings'>;
  readonly calendars: Pick<Providers['calendars'], RoomProviderName>;
}): RoomReader => ({
  read: async (account, { room, window, call, auditionId, tentative }) => {
    const { rooms } = calendars[room.provider];
    if (!rooms) throw new Error(`the rooms of ${room.provider} cannot be read`);
    const busy = await rooms.busyTimes(account, room.email, window, call);
    if (busy.length === 0) return [];
    const [others, booked] = await Promise.all([
      holds.listOf(`${calendarPrefix}${roomCalendarName(room)}`, auditionId),
      auditionId === undefined ? [] : writtenEvents.findBookings(auditionId),
    ]);
    const auditions = [...others.map((hold) => hold.auditionId), ...(auditionId ? [auditionId] : [])];
    const own = [...others, ...booked];
    const ours = {
      eventIds: new Set(auditions.map(eventIdFor)),
      times: [...own, ...cutOff(own, window)],
    };
    const taken = busy.filter((time) => takesTime(time.busy, { tentative }));
    return withoutOurs(taken, ours).map(({ start, end }) => ({
      start,
      end,
      connection: account.id,
      isRoom: true,
    }));
  },
});

interface OurBookings {
  readonly eventIds: ReadonlySet<string>;
  readonly times: readonly TimeRange[];
}

const withoutOurs = (
  busy: readonly RoomBusyTime[],
  { eventIds, times }: OurBookings,
): readonly TimeRange[] => {
  const events = busy.filter((time) => time.kind === 'event' && !eventIds.has(time.eventId));
  return [...events, ...withoutOwnTimes(busy.filter(isHidden), times)];
};

const isHidden = (time: RoomBusyTime): time is HiddenTime => time.kind !== 'event';
