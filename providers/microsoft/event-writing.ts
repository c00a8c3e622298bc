/**
 * Writes and deletes events. Outlook chooses the ids of events, so an event is found by our id, which is one of its
 * extended properties. Every write is preceded by this search, and every change names the ETag that the search returned.
 */
import { z } from 'zod';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { isCopy } from '../event-copies.ts';
import { withoutEffect } from '../operations.ts';
import type { CalendarEvent, CallContext, ConnectedAccount, EventToDelete, OurEvent } from '../ports.ts';
import { calendarPath, mainCalendar } from './calendar-name.ts';
import {
  canBeOurs,
  changeOf,
  changeOfUses,
  creationOf,
  type GraphEvent,
  graphEventSchema,
  newEvent,
} from './event.ts';
import { isForeign, marksIn, usesAfter, withEventId, withMarks } from './event-marks.ts';
import type { GraphClient } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import { polled } from './late-listing.ts';

/** The connection, the call and the operation of a request. */
interface CallScope {
  readonly client: GraphClient;
  readonly operation: ProviderOperation;
  readonly connection: ConnectedAccount;
  readonly call: CallContext;
}

/** Another client can change the event between our read and our write; each conflict costs one attempt. */
const writeAttempts = 5;
/** A person who keeps deleting the event uses one transaction id each time. */
const maxGenerations = 6;
/** An event that is older than this was created by an earlier attempt with the same transaction id. */
const freshMs = 60_000;

interface WrittenEvent {
  readonly event: GraphEvent;
  /** What the event was before. `nothing`: it was created. Undefined: nothing was changed. */
  readonly former: GraphEvent | 'nothing' | undefined;
}

/**
 * Creates the event, or changes the existing one. Idempotent by `eventId`. A created event is read once more: the answer can
 * be the event that another attempt has created, with its content. The search can list it late.
 */
export const writeEvent = async (scope: CallScope, event: CalendarEvent): Promise<WrittenEvent> => {
  let created: Creation | undefined;
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const listed = await find(scope, event);
    const stored = listed ?? (created?.event && (await read(scope, event.calendarId, created.event)));
    if (stored) {
      const changed = await change(scope, event, stored);
      // After its creation, the event is as this call has written it, unless a simultaneous attempt has.
      if (changed) return created?.event && !changed.former ? { ...changed, former: 'nothing' } : changed;
    } else created = await create(scope, event, created ? created.generation + 1 : 1);
  }
  throw keepsChanging(scope);
};

/** Changes the event; undefined when another client has changed or deleted it since it was read. */
const change = async (
  scope: CallScope,
  event: CalendarEvent,
  stored: GraphEvent,
): Promise<WrittenEvent | undefined> => {
  const body = changeOf(stored, event);
  if (!body) return { event: stored, former: undefined };
  try {
    return { event: await patch(scope, event.calendarId, stored, body), former: stored };
  } catch (error) {
    if (hasFault(error, 'conflict') || hasFault(error, 'not_found')) return undefined;
    throw error;
  }
};

interface Creation {
  readonly generation: number;
  /** Undefined when the event exists already. */
  readonly event: GraphEvent | undefined;
}

/**
 * Creates the event under the first transaction id that is still free. The documentation does not say how Graph answers
 * to a known transaction id: clients report the error `ErrorDuplicateTransactionId`, or the earlier event. In either case
 * the earlier event is searched. When it is not in the calendar any more, a person has deleted it.
 */
const create = async (scope: CallScope, event: CalendarEvent, first: number): Promise<Creation> => {
  for (let generation = first; generation <= maxGenerations; generation += 1) {
    const created = await post(scope, event, generation);
    if (created) return { generation, event: created };
    const earlier = generation === first ? await findLate(scope, event) : await find(scope, event);
    if (earlier) return { generation, event: undefined };
  }
  throw graphError(scope.operation, {
    code: 'event_ids_used_up',
    message: `the event was deleted ${maxGenerations} times and cannot be created again`,
  });
};

/** Returns the event of an answer; undefined when a person has deleted it. */
const read = async (
  { client, operation, connection, call }: CallScope,
  calendarId: string,
  event: GraphEvent,
): Promise<GraphEvent | undefined> => {
  try {
    return await client.exchange(withoutEffect(operation), connection, call, graphEventSchema, {
      method: 'get',
      path: `${pathOf(calendarId, event)}?${withMarks}`,
      isOwnCalendar: calendarId === mainCalendar,
    });
  } catch (error) {
    if (hasFault(error, 'not_found')) return undefined;
    throw error;
  }
};

