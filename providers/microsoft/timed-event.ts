/** Reads when an event of a list is, and whether it blocks its time. */
import { z } from 'zod';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { type BusyKind, busyKindOf } from '../../domain/calendars/busy-kind.ts';
import { nearestInstant } from '../../domain/time/epoch.ts';
import { optionalField } from '../optional-field.ts';
import type { ListedEvent } from '../ports.ts';
import { extendedPropertiesSchema } from './event-marks.ts';
import { allDayInterval, epochMsOf, graphTimeSchema, instantOf, unknownZoneIn } from './event-time.ts';
import { ianaZoneOf } from './windows-zones.ts';

/** An event without an id or a time cannot be read. Everything else can be missing. */
export const timedEventSchema = z.object({
  id: z.string().min(1),
  iCalUId: optionalField(z.string()).describe('The UID, the same in each copy of an invitation'),
  isAllDay: optionalField(z.boolean()),
  isCancelled: optionalField(z.boolean()),
  showAs: optionalField(z.string()).describe('free, tentative, busy, oof, workingElsewhere or unknown'),
  start: graphTimeSchema,
  end: graphTimeSchema,
  originalStartTimeZone: optionalField(z.string()).describe('The zone in which the event was created'),
  responseStatus: optionalField(
    z.object({ response: optionalField(z.string()), time: optionalField(z.string()) }),
  ).describe("The owner's answer; without one, its time is in the year 1"),
  singleValueExtendedProperties: optionalField(extendedPropertiesSchema),
});
export type TimedEvent = z.infer<typeof timedEventSchema>;

/** The fields of `timedEventSchema`, so that Graph does not send the texts of the events, private ones included. */
export const timedEventFields =
  'id,iCalUId,isAllDay,isCancelled,showAs,start,end,originalStartTimeZone,responseStatus';

/** https://learn.microsoft.com/graph/api/resources/event#properties. Every other status is busy, the unknown ones too. */
const shownAs: ReadonlyMap<string, 'free' | 'elsewhere' | 'tentative' | 'absent'> = new Map([
  ['free', 'free'],
  ['workingElsewhere', 'elsewhere'],
  ['tentative', 'tentative'],
  ['oof', 'absent'],
]);

/** https://learn.microsoft.com/graph/api/resources/responsestatus. The organizer and `none` have no answer to give. */
const answers: ReadonlyMap<string, 'pending' | 'tentative' | 'accepted' | 'declined'> = new Map([
  ['notResponded', 'pending'],
  ['tentativelyAccepted', 'tentative'],
  ['accepted', 'accepted'],
  ['declined', 'declined'],
]);

/**
 * Returns the answer of the mailbox's owner. A new time of the event does not remove it: only its own time tells whether it
 * is about the new one.
 */
export const ownersAnswer = ({ responseStatus }: TimedEvent): ListedEvent['answer'] => {
  const given = answers.get(responseStatus?.response ?? '');
  if (given === undefined || given === 'pending') return undefined;
  const time = epochMsOf(responseStatus?.time ?? '') ?? 0;
  return { given, givenAt: time > 0 ? nearestInstant(time) : undefined, endsWithRevision: false };
};

/** Returns whether the event blocks its time (docs/conflicts.md). */
export const outlookBusyKind = ({ isCancelled, showAs, responseStatus }: TimedEvent): BusyKind =>
  busyKindOf({
    isCancelled: isCancelled === true,
    shownAs: shownAs.get(showAs ?? '') ?? 'busy',
    answer: answers.get(responseStatus?.response ?? ''),
  });

/**
 * Returns when the event begins and ends; undefined when its times cannot be read. The end can be before the start.
 * Without the zone of the mailbox, the dates of an event are read in the zone in which it was created, or in UTC.
 */
export const timesOf = (event: TimedEvent, mailboxZone: string | undefined): BusyInterval | undefined => {
  if (event.isAllDay) return allDayInterval(event.start, event.end, zoneOf(event, mailboxZone));
  const [start, end] = [instantOf(event.start), instantOf(event.end)];
  return start === undefined || end === undefined ? undefined : { start, end };
};

/** Returns a zone in which a time of the event was to be read, and that is not known: it was read in UTC. Undefined: there is none. */
export const unknownZoneOf = ({ isAllDay, start, end }: TimedEvent): string | undefined =>
  isAllDay ? undefined : (unknownZoneIn(start) ?? unknownZoneIn(end));

/** Returns the IANA zone of the event: of the mailbox when it lasts all day, else the one in which it was created. */
export const zoneOf = (
  { isAllDay, originalStartTimeZone }: TimedEvent,
  mailboxZone: string | undefined,
): string => (isAllDay ? mailboxZone : undefined) ?? ianaZoneOf(originalStartTimeZone ?? '') ?? 'UTC';
