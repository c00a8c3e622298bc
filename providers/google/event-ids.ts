/**
 * The generations of an event's id. Google keeps the id of a deleted event for ever and may forbid to revive it, so an
 * event that a person deleted is written again under the next generation of our id. Whoever looks for our event, or
 * removes it, has to look at all of them.
 */
import { z } from 'zod';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withoutEffect } from '../operations.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import { googleError } from './errors.ts';
import { type EventSpec, type StoredEvent, storedEventSchema } from './event.ts';

/** Whose calendar, in which call, and for which operation. */
export interface CallScope {
  readonly client: GoogleClient;
  readonly operation: ProviderOperation;
  readonly connection: ConnectedAccount;
  readonly call: CallContext;
}

/** A person deletes an event that keeps coming back once or twice, and then disconnects the calendar. */
const maxEventIds = 6;

/** Somebody may change the event between our reading and our writing it, but not for ever. */
const writeAttempts = 4;

/** The first is our id itself. `v` is the last letter of Google's alphabet for ids, [0-9a-v]. */
const eventIdAt = (eventId: string, generation: number): string =>
  generation === 1 ? eventId : `${eventId}v${generation}`;

/** Makes the event be as wished, under the first generation of its id that can be. */
export const writeEvent = async (desk: CallScope, wish: EventSpec): Promise<StoredEvent> => {
  for (let generation = 1; generation <= maxEventIds; generation += 1) {
    const written = (await insert(desk, wish, generation)) ?? (await change(desk, wish, generation));
    if (written !== 'unusable') return written;
  }
  throw googleError(desk.operation, {
    code: 'event_ids_used_up',
    message: `the event was deleted ${maxEventIds} times and cannot be revived`,
  });
};

/** Undefined where the id is taken. */
const insert = async (
  { client, operation, connection, call }: CallScope,
  wish: EventSpec,
  generation: number,
): Promise<StoredEvent | undefined> => {
  const requestBody = wish.newEvent(eventIdAt(wish.eventId, generation));
  try {
    return await client.exchange(operation, connection, call, storedEventSchema, (calendar, options) =>
      calendar.events.insert({ ...targetOf(wish), requestBody }, options),
    );
  } catch (error) {
    if (hasFault(error, 'conflict')) return undefined;
    throw error;
  }
};

/**
 * Brings what is there up to date. A change that arrives between our reading and our writing is met by the ETag.
 * `unusable`: a deleted event that may not be revived, or has its successor already.
 */
const change = async (
  desk: CallScope,
  wish: EventSpec,
  generation: number,
): Promise<StoredEvent | 'unusable'> => {
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const stored = await readEvent(desk, wish.calendarId, eventIdAt(wish.eventId, generation));
    if (!stored) return 'unusable';
    const deleted = stored.status === 'cancelled';
    if (deleted && (await readEvent(desk, wish.calendarId, eventIdAt(wish.eventId, generation + 1)))) {
      return 'unusable';
    }
    try {
      return await changeStored(desk, wish, stored);
    } catch (error) {
      if (hasFault(error, 'not_found') || (deleted && hasFault(error, 'not_permitted'))) return 'unusable';
      if (!hasFault(error, 'conflict') || isForeign(error)) throw error;
    }
  }
  throw googleError(desk.operation, {
    code: 'event_keeps_changing',
    message: 'somebody changed the event each time before we could',
  });
};

const changeStored = async (
  { client, operation, connection, call }: CallScope,
  wish: EventSpec,
  stored: StoredEvent,
): Promise<StoredEvent> => {
  const wanted = wish.changeOf(stored);
  switch (wanted.kind) {
    case 'none':
      return stored;
    case 'foreign':
      throw googleError(operation, {
        code: foreignEventCode,
        message: 'the id is taken by an event that is not ours',
      });
    case 'update':
    case 'patch': {
      const target = { ...targetOf(wish), eventId: stored.id, requestBody: wanted.body };
      const { etag } = stored;
      return client.exchange(operation, connection, call, storedEventSchema, (calendar, options) => {
        const headers = etag === undefined ? options.headers : { ...options.headers, 'if-match': etag };
        return calendar.events[wanted.kind](target, { ...options, headers });
      });
    }
  }
};

const foreignEventCode = 'event_of_another';
const isForeign = (error: unknown): boolean =>
  error instanceof ProviderError && error.vendor.code === foreignEventCode;

const targetOf = ({ calendarId, withConference }: EventSpec) => ({
  calendarId,
  sendUpdates: 'none',
  ...(withConference ? { conferenceDataVersion: 1 } : {}),
});

/** Undefined where there is no event of that id, not even a deleted one. */
export const readEvent = async (
  { client, operation, connection, call }: CallScope,
  calendarId: string,
  eventId: string,
): Promise<StoredEvent | undefined> => {
  try {
    return await client.exchange(
      withoutEffect(operation),
      connection,
      call,
      storedEventSchema,
      (calendar, options) => calendar.events.get({ calendarId, eventId }, options),
    );
  } catch (error) {
    if (hasFault(error, 'not_found')) return undefined;
    throw error;
  }
};

/** Removes every generation. One that never was ends the row, save the first: Google may have forgotten it by now. */
export const deleteEvent = async (
  desk: CallScope,
  calendarId: string,
  eventId: string,
): Promise<'deleted' | 'absent'> => {
  let result: 'deleted' | 'absent' = 'absent';
  for (let generation = 1; generation <= maxEventIds; generation += 1) {
    const was = await deleteEventId(desk, calendarId, eventIdAt(eventId, generation));
    if (was === 'deleted') result = 'deleted';
    if (was === 'unknown' && generation > 1) break;
  }
  return result;
};

const gone = 410;

const deleteEventId = async (
  { client, operation, connection, call }: CallScope,
  calendarId: string,
  eventId: string,
): Promise<'deleted' | 'deleted_before' | 'unknown'> => {
  try {
    await client.exchange(operation, connection, call, z.unknown(), (calendar, options) =>
      calendar.events.delete({ calendarId, eventId, sendUpdates: 'none' }, options),
    );
    return 'deleted';
  } catch (error) {
    if (!(error instanceof ProviderError) || error.fault.kind !== 'not_found') throw error;
    return error.vendor.status === gone ? 'deleted_before' : 'unknown';
  }
};

const hasFault = (error: unknown, kind: ProviderFaultKind): boolean =>
  error instanceof ProviderError && error.fault.kind === kind;
