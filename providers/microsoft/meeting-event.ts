/**
 * Creates, moves and deletes the event of a Teams meeting, in the main calendar of the host:
 * https://learn.microsoft.com/graph/outlook-calendar-online-meetings. The event is apart from those that an audition writes for
 * its participants: once an event is an online meeting, it stays one (https://learn.microsoft.com/graph/api/resources/event,
 * `isOnlineMeeting`), and another provider may take the place of Teams. It leaves the time of the host free.
 *
 * Idempotent by our reference, an extended property of the event, and by the transaction id: Graph does not make a second event for it.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Slot } from '../../domain/audition/slot.ts';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { cutText } from '../../domain/text-length.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { withoutEffect } from '../operations.ts';
import { afterCreation } from './after-creation.ts';
import { calendarPath, mainCalendar } from './calendar-name.ts';
import { propertyOfMeeting, withMeetingReference } from './event-marks.ts';
import { graphTimeOf, graphTimeSchema, instantOf } from './event-time.ts';
import { graphError } from './graph-errors.ts';
import { polled, pollMs, wait } from './late-listing.ts';
import { onlineMeetingErrors } from './meeting-errors.ts';
import type { MeetingCall } from './meeting-pages.ts';

/** https://learn.microsoft.com/graph/api/resources/onlinemeetinginfo */
const eventSchema = z.object({
  id: z.string().describe('The immutable id of the event'),
  subject: z.string().nullish().describe('The topic'),
  start: graphTimeSchema.nullish().describe('When the event begins'),
  end: graphTimeSchema.nullish().describe('When the event ends'),
  isOnlineMeeting: z.boolean().nullish().describe('False when the account may not have such a meeting'),
  onlineMeeting: z
    .object({ joinUrl: z.string().nullish().describe('The link by which people join') })
    .nullish()
    .describe('The meeting. Absent while Microsoft creates it'),
  createdDateTime: z.string().nullish().describe('When the event was created'),
});
type StoredMeetingEvent = z.infer<typeof eventSchema>;

/** https://learn.microsoft.com/graph/api/resources/calendar#properties */
const calendarSchema = z.object({
  allowedOnlineMeetingProviders: z
    .array(z.string())
    .nullish()
    .describe('The services whose meetings an event of the calendar can be'),
});

export interface MeetingEvent {
  readonly id: string;
  readonly joinUrl: string;
}

interface MeetingEventSpec {
  readonly reference: string;
  readonly topic: string;
  readonly slot: Slot;
}

const teams = 'teamsForBusiness';
const fields = '$select=id,subject,start,end,isOnlineMeeting,onlineMeeting,createdDateTime';
const eventsPath = `${calendarPath(mainCalendar)}/events`;
const pathOf = (id: string): string => `${eventsPath}/${encodeURIComponent(id)}`;
/** No limit is documented. Outlook cuts longer subjects. */
const maxSubjectLength = 255;
/** A person who keeps deleting the event uses one transaction id each time. */
const maxGenerations = 3;
/** An event that is older than this was created by an earlier attempt. */
const freshMs = 60_000;

/**
 * Returns the event with the reference, created if it does not exist, with this time and topic. Undefined when the account may not
 * have Teams meetings in its calendar: nothing is left behind then.
 *
 * @throws {ProviderError} of a request. After the creation, it is one that leaves an effect.
 */
export const openMeetingEvent = async (
  scope: MeetingCall,
  spec: MeetingEventSpec,
): Promise<MeetingEvent | undefined> => {
  const found = await findMeetingEvents(scope, spec.reference);
  const [earlier] = found ?? [];
  if (!earlier && !(found && (await mayHaveTeams(scope)))) return undefined;
  const event = earlier ?? (await create(scope, spec));
  // An earlier request can have created it, at another time: also one whose answer says that it was created a moment ago.
  if (!hasContent(event, spec)) await afterCreation(moveMeetingEvent(scope, event.id, spec));
  if (event.isOnlineMeeting === false) {
    await afterCreation(removeMeetingEvent(scope, event.id));
    return undefined;
  }
  return { id: event.id, joinUrl: await afterCreation(linkOf(scope, event)) };
};

/**
 * Returns the events with the reference, the oldest first. Undefined for an account whose mailbox Graph cannot reach: it can have
 * Teams meetings, and none of them is a part of an event.
 */
const findMeetingEvents = async (
  scope: MeetingCall,
  reference: string,
): Promise<readonly StoredMeetingEvent[] | undefined> => {
  const path = `${eventsPath}?${withMeetingReference(reference)}&${fields}&$top=50`;
  try {
    const { value } = await read(scope, path, z.object({ value: z.array(eventSchema) }));
    return value.toSorted((a, b) => (a.createdDateTime ?? '').localeCompare(b.createdDateTime ?? ''));
  } catch (error) {
    if (hasFault(error, 'not_found') || hasFault(error, 'not_permitted')) return undefined;
    throw error;
  }
};

/**
 * Returns the events of an earlier request with the reference, the oldest first. Asks several times, because the search does not list
 * a new event immediately: an event that is not found here would be left in the calendar, or created again.
 */
export const awaitMeetingEvents = async (
  scope: MeetingCall,
  reference: string,
): Promise<readonly StoredMeetingEvent[]> => {
  const found = await polled(scope, async () => {
    const events = await findMeetingEvents(scope, reference);
    // A mailbox that cannot be reached has no events of ours.
    return events?.length === 0 ? undefined : { events };
  });
  return found?.events ?? [];
};