/** Creates the event; undefined when its transaction id was used before. */
const post = async (
  { client, operation, connection, call }: CallScope,
  event: CalendarEvent,
  generation: number,
): Promise<GraphEvent | undefined> => {
  const sentAt = Date.now();
  try {
    const created = await client.exchange(operation, connection, call, graphEventSchema, {
      method: 'post',
      path: `${calendarPath(event.calendarId)}/events`,
      body: newEvent(event, generation),
      isOwnCalendar: event.calendarId === mainCalendar,
    });
    return Date.parse(created.createdDateTime ?? '') < sentAt - freshMs ? undefined : created;
  } catch (error) {
    if (error instanceof ProviderError && error.vendor.code === 'ErrorDuplicateTransactionId')
      return undefined;
    throw error;
  }
};

const pageSchema = z.object({ value: z.array(graphEventSchema) });

/**
 * Returns the event with our id; undefined when the calendar has none. A copy that a person made has our properties too, and
 * possibly our transaction id. Then its UID tells it, or the oldest event is ours when no UID is known yet. @param only the provider's id of the event
 */
const find = async (
  { client, operation, connection, call }: CallScope,
  event: OurEvent,
  only?: string,
): Promise<GraphEvent | undefined> => {
  const { value } = await client.exchange(withoutEffect(operation), connection, call, pageSchema, {
    method: 'get',
    path: `${calendarPath(event.calendarId)}/events?${withEventId(event.eventId)}&${withMarks}&$top=50`,
    isOwnCalendar: event.calendarId === mainCalendar,
  });
  const [oldest] = value
    .filter(({ transactionId }) => canBeOurs(transactionId))
    .filter((found) => !isKnownCopy(found, event))
    .filter(({ singleValueExtendedProperties: marks }) => !isForeign(marksIn(marks), event))
    .filter(({ id }) => only === undefined || id === only)
    .toSorted((a, b) => (a.createdDateTime ?? '').localeCompare(b.createdDateTime ?? ''));
  return oldest;
};

const isKnownCopy = (found: GraphEvent, { created = [] }: OurEvent): boolean => {
  const creation = creationOf(found);
  return creation !== undefined && isCopy(creation, created);
};

/** Returns the event with our id, also one that another attempt has just created. */
const findLate = (scope: CallScope, event: OurEvent, only?: string): Promise<GraphEvent | undefined> =>
  polled(scope, () => find(scope, event, only));

/** Changes the event, unless another client has changed it since it was read. */
const patch = (
  { client, operation, connection, call }: CallScope,
  calendarId: string,
  stored: GraphEvent,
  body: object,
): Promise<GraphEvent> =>
  client.exchange(operation, connection, call, graphEventSchema, {
    method: 'patch',
    path: pathOf(calendarId, stored),
    body,
    ifMatch: stored['@odata.etag'],
    isOwnCalendar: calendarId === mainCalendar,
  });

const pathOf = (calendarId: string, { id }: GraphEvent): string =>
  `${calendarPath(calendarId)}/events/${encodeURIComponent(id)}`;

/** Ends the uses of the event, and deletes it when none is left. Idempotent. */
export const deleteEvent = async (scope: CallScope, event: EventToDelete): Promise<'deleted' | 'absent'> => {
  for (let attempt = 0; attempt < writeAttempts; attempt += 1) {
    const stored = await findLate(scope, event, event.only);
    if (!stored) return 'absent';
    const marks = marksIn(stored.singleValueExtendedProperties);
    const remaining = usesAfter(marks, event.keys);
    if (remaining === 'none') return 'absent';
    try {
      if (marks && Object.keys(remaining).length > 0) {
        await patch(scope, event.calendarId, stored, changeOfUses(stored, event.eventId, marks, remaining));
      } else await remove(scope, event.calendarId, stored);
      return 'deleted';
    } catch (error) {
      if (hasFault(error, 'not_found')) return 'absent';
      if (!hasFault(error, 'conflict')) throw error;
    }
  }
  throw keepsChanging(scope);
};

/**
 * Deletes the event. Outlook informs its guests: the room, which is free again, and people whom a person has added.
 */
const remove = async (
  { client, operation, connection, call }: CallScope,
  calendarId: string,
  stored: GraphEvent,
): Promise<void> => {
  await client.exchange(operation, connection, call, z.unknown(), {
    method: 'delete',
    path: pathOf(calendarId, stored),
    ifMatch: stored['@odata.etag'],
    isOwnCalendar: calendarId === mainCalendar,
  });
};

const keepsChanging = ({ operation }: CallScope): ProviderError =>
  graphError(operation, {
    code: 'event_keeps_changing',
    message: `another client changed the event before each of our ${writeAttempts} writes`,
  });

const hasFault = (error: unknown, kind: ProviderFaultKind): boolean =>
  error instanceof ProviderError && error.fault.kind === kind;
