/** Defines an Outlook event: its stored form, its entity tag, and the form that Graph sends. */
import { z } from 'zod';
import { renderTime } from './event-time.ts';
import type { Preferences } from './preferences.ts';

/** https://learn.microsoft.com/graph/api/resources/event#properties */
export const showAsValues = [
  'free',
  'tentative',
  'busy',
  'oof',
  'workingElsewhere',
  'unknown',
  'unknownFutureValue',
] as const;

export const responses = [
  'none',
  'organizer',
  'tentativelyAccepted',
  'accepted',
  'declined',
  'notResponded',
] as const;

/** https://learn.microsoft.com/graph/api/resources/event#properties */
const onlineMeetingProviders = [
  'unknown',
  'skypeForBusiness',
  'skypeForConsumer',
  'teamsForBusiness',
] as const;

const eventTypes = ['singleInstance', 'occurrence', 'exception', 'seriesMaster'] as const;

export const extendedPropertySchema = z.object({ id: z.string(), value: z.string() });
export type ExtendedProperty = z.infer<typeof extendedPropertySchema>;

/** Fields that the sandbox stores and returns unchanged. */
export const eventDetailsSchema = z.object({
  subject: z.string().optional(),
  body: z.object({ contentType: z.enum(['text', 'html']), content: z.string() }).optional(),
  location: z.looseObject({ displayName: z.string().optional() }).optional(),
  showAs: z.enum(showAsValues).optional(),
  sensitivity: z.enum(['normal', 'personal', 'private', 'confidential']).optional(),
  importance: z.enum(['low', 'normal', 'high']).optional(),
  categories: z.array(z.string()).optional(),
  isReminderOn: z.boolean().optional(),
  reminderMinutesBeforeStart: z.int32().optional(),
  locations: z.array(z.looseObject({ displayName: z.string().optional() })).optional(),
  attendees: z.array(z.looseObject({})).optional(),
  isOnlineMeeting: z.boolean().optional(),
  onlineMeetingProvider: z.enum(onlineMeetingProviders).optional(),
});
export type EventDetails = z.infer<typeof eventDetailsSchema>;

export const storedEventSchema = z.object({
  /** The id that stays the same. */
  immutableId: z.string(),
  /** The id of a request that does not ask for immutable ids. */
  id: z.string(),
  iCalUId: z.string(),
  /** Increases with every change. The entity tag contains it. */
  revision: z.int(),
  created: z.number(),
  updated: z.number(),
  startMs: z.number(),
  endMs: z.number(),
  /** The name of the zone in which the event was written. */
  zone: z.string(),
  isAllDay: z.boolean(),
  details: eventDetailsSchema,
  properties: z.array(extendedPropertySchema),
  transactionId: z.string().optional(),
  /** The Teams meeting of the event. Its details say nothing about it once it exists. */
  onlineMeeting: z.object({ id: z.string(), joinUrl: z.string() }).optional(),
  /** What the client sent, to compare a repeated creation with. */
  request: z.string(),
  response: z.enum(responses),
  respondedAt: z.number().optional(),
  type: z.enum(eventTypes).default('singleInstance'),
  /** The series of an occurrence or an exception: both ids of its master. */
  series: z.object({ immutableId: z.string(), id: z.string() }).optional(),
  /** For the copy of a guest: the immutable id of the event of its organizer. */
  copyOf: z.string().optional(),
  /** Deleted events stay in the mailbox, but in no calendar. */
  deleted: z.boolean(),
  /** `foreign` events were created by the calendar's owner, not through the API. */
  origin: z.enum(['api', 'foreign']),
});
export type StoredEvent = z.infer<typeof storedEventSchema>;

/** Returns the entity tag of the current revision. */
export const entityTag = ({ revision }: StoredEvent): string =>
  `W/"${Buffer.from(`sandbox ${revision}`).toString('base64')}"`;

/** An event that lasts all day has no instants: its dates are rendered as midnight, whatever zone is preferred. */
const timeOf = (event: StoredEvent, epochMs: number, preferences: Preferences) =>
  event.isAllDay
    ? { ...renderTime(epochMs, 'UTC'), timeZone: preferences.zone }
    : renderTime(epochMs, preferences.zone);

/** Returns the event as Graph sends it. Without `expanded`, no extended properties are sent. */
export const renderEvent = (
  event: StoredEvent,
  preferences: Preferences,
  expanded: readonly string[] = [],
) => {
  const { details } = event;
  const text = details.body?.content ?? '';
  const wanted = new Set(expanded.map((id) => id.toLowerCase()));
  const properties = event.properties.filter(({ id }) => wanted.has(id.toLowerCase()));
  return {
    '@odata.etag': entityTag(event),
    id: preferences.immutableIds ? event.immutableId : event.id,
    createdDateTime: new Date(event.created).toISOString(),
    lastModifiedDateTime: new Date(event.updated).toISOString(),
    changeKey: entityTag(event).slice(3, -1),
    categories: details.categories ?? [],
    transactionId: event.transactionId ?? null,
    originalStartTimeZone: event.zone,
    originalEndTimeZone: event.zone,
    iCalUId: event.iCalUId,
    reminderMinutesBeforeStart: details.reminderMinutesBeforeStart ?? 15,
    isReminderOn: details.isReminderOn ?? true,
    hasAttachments: false,
    subject: details.subject ?? '',
    bodyPreview: text.slice(0, 255),
    importance: details.importance ?? 'normal',
    sensitivity: details.sensitivity ?? 'normal',
    isAllDay: event.isAllDay,
    isCancelled: false,
    isOrganizer: event.response === 'organizer',
    seriesMasterId: seriesMasterOf(event, preferences),
    showAs: details.showAs ?? 'busy',
    type: event.type,
    isOnlineMeeting: isOnlineMeeting(event),
    onlineMeetingProvider: event.onlineMeeting ? 'teamsForBusiness' : 'unknown',
    onlineMeeting: event.onlineMeeting ? { joinUrl: event.onlineMeeting.joinUrl } : null,
    recurrence: null,
    responseStatus: {
      response: event.response,
      time:
        event.respondedAt === undefined ? '0001-01-01T00:00:00Z' : new Date(event.respondedAt).toISOString(),
    },
    body:
      preferences.body === 'text'
        ? { contentType: 'text', content: text }
        : { contentType: 'html', content: `<html><body>${text}</body></html>` },
    start: timeOf(event, event.startMs, preferences),
    end: timeOf(event, event.endMs, preferences),
    location: details.location ?? { displayName: '' },
    locations: details.locations ?? (details.location ? [details.location] : []),
    attendees: details.attendees ?? [],
    ...(properties.length > 0 ? { singleValueExtendedProperties: properties } : {}),
  };
};

/** An event of a person can have a meeting of a service that the sandbox does not simulate. */
const isOnlineMeeting = ({ onlineMeeting, origin, details }: StoredEvent): boolean =>
  onlineMeeting !== undefined || (origin === 'foreign' && details.isOnlineMeeting === true);

const seriesMasterOf = ({ series }: StoredEvent, { immutableIds }: Preferences): string | null =>
  (immutableIds ? series?.immutableId : series?.id) ?? null;

/** Returns an occurrence as a change query lists it: https://github.com/microsoftgraph/microsoft-graph-docs/issues/22197 */
export const renderOccurrence = (event: StoredEvent, preferences: Preferences) => ({
  id: preferences.immutableIds ? event.immutableId : event.id,
  seriesMasterId: seriesMasterOf(event, preferences),
  type: event.type,
  start: timeOf(event, event.startMs, preferences),
  end: timeOf(event, event.endMs, preferences),
});
