/** Reads when calendars are busy, and names them as resources. */
import { cancellationSignal } from '@temporalio/activity';
import type { ConflictRules } from '../../domain/audition/conflict-rules.ts';
import { auditionOfInvitation, invitationUidOf } from '../../domain/audition/invitation-uid.ts';
import type { CalendarRef } from '../../domain/audition/request.ts';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import {
  type AuditionId,
  auditionIdSchema,
  type ConnectionId,
  type OrganizationId,
} from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { calendarNames } from '../../providers/calendar-names.ts';
import type { BusyEvent, CallContext } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type { StepFailure } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { toStepFailure } from '../step-failure.ts';

export interface Window {
  readonly from: Instant;
  readonly until: Instant;
}

/**
 * `free_busy`: one cheap query per connection. It counts our own events as busy, so it is for an audition without events.
 * `events`: the events are read. Those of this audition do not count, nor those of our other auditions: their holds tell
 * when they need the calendar.
 */
export type Precision = 'free_busy' | 'events';

export interface CalendarReadings {
  readonly busy: readonly BusyInterval[];
  /** The connections whose calendars could not be read. */
  readonly failures: readonly { readonly connection: ConnectionId; readonly failure: StepFailure }[];
}

interface Reader {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly call: CallContext;
  /** Whether tentative events count. Default: they do. Only `events` can tell them from others. */
  readonly tentative?: ConflictRules['tentative'] | undefined;
}

export interface CalendarReader {
  /** Returns the busy times of the calendars. Reads each connection once, all concurrently. */
  read(
    reader: Reader,
    calendars: readonly CalendarRef[],
    window: Window,
    precision: Precision,
  ): Promise<CalendarReadings>;
  /** Like `read` with the precision `events`, for one connection. @throws {ProviderError} */
  readEvents(
    reader: Reader,
    account: Pick<CalendarRef, 'provider' | 'connection'>,
    calendarIds: readonly string[],
    window: Window,
  ): Promise<readonly BusyInterval[]>;
  /** Returns the names of the calendars for `slotResources`. Never fails because of a provider. */
  names(
    organization: OrganizationId,
    calendars: readonly CalendarRef[],
    call: CallContext,
  ): Promise<readonly string[]>;
}

/** Creates the reader. */
export const createCalendarReader = ({
  repositories: { connections, holds },
  providers: { calendars: providers },
  accessTokens,
}: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>): CalendarReader => {
  const openDependencies = { connections, accessTokens };

  /** Returns the busy times without those of our own auditions. */
  const foreign = async (
    { auditionId, tentative }: Reader,
    events: readonly FoundEvent[],
  ): Promise<readonly BusyInterval[]> => {
    const own = [eventIdFor(auditionId), invitationUidOf(auditionId)];
    const others = events.filter(
      ({ eventId, busy }) => !own.includes(eventId) && !(busy === 'tentative' && tentative === 'ignore'),
    );
    const ours = await holds.findKnown([...new Set(others.flatMap(auditionOf))]);
    return others
      .filter((event) => !auditionOf(event).some((id) => ours.has(id)))
      .map(({ start, end, connection, calendarId }) => ({ start, end, connection, calendarId }));
  };

  const readEvents: CalendarReader['readEvents'] = async (reader, account, calendarIds, window) => {
    const { organization, call } = reader;
    const { connection } = account;
    const opened = await openConnectionById(openDependencies, organization, account, 'calendar.listEvents');
    const provider = providers[account.provider];
    const events = await Promise.all(
      [...new Set(calendarIds)].map(async (calendarId) =>
        (await provider.busyEvents(opened, calendarId, window, call)).map((event) => ({
          ...event,
          connection,
          calendarId,
        })),
      ),
    );
    return foreign(reader, events.flat());
  };

  const readFreeBusy: CalendarReader['readEvents'] = async (reader, account, calendarIds, window) => {
    const opened = await openConnectionById(
      openDependencies,
      reader.organization,
      account,
      'calendar.freeBusy',
    );
    const { connection, provider } = account;
    const busy = await providers[provider].freeBusy(opened, [...new Set(calendarIds)], window, reader.call);
    return busy.map((interval) => ({ ...interval, connection }));
  };

  return {
    readEvents,

    read: async (reader, calendars, window, precision) => {
      const readConnection = precision === 'events' ? readEvents : readFreeBusy;
      const readings = await Promise.all(
        byConnection(calendars).map(async ([first, ...rest]): Promise<CalendarReadings> => {
          try {
            const ids = [first, ...rest].map(({ calendarId }) => calendarId);
            return { busy: await readConnection(reader, first, ids, window), failures: [] };
          } catch (error) {
            cancellationSignal().throwIfAborted();
            const failure = toStepFailure(error);
            return { busy: [], failures: [{ connection: first.connection, failure }] };
          }
        }),
      );
      return {
        busy: readings.flatMap(({ busy }) => busy),
        failures: readings.flatMap(({ failures }) => failures),
      };
    },

    names: async (organization, calendars, call) => {
      const named = await Promise.all(
        byConnection(calendars).map(async (group) => {
          const [first] = group;
          const stored = await connections.get(organization, first.connection);
          const connection = stored ?? { id: first.connection, account: undefined };
          const open = () => openConnectionById(openDependencies, organization, first, 'calendar.listEvents');
          return Promise.all(
            group.map(({ provider, calendarId }) =>
              calendarNames(providers[provider], connection, calendarId, open, call),
            ),
          );
        }),
      );
      cancellationSignal().throwIfAborted();
      return named.flat(2);
    },
  };
};

type FoundEvent = BusyEvent & Pick<CalendarRef, 'connection' | 'calendarId'>;

/**
 * Returns the audition whose event it is. Its id proves it: a mark can have been copied with the event. In a calendar that
 * is only read, our event is the invitation that its owner has accepted by email.
 */
const auditionOf = ({ eventId, reference }: BusyEvent): readonly AuditionId[] => {
  const invited = auditionOfInvitation(eventId);
  if (invited) return [invited];
  const audition = auditionIdSchema.safeParse(reference);
  return audition.success && eventIdFor(audition.data) === eventId ? [audition.data] : [];
};

const byConnection = (
  calendars: readonly CalendarRef[],
): readonly (readonly [CalendarRef, ...CalendarRef[]])[] => {
  const groups = new Map<ConnectionId, [CalendarRef, ...CalendarRef[]]>();
  for (const calendar of calendars) {
    const group = groups.get(calendar.connection);
    if (group) group.push(calendar);
    else groups.set(calendar.connection, [calendar]);
  }
  return [...groups.values()];
};
