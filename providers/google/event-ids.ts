/**
 * Writes, reads and deletes events under our ids. Google reserves the id of a deleted event forever and can forbid
 * reviving the event. Such an event is written again under the next generation of our id, so a deletion must cover all
 * generations.
 */
import { z } from 'zod';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { endUses } from '../event-uses.ts';
import { withoutEffect } from '../operations.ts';
import type { CallContext, ConnectedAccount, EventToDelete, OurEvent } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import { googleError } from './errors.ts';
import {
  changeForRemainingUses,
  type EventRewrite,
  type EventSpec,
  type GoogleEvent,
  googleEventSchema,
  isDeleted,
  isForeign,
  privateOf,
} from './event.ts';

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

/** Returns our id of an event that Google has under any generation of it. Our ids have no `v`. */
export const firstGenerationOf = (id: string): string => id.replace(/v[2-9]$/, '');

export interface WrittenEvent {
  readonly event: GoogleEvent;
  /** What the event was before. `nothing`: it was created. Undefined: nothing was changed. */
  readonly former: GoogleEvent | 'nothing' | undefined;
}

/** Creates or updates the event as specified, under the first usable generation of its id. */
export const writeEvent = async (scope: CallScope, spec: EventSpec): Promise<WrittenEvent> => {
  for (let generation = 1; generation <= maxEventIds; generation += 1) {
    const inserted = await insert(scope, spec, generation);
    if (inserted) return { event: inserted, former: 'nothing' };
    const changed = await change(scope, spec, generation);
    if (changed !== 'unusable') return changed;
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
  const { body: requestBody, withConference } = spec.newEvent(eventIdAt(spec.eventId, generation));
  try {
    return await client.exchange(operation, connection, call, googleEventSchema, (calendar, options) =>
      calendar.events.insert({ ...targetOf(spec, withConference), requestBody }, options),
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
): Promise<WrittenEvent | 'unusable'> => {
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const stored = await readEvent(scope, spec.calendarId, eventIdAt(spec.eventId, generation));
    if (!stored) return 'unusable';
    const deleted = isDeleted(stored);
    if (deleted && (await readEvent(scope, spec.calendarId, eventIdAt(spec.eventId, generation + 1)))) {
      return 'unusable';
    }
    try {
      return await changeStored(scope, spec, stored);
    } catch (error) {
      if (hasFault(error, 'not_found') || (deleted && hasFault(error, 'not_permitted'))) return 'unusable';
      if (!hasFault(error, 'conflict') || isForeignError(error)) throw error;
    }
  }
  throw keepsChanging(scope);
};

const changeStored = async (
  scope: CallScope,
  spec: EventSpec,
  stored: GoogleEvent,
): Promise<WrittenEvent> => {
  const eventChange = spec.changeOf(stored);
  switch (eventChange.kind) {
    case 'none':
      return { event: stored, former: undefined };
    case 'foreign':
      throw googleError(scope.operation, {
        code: foreignEventCode,
        message: 'the id belongs to an event that is not ours',
      });
    case 'update':
    case 'patch':
      return { event: await applyChange(scope, spec.calendarId, stored, eventChange), former: stored };
  }
};

/** Changes the event, unless another client has changed it since it was read. */
const applyChange = (
  { client, operation, connection, call }: CallScope,
  calendarId: string,
  stored: GoogleEvent,
  { kind, body, withConference }: EventRewrite,
): Promise<GoogleEvent> => {
  const target = { ...targetOf({ calendarId }, withConference), eventId: stored.id, requestBody: body };
  return client.exchange(operation, connection, call, googleEventSchema, (calendar, options) =>
    calendar.events[kind](target, ifUnchanged(options, stored)),
  );
};

const ifUnchanged = <Options extends { readonly headers: Record<string, string> }>(
  options: Options,
  { etag }: GoogleEvent,
): Options =>
  etag === undefined ? options : { ...options, headers: { ...options.headers, 'if-match': etag } };

const foreignEventCode = 'event_of_another';
const isForeignError = (error: unknown): boolean =>
  error instanceof ProviderError && error.vendor.code === foreignEventCode;

const targetOf = ({ calendarId }: Pick<EventSpec, 'calendarId'>, withConference: boolean) => ({
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

/** Returns our event as a person sees it, under any generation of its id; undefined when it was deleted. */
export const findEvent = async (
  scope: CallScope,
  { calendarId, eventId, reference }: OurEvent,
): Promise<GoogleEvent | undefined> => {
  for (let generation = 1; generation <= maxEventIds; generation += 1) {
    const stored = await readEvent(scope, calendarId, eventIdAt(eventId, generation));
    if (stored && !isDeleted(stored) && !isForeign(stored, reference)) return stored;
    if (!stored && generation > 1) return undefined;
  }
  return undefined;
};

/**
 * Ends the uses in every generation of the event, and deletes the generations that have no use left. Idempotent. Stops
 * at the first unknown generation after the first one; the first can be unknown because Google has forgotten it.
 */
export const deleteEvent = async (scope: CallScope, event: EventToDelete): Promise<'deleted' | 'absent'> => {
  let result: 'deleted' | 'absent' = 'absent';
  for (let generation = 1; generation <= maxEventIds; generation += 1) {
    if (event.only !== undefined && event.only !== eventIdAt(event.eventId, generation)) continue;
    const outcome = await deleteGeneration(scope, event, generation);
    if (outcome === 'deleted') result = 'deleted';
    if (outcome === 'unknown' && generation > 1) break;
  }
  return result;
};

const deleteGeneration = async (
  scope: CallScope,
  event: EventToDelete,
  generation: number,
): Promise<'deleted' | 'absent' | 'unknown'> => {
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const stored = await readEvent(scope, event.calendarId, eventIdAt(event.eventId, generation));
    if (!stored) return 'unknown';
    if (isDeleted(stored) || isForeign(stored, event.reference)) return 'absent';
    const { ended, properties, endsConference } = endUses(privateOf(stored), event.keys);
    if (ended === 'none') return 'absent';
    try {
      if (ended === 'all') await removeStored(scope, event.calendarId, stored);
      else {
        const change = changeForRemainingUses(stored, properties, endsConference);
        await applyChange(scope, event.calendarId, stored, change);
      }
      return 'deleted';
    } catch (error) {
      if (hasFault(error, 'not_found')) return 'absent';
      if (!hasFault(error, 'conflict')) throw error;
    }
  }
  throw keepsChanging(scope);
};

const removeStored = async (
  { client, operation, connection, call }: CallScope,
  calendarId: string,
  stored: GoogleEvent,
): Promise<void> => {
  await client.exchange(operation, connection, call, z.unknown(), (calendar, options) =>
    calendar.events.delete(
      { calendarId, eventId: stored.id, sendUpdates: 'none' },
      ifUnchanged(options, stored),
    ),
  );
};

const keepsChanging = ({ operation }: CallScope): ProviderError =>
  googleError(operation, {
    code: 'event_keeps_changing',
    message: `another client changed the event before each of our ${writeAttempts} writes`,
  });

const hasFault = (error: unknown, kind: ProviderFaultKind): boolean =>
  error instanceof ProviderError && error.fault.kind === kind;
