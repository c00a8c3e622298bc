/** Defines a room, which has a calendar and answers invitations by itself. */
import { z } from 'zod';

export const roomSchema = z.strictObject({
  email: z.email().transform((email) => email.toLowerCase()),
  name: z.string().min(1),
  building: z.string().optional(),
  capacity: z.int().min(1).optional(),
  /** What others see of its calendar. `none`: its busy times are not shared. */
  shares: z.enum(['events', 'busy', 'none']).default('events'),
  /** `manual`: a person answers, with `answerRoom`. */
  answers: z.enum(['automatic', 'manual']).default('automatic'),
  /** At Google: the accounts that have added it to their list of calendars. */
  listedBy: z.array(z.string()).default([]),
});
export type Room = z.output<typeof roomSchema>;
export type RoomOptions = z.input<typeof roomSchema>;

/** A person answers for a room. */
export const roomResponseSchema = z.strictObject({
  room: z.string().min(1),
  /** The event in the calendar of its organizer. */
  eventId: z.string().min(1),
  answer: z.enum(['accepted', 'tentative', 'declined']),
});
export type RoomResponse = z.infer<typeof roomResponseSchema>;
