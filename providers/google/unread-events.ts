/**
 * Reads the events of a list whose texts or guests the list does not have: several in a page, some of them simultaneously.
 * Each answer counts, whatever the other requests are answered.
 */
import { z } from 'zod';
import type { ProviderError } from '../../domain/errors.ts';
import { type FailedRead, failedReadOf, faultOfRead, isGivenUp } from '../failed-reads.ts';
import {
  type CalendarRequest,
  changedEventSchema,
  type FoundEvent,
  itemFields,
  listOperation,
} from './changed-event.ts';
import type { GoogleClient } from './client.ts';
import { answerOfRoom, roomProperty } from './event-room.ts';
import type { ListingPlace, UnreadEvent } from './listing-place.ts';
import { readsAtOnce } from './settings.ts';

/** With the texts that are compared with what we have written. Their mark comes with the same answer. */
const ownFields = `${itemFields},summary,location,description`;

/** What a page reads at most. */
export interface Reading {
  /** For how long it begins to read events, in milliseconds. */
  readonly readForMs: number;
  /** How many events. */
  readonly most: number;
}

export interface ReadEvents {
  readonly found: readonly FoundEvent[];
  /** What the next pages read. */
  readonly unread: readonly UnreadEvent[];
  /** Why the page ended early. */
  readonly interruptedBy?: ProviderError | undefined;
}

/** An event that was not read, for a reason that can be that of the whole calendar. */
type Doubted =
  /** It was deleted meanwhile: the next list says so. */
  | { readonly kind: 'missing'; readonly event: UnreadEvent }
  | { readonly kind: 'failed'; readonly event: UnreadEvent; readonly failed: FailedRead };

/**
 * Reads until the time is over, at least as many events as are read simultaneously. An event whose read fails comes last in the next
 * pages. When the calendar can be read and the event cannot, repeatedly, it is left out.
 *
 * @throws {ProviderError} when nothing was read, because the vendor fails as a whole
 */
export const readUnread = async (
  client: GoogleClient,
  request: CalendarRequest,
  place: ListingPlace,
  { readForMs, most: mostReads }: Reading,
): Promise<ReadEvents> => {
  const begunAt = performance.now();
  const most = Math.min(place.unread.length, mostReads);
  const found: FoundEvent[] = [];
  const again: UnreadEvent[] = [];
  const doubted: Doubted[] = [];
  let requested = 0;
  let interruptedBy: ProviderError | undefined;
  while (requested < most && !interruptedBy && (requested === 0 || performance.now() - begunAt < readForMs)) {
    const batch = place.unread.slice(requested, Math.min(requested + readsAtOnce, most));
    requested += batch.length;
    let isAnswered = false;
    let lastError: ProviderError | undefined;
    for (const outcome of await Promise.all(batch.map((event) => tryReading(client, request, event)))) {
      if (outcome.kind === 'failed') lastError = outcome.failed.error;
      else isAnswered = true;
      if (outcome.kind === 'found') found.push(...outcome.found);
      else if (outcome.kind === 'failed' && outcome.failed.kind === 'account') {
        again.push(outcome.event);
        interruptedBy = lastError;
      } else doubted.push(outcome);
    }
    if (!isAnswered) interruptedBy ??= lastError;
  }
  const judged = await judge(client, request, doubted);
  interruptedBy = judged.interruptedBy ?? interruptedBy;
  const unread = [...again, ...place.unread.slice(requested), ...judged.unread];
  const isUnchanged = unread.length === place.unread.length && !judged.isCounted;
  if (interruptedBy && isUnchanged) throw interruptedBy;
  return { found, unread, interruptedBy: unread.length > 0 ? interruptedBy : undefined };
};

/** Believes what Google says of single events, when the calendar itself can be read. Otherwise all of them are read again. */
const judge = async (
  client: GoogleClient,
  request: CalendarRequest,
  doubted: readonly Doubted[],
): Promise<Omit<ReadEvents, 'found'> & { readonly isCounted: boolean }> => {
  if (doubted.length === 0) return { unread: [], isCounted: false };
  try {
    await requireCalendar(client, request);
  } catch (error) {
    const { error: interruptedBy } = failedReadOf(error, request.call);
    return { unread: doubted.map(({ event }) => event), interruptedBy, isCounted: false };
  }
  const unread: UnreadEvent[] = [];
  for (const outcome of doubted) {
    if (outcome.kind === 'missing') continue;
    const { event, failed } = outcome;
    const { id, failures = 0 } = event;
    if (isGivenUp(failed, failures)) request.leftOut.add(faultOfRead(failed), { by: 'id', id });
    else unread.push({ ...event, failures: failures + 1 });
  }
  return { unread, isCounted: true };
};

const tryReading = async (
  client: GoogleClient,
  request: CalendarRequest,
  event: UnreadEvent,
): Promise<{ readonly kind: 'found'; readonly found: readonly FoundEvent[] } | Doubted> => {
  try {
    return { kind: 'found', found: await readEvent(client, request, event) };
  } catch (error) {
    const failed = failedReadOf(error, request.call);
    return failed.error.fault.kind === 'not_found'
      ? { kind: 'missing', event }
      : { kind: 'failed', event, failed };
  }
};

/** A list of one event is the least request that all scopes of ours permit. @throws {ProviderError} `not_found` when the calendar does not exist */
const requireCalendar = (
  client: GoogleClient,
  { connection, calendarId, call }: CalendarRequest,
): Promise<unknown> =>
  client.exchange(listOperation, connection, call, z.unknown(), (calendar, options) =>
    calendar.events.list({ calendarId, maxResults: 1, fields: 'kind' }, options),
  );

/**
 * Reads an event with all that is compared, so that its texts and their mark are of the same moment.
 *
 * @throws {ProviderError} `not_found` when the event was deleted meanwhile
 */
const readEvent = async (
  client: GoogleClient,
  { connection, calendarId, call, leftOut }: CalendarRequest,
  { id, kind }: UnreadEvent,
): Promise<readonly FoundEvent[]> => {
  const guests = kind === 'room' ? {} : { maxAttendees: 1 };
  const answer = await client.exchange(listOperation, connection, call, z.unknown(), (calendar, options) =>
    calendar.events.get({ calendarId, eventId: id, ...guests, fields: ownFields }, options),
  );
  const [item] = leftOut.read(changedEventSchema, [answer], { by: 'id', id });
  if (!item) return [];
  if (kind === 'series') return [{ item: { ...item, recurringEventId: id }, hasTexts: true }];
  const email = item.extendedProperties?.private?.[roomProperty];
  return [
    {
      item,
      hasTexts: item.recurringEventId === undefined,
      ...(kind === 'room' && email !== undefined && { roomAnswer: answerOfRoom(item.attendees, email) }),
    },
  ];
};
