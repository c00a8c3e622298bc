/**
 * Reads and writes the marks of an event of ours: extended properties, which no client of Outlook shows.
 * https://learn.microsoft.com/graph/api/resources/extended-properties-overview
 *
 * There are two properties. One has our event id, to find the event by it. The other has everything else as JSON, because
 * Graph returns a property only when a request names it, and the names of the uses are not known in advance.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJsonOrUndefined } from '../http/json.ts';
import type { EventToDelete, EventUse, OurEvent } from '../ports.ts';

/** The namespace of our properties. */
const namespace = '{4f0b5c83-6d6e-4c1e-9a43-1c8f2f7a5b10}';
const eventIdProperty = `String ${namespace} Name castmatchEventId`;
const marksProperty = `String ${namespace} Name castmatchMarks`;
/** The event of a Teams meeting has this property only. It is no event that the synchronisation reads. */
const meetingProperty = `String ${namespace} Name castmatchMeeting`;

const marksSchema = z.object({
  reference: z.string().describe('The audition'),
  revision: z.int().describe('The revision of the audition that was written last'),
  text: z.string().describe('Identifies the texts that were written last, as `textMarkOf` does'),
  uses: z.record(z.string(), z.string()).describe('Digests of the users, each with that of its step'),
  reminders: z
    .string()
    .optional()
    .describe('The reminders that were written last, as `reminderText` names them'),
  room: z.string().optional().describe('The address of the room that we have added to the guests'),
});
export type EventMarks = z.infer<typeof marksSchema>;

export const extendedPropertiesSchema = z
  .array(z.object({ id: z.string(), value: z.string() }))
  .nullish()
  .describe('The properties that the request names');
type ExtendedProperties = z.infer<typeof extendedPropertiesSchema>;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);

/** The query that adds our properties to the events of an answer. */
export const withMarks = `$expand=${encodeURIComponent(
  `singleValueExtendedProperties($filter=id eq '${eventIdProperty}' or id eq '${marksProperty}')`,
)}`;

/** Returns the query that selects the events with our id. */
export const withEventId = (eventId: string): string =>
  `$filter=${encodeURIComponent(
    `singleValueExtendedProperties/Any(ep: ep/id eq '${eventIdProperty}' and ep/value eq '${eventId}')`,
  )}`;

/** Returns the query that selects the events of the Teams meeting with our reference. */
export const withMeetingReference = (reference: string): string =>
  `$filter=${encodeURIComponent(
    `singleValueExtendedProperties/Any(ep: ep/id eq '${meetingProperty}' and ep/value eq '${reference}')`,
  )}`;

/** Returns the property of the event of a Teams meeting. */
export const propertyOfMeeting = (reference: string) => ({
  singleValueExtendedProperties: [{ id: meetingProperty, value: reference }],
});

/** Returns the properties of an event with these marks. */
export const propertiesOf = (eventId: string, marks: EventMarks) => ({
  singleValueExtendedProperties: [
    { id: eventIdProperty, value: eventId },
    { id: marksProperty, value: JSON.stringify(marks) },
  ],
});

/** Returns our id of the event; undefined when the event is not ours. */
export const eventIdIn = (properties: ExtendedProperties): string | undefined =>
  valueOf(properties, eventIdProperty);

/** Returns the marks of an event; undefined when it has none, or when another program has altered them. */
export const marksIn = (properties: ExtendedProperties): EventMarks | undefined =>
  marksSchema.safeParse(parseJsonOrUndefined(valueOf(properties, marksProperty) ?? '')).data;

/** Graph can answer with another spelling of the namespace. */
const valueOf = (properties: ExtendedProperties, name: string): string | undefined =>
  properties?.find(({ id }) => id.toLowerCase() === name.toLowerCase())?.value;

type Uses = EventMarks['uses'];

/** Returns the mark of a participant's use. */
export const useOf = ({ name, key }: EventUse): Uses => ({ [digest(name)]: digest(key) });

/** Returns whether the event has the use, written by the same step. */
export const hasUse = (marks: EventMarks | undefined, use: Uses): boolean =>
  Object.entries(use).every(([user, key]) => marks?.uses[user] === key);

/** Returns whether the same user has a use of the event, whichever step wrote it. */
export const hasUser = (marks: Pick<EventMarks, 'uses'> | undefined, use: Uses): boolean =>
  Object.keys(use).every((user) => marks?.uses[user] !== undefined);

/**
 * Returns the uses that remain after the end of those that steps with these keys have begun; `none` when these steps have
 * no use of the event. An event without marks was stripped of them: only these steps can have written it.
 */
export const usesAfter = (marks: EventMarks | undefined, keys: EventToDelete['keys']): Uses | 'none' => {
  if (keys === 'all') return {};
  const ending = new Set(keys.map(digest));
  const uses = Object.entries(marks?.uses ?? {});
  const remaining = uses.filter(([, key]) => !ending.has(key));
  return remaining.length === uses.length && uses.length > 0 ? 'none' : Object.fromEntries(remaining);
};

/** Returns whether the marks name another audition. A copied database can have written them. */
export const isForeign = (
  marks: EventMarks | undefined,
  { reference }: Pick<OurEvent, 'reference'>,
): boolean => marks !== undefined && marks.reference !== reference;
