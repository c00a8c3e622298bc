/** Books a room as a guest of an event: https://learn.microsoft.com/graph/api/resources/attendee */
import { z } from 'zod';
import type { RoomAnswer } from '../../domain/audition/room-booking.ts';
import type { BookedRoom } from '../ports.ts';

export const attendeesSchema = z
  .array(
    z.object({
      type: z.string().nullish().describe('required, optional or resource'),
      emailAddress: z.object({ address: z.string().nullish(), name: z.string().nullish() }).nullish(),
      status: z.object({ response: z.string().nullish() }).nullish(),
    }),
  )
  .nullish();
type Attendees = z.infer<typeof attendeesSchema>;

const isAt =
  (email: string) =>
  ({ emailAddress }: NonNullable<Attendees>[number]): boolean =>
    emailAddress?.address?.toLowerCase() === email;

/** Returns whether the room is among the guests. */
export const attendsRoom = (attendees: Attendees, email: string): boolean =>
  attendees?.some(isAt(email)) ?? false;

/** Returns the guests without this one, as a change sends them: Graph replaces the list, and keeps the known answers. */
export const withoutAttendee = (attendees: Attendees, email: string) =>
  (attendees ?? [])
    .filter((attendee) => !isAt(email)(attendee))
    .map(({ type, emailAddress }) => ({ type, emailAddress }));

/** Returns the guests with the room, in place of the room that we had added before. */
export const withRoom = (attendees: Attendees, { email, name }: BookedRoom, former?: string) => [
  ...withoutAttendee(attendees, email).filter(
    (attendee) => former === undefined || !isAt(former)({ ...attendee, status: undefined }),
  ),
  { type: 'resource', emailAddress: { address: email, name } },
];

/** https://learn.microsoft.com/graph/api/resources/responsestatus */
const answers: ReadonlyMap<string, RoomAnswer> = new Map([
  ['none', 'pending'],
  ['notResponded', 'pending'],
  ['accepted', 'accepted'],
  ['tentativelyAccepted', 'tentative'],
  ['declined', 'declined'],
]);

/** Returns the answer of the room; undefined when it is not among the guests, or has no readable answer. */
export const answerOfRoom = (attendees: Attendees, email: string): RoomAnswer | undefined =>
  answers.get(attendees?.find(isAt(email))?.status?.response ?? '');
