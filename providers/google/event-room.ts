/**
 * Books a room by adding it to the guests of an event. The room answers by itself, by its availability and by the right of
 * the organizer: https://developers.google.com/workspace/calendar/api/concepts/domain#domain_resources_and_rooms
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import { z } from 'zod';
import type { RoomAnswer } from '../../domain/audition/room-booking.ts';

/** Loose, because guests that people have added are sent back with our update. */
export const attendeesSchema = z.array(
  z.looseObject({
    email: z.string().optional(),
    self: z.boolean().optional(),
    resource: z.boolean().optional().describe('Whether the guest is a room or another resource'),
    responseStatus: z.string().optional(),
  }),
);
type Attendees = z.infer<typeof attendeesSchema>;

/** The private property with the room that we have added to the guests. People can add others. */
export const roomProperty = 'castmatchRoom';

const isAt = (email: string) => (attendee: { readonly email?: string | null | undefined }) =>
  attendee.email?.toLowerCase() === email;

/** Returns whether the room is among the guests. */
export const attendsRoom = (attendees: Attendees | undefined, email: string): boolean =>
  attendees?.some(isAt(email)) ?? false;

/** Returns the guests without this one. */
export const withoutAttendee = (attendees: Attendees | undefined, email: string): Attendees =>
  (attendees ?? []).filter((attendee) => !isAt(email)(attendee));

/**
 * Returns the event with the room as a guest who has not answered, in place of the room that we had added before. Google
 * reads `resource` only when the guest is added.
 */
export const withRoom = (body: calendar_v3.Schema$Event, email: string): calendar_v3.Schema$Event => {
  const properties = body.extendedProperties?.private ?? {};
  const former = properties[roomProperty];
  const others = (body.attendees ?? []).filter(
    (attendee) => !isAt(email)(attendee) && !(former !== undefined && isAt(former)(attendee)),
  );
  return {
    ...body,
    attendees: [...others, { email, resource: true, responseStatus: 'needsAction' }],
    extendedProperties: { ...body.extendedProperties, private: { ...properties, [roomProperty]: email } },
  };
};

/** https://developers.google.com/workspace/calendar/api/v3/reference/events#attendees.responseStatus */
const answers: ReadonlyMap<string, RoomAnswer> = new Map([
  ['needsAction', 'pending'],
  ['accepted', 'accepted'],
  ['tentative', 'tentative'],
  ['declined', 'declined'],
]);

/** Returns the answer of a room that is a guest; undefined when it has no readable answer. */
export const roomAnswerOf = ({
  responseStatus = '',
}: {
  readonly responseStatus?: string | undefined;
}): RoomAnswer | undefined => answers.get(responseStatus);

/** Returns the answer of the room; undefined when it is not among the guests, or has no readable answer. */
export const answerOfRoom = (attendees: Attendees | undefined, email: string): RoomAnswer | undefined =>
  roomAnswerOf(attendees?.find(isAt(email)) ?? {});
