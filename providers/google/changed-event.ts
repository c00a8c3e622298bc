/** An event as a list of changes has it, or as it is read by itself. */
import { z } from 'zod';
import type { RoomAnswer } from '../../domain/audition/room-booking.ts';
import { operationOf } from '../operations.ts';
import { optionalField } from '../optional-field.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import type { LeftOut } from '../unreadable-events.ts';
import { referenceProperty, revisionProperty, textProperty } from './event.ts';
import { roomProperty } from './event-room.ts';
import { timedEventFields, timedEventSchema } from './timed-event.ts';

export const listOperation = operationOf('google', 'calendar.listChanges');

/** Of a deleted event, only the id is guaranteed. */
export const changedEventSchema = timedEventSchema.extend({
  etag: optionalField(z.string()).describe('The entity tag'),
  recurringEventId: optionalField(z.string()).describe('The series of an occurrence'),
  updated: z.iso.datetime({ offset: true }).optional().catch(undefined),
  summary: optionalField(z.string()).describe('The title, of an event of ours only'),
  location: optionalField(z.string()).describe('The place, of an event of ours only'),
  description: optionalField(z.string()).describe('As HTML, of an event of ours only'),
});
export type ChangedEvent = z.infer<typeof changedEventSchema>;

/** The fields of `changedEventSchema`, so that Google sends neither texts nor people. Those of our own events are read one by one. */
export const itemFields = [
  timedEventFields,
  'etag,recurringEventId,updated',
  `extendedProperties/private(${referenceProperty},${revisionProperty},${roomProperty},${textProperty})`,
].join(',');

/** An event, with what a list does not have of it. */
export interface FoundEvent {
  readonly item: ChangedEvent;
  readonly roomAnswer?: RoomAnswer | undefined;
  /** Whether the item has the texts of the event. */
  readonly hasTexts: boolean;
  /** Whether the event is also read by itself. */
  readonly isUnread?: boolean | undefined;
}

export interface CalendarRequest {
  readonly connection: ConnectedAccount;
  readonly calendarId: string;
  readonly call: CallContext;
  /** What cannot be read is added to it, and what is stored of it stays. */
  readonly leftOut: LeftOut;
}
