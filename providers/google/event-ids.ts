/**
 * Writes, reads and deletes events under our ids. Google reserves the id of a deleted event forever and can forbid
 * reviving the event. Such an event is written again under the next generation of our id, so a deletion must cover all
 * generations.
 */
import { z } from 'zod';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withoutEffect } from '../operations.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import { googleError } from './errors.ts';
import { type EventSpec, type GoogleEvent, googleEventSchema } from './event.ts';

/** The connection, the call and the operation of a request. */
export interface CallScope {
  readonly client: GoogleClient;
  readonly operation: ProviderOperation;
  readonly connection: ConnectedAccount;
  readonly call: CallContext;
}

/** A person who keeps deleting the event uses one generation each time. */
const maxEventIds = 6;

/** Another client can change the event between our read and our write; each conflict costs one attempt. */
const writeAttempts = 4;

/** The first generation is our id. `v` is the last letter of Google's alphabet for ids, [0-9a-v]. */
const eventIdAt = (eventId: string, generation: number): string =>
  generation === 1 ? eventId : `${eventId}v${generation}`;

/** Creates or updates the event as specified, under the first usable generation of its id. */
export const writeEvent = async (scope: CallScope, spec: EventSpec): Promise<GoogleEvent> => {
  for (let generation = 1; generation <= maxEventIds; generation += 1) {
    const written = (await insert(scope, spec, generation)) ?? (await change(scope, spec, generation));
    if (written !== 'unusable') return written;
  }
  throw googleError(scope.operation, {
    code: 'event_ids_used_up',
    message: `the event was deleted ${maxEventIds} times and cannot be revived`,
  });
};

/** Inserts the event; undefined when the id exists already. */
const insert = async (
  { client, operation, connection, call }: CallScope,
  spec: EventSpec,
  generation: number,
): Promise<GoogleEvent | undefined> => {
  const requestBody = spec.newEvent(eventIdAt(spec.eventId, generation));
  try {
    return await client.exchange(operation, connection, call, googleEventSchema, (calendar, options) =>
      calendar.events.insert({ ...targetOf(spec), requestBody }, options),
    );
  } catch (error) {
    if (hasFault(error, 'conflict')) return undefined;
    throw error;
  }
};

/**
 * Updates the existing event. The ETag detects a change between our read and our write. Returns `unusable` for a deleted
 * event that cannot be revived or already has a successor.
 */
const change = async (
  scope: CallScope,
  spec: EventSpec,
  generation: number,
): Promise<GoogleEvent | 'unusable'> => {
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const stored = await readEvent(scope, spec.calendarId, eventIdAt(spec.eventId, generation));
    if (!stored) return 'unusable';
    const deleted = stored.status === 'cancelled';
    if (deleted && (await readEvent(scope, spec.calendarId, eventIdAt(spec.eventId, generation + 1)))) {
      return 'unusable';
    }
    try {
      return await changeStored(scope, spec, stored);
    } catch (error) {
      if (hasFault(error, 'not_found') || (deleted && hasFault(error, 'not_permitted'))) return 'unusable';
      if (!hasFault(error, 'conflict') || isForeign(error)) throw error;
    }
  }
  throw googleError(scope.operation, {
    code: 'event_keeps_changing',
    message: `another client changed the event before each of our ${writeAttempts} writes`,
  });
};

const changeStored = async (
  { client, operation, connection, call }: CallScope,
  spec: EventSpec,
  stored: GoogleEvent,
): Promise<GoogleEvent> => {
  const eventChange = spec.changeOf(stored);
  switch (eventChange.kind) {
    case 'none':
      return stored;
    case 'foreign':
      throw googleError(operation, {
        code: foreignEventCode,
        message: 'the id belongs to an event that is not ours',
      });
    case 'update':
    case 'patch': {
      const target = { ...targetOf(spec), eventId: stored.id, requestBody: eventChange.body };
      const { etag } = stored;
      return client.exchange(operation, connection, call, googleEventSchema, (calendar, options) => {
        const headers = etag === undefined ? options.headers : { ...options.headers, 'if-match': etag };
        return calendar.events[eventChange.kind](target, { ...options, headers });
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

/** Returns the event, also a deleted one; undefined when the id does not exist. */
export const readEvent = async (
  { client, operation, connection, call }: CallScope,
  calendarId: string,
  eventId: string,
): Promise<GoogleEvent | undefined> => {
  try {
    return await client.exchange(
      withoutEffect(operation),
      connection,
      call,
      googleEventSchema,
      (calendar, options) => calendar.events.get({ calendarId, eventId }, options),
    );
  } catch (error) {
    if (hasFault(error, 'not_found')) return undefined;
    throw error;
  }
};

/**
 * Deletes every generation of the event. Idempotent. Stops at the first unknown generation after the first one; the first
 * can be unknown because Google has forgotten it.
 */
export const deleteEvent = async (
  scope: CallScope,
  calendarId: string,
  eventId: string,
): Promise<'deleted' | 'absent'> => {
  let result: 'deleted' | 'absent' = 'absent';
  for (let generation = 1; generation <= maxEventIds; generation += 1) {
    const outcome = await deleteEventId(scope, calendarId, eventIdAt(eventId, generation));
    if (outcome === 'deleted') result = 'deleted';
    if (outcome === 'unknown' && generation > 1) break;
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