/** Gives the event this time and topic. Idempotent, because both are absolute. @throws {ProviderError} `not_found` */
export const moveMeetingEvent = async (
  scope: MeetingCall,
  id: string,
  spec: Pick<MeetingEventSpec, 'topic' | 'slot'>,
): Promise<void> => {
  const { client, operation, connection, call } = scope;
  await client.exchange(operation, connection, call, z.unknown(), {
    method: 'patch',
    path: pathOf(id),
    body: contentOf(spec),
    isOwnCalendar: true,
  });
};

/** Deletes the event, and its meeting with it. */
export const removeMeetingEvent = async (scope: MeetingCall, id: string): Promise<'deleted' | 'absent'> => {
  const { client, operation, connection, call } = scope;
  try {
    const request = { method: 'delete', path: pathOf(id), isOwnCalendar: true } as const;
    await client.exchange(operation, connection, call, z.unknown(), request);
    return 'deleted';
  } catch (error) {
    if (hasFault(error, 'not_found')) return 'absent';
    throw error;
  }
};

/** Returns whether the calendar has the event. */
export const hasMeetingEvent = async (scope: MeetingCall, id: string): Promise<boolean> => {
  try {
    await read(scope, `${pathOf(id)}?$select=id`, z.unknown());
    return true;
  } catch (error) {
    if (hasFault(error, 'not_found')) return false;
    throw error;
  }
};

const read = <Shape extends z.ZodType>(
  { client, operation, connection, call }: MeetingCall,
  path: string,
  answer: Shape,
): Promise<z.output<Shape>> =>
  client.exchange(withoutEffect(operation), connection, call, answer, {
    method: 'get',
    path,
    isOwnCalendar: true,
  });

const mayHaveTeams = async (scope: MeetingCall): Promise<boolean> => {
  const path = `${calendarPath(mainCalendar)}?$select=allowedOnlineMeetingProviders`;
  const { allowedOnlineMeetingProviders } = await read(scope, path, calendarSchema);
  return allowedOnlineMeetingProviders?.includes(teams) ?? false;
};

/**
 * Creates the event under the first transaction id that is still free. Graph answers to a known one with an error or with the
 * earlier event (see `event-writing.ts`), which a person can have deleted: in either case the earlier event is searched.
 */
const create = async (scope: MeetingCall, spec: MeetingEventSpec): Promise<StoredMeetingEvent> => {
  for (let generation = 1; generation <= maxGenerations; generation += 1) {
    const created = await post(scope, spec, generation);
    if (created && (await afterCreation(hasMeetingEvent(scope, created.id)))) return created;
    const [earlier] = await afterCreation(awaitMeetingEvents(scope, spec.reference));
    if (earlier) return earlier;
  }
  throw graphError(
    scope.operation,
    {
      code: 'event_ids_used_up',
      message: `the event of the meeting was deleted ${maxGenerations} times and cannot be created again`,
    },
    onlineMeetingErrors,
  );
};

/** Creates the event; undefined when its transaction id was used before. */
const post = async (
  { client, operation, connection, call }: MeetingCall,
  spec: MeetingEventSpec,
  generation: number,
): Promise<StoredMeetingEvent | undefined> => {
  const sentAt = Date.now();
  try {
    const created = await client.exchange(operation, connection, call, eventSchema, {
      method: 'post',
      path: eventsPath,
      body: {
        ...contentOf(spec),
        isOnlineMeeting: true,
        onlineMeetingProvider: teams,
        showAs: 'free',
        isReminderOn: false,
        transactionId: transactionIdOf(spec.reference, generation),
        ...propertyOfMeeting(spec.reference),
      },
      isOwnCalendar: true,
    });
    return Date.parse(created.createdDateTime ?? '') < sentAt - freshMs ? undefined : created;
  } catch (error) {
    if (error instanceof ProviderError && error.vendor.code === 'ErrorDuplicateTransactionId')
      return undefined;
    throw error;
  }
};

const subjectOf = (topic: string): string => cutText(topic, maxSubjectLength);

const contentOf = ({ topic, slot }: Pick<MeetingEventSpec, 'topic' | 'slot'>) => ({
  subject: subjectOf(topic),
  start: graphTimeOf(slot.start),
  end: graphTimeOf(slot.end),
});

/** A time that cannot be read counts as another one. */
const hasContent = (
  { subject, start, end }: StoredMeetingEvent,
  { topic, slot }: Pick<MeetingEventSpec, 'topic' | 'slot'>,
): boolean => subject === subjectOf(topic) && isInstant(start, slot.start) && isInstant(end, slot.end);

const isInstant = (time: StoredMeetingEvent['start'], instant: Instant): boolean => {
  const stored = time ? instantOf(time) : undefined;
  return stored !== undefined && Date.parse(stored) === Date.parse(instant);
};

/** It must not look like that of an event of an audition (`canBeOurs` in `event.ts`). */
const transactionIdOf = (reference: string, generation: number): string =>
  `meeting-${createHash('sha256').update(`${reference}\n${generation}`).digest('hex').slice(0, 40)}`;

/** Returns the link of the meeting, which Microsoft can add to the event after its creation. */
const linkOf = async (scope: MeetingCall, created: StoredMeetingEvent): Promise<string> => {
  let event = created;
  for (const delay of pollMs) {
    if (event.onlineMeeting?.joinUrl) break;
    await wait(scope, delay);
    event = await read(scope, `${pathOf(created.id)}?${fields}`, eventSchema);
  }
  const link = event.onlineMeeting?.joinUrl;
  if (link) return link;
  throw graphError(
    scope.operation,
    { code: 'meeting_without_link', message: 'Microsoft has created the event without its Teams meeting' },
    onlineMeetingErrors,
  );
};

const hasFault = (error: unknown, kind: ProviderFaultKind): boolean =>
  error instanceof ProviderError && error.fault.kind === kind;
