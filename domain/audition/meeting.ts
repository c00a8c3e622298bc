/** The meeting of an audition, and when its join links work. */
import { z } from 'zod';
import { meetingProviders } from '../providers/vendors.ts';
import { settingNames } from './meeting-settings.ts';

export const meetingSchema = z.object({
  provider: z
    .enum(meetingProviders)
    .or(z.literal('manual'))
    .describe('The provider of the meeting. `manual`: an operator has entered the link'),
  id: z.string().describe("The provider's id of the meeting"),
  joinUrl: z
    .string()
    .describe('The address of the meeting, or the join link of the audition that leads to it'),
  dialIn: z
    .string()
    .optional()
    .describe('A telephone number of the meeting, with the code to enter after it'),
  notHonored: z
    .array(z.enum(settingNames))
    .optional()
    .describe(
      'The requested settings that the meeting does not have. `duration`: the plan of the host ends the meeting before the slot ends, or can end it when three or more people are in it (personal Google accounts)',
    ),
  room: z
    .literal('session')
    .optional()
    .describe('All auditions of the casting session share the meeting. Absent: it is of this audition alone'),
});
export type Meeting = z.infer<typeof meetingSchema>;

/** How people get into a meeting. A host can change it by hand: the address of a Zoom meeting contains the passcode. */
export type MeetingAccess = Pick<Meeting, 'joinUrl' | 'dialIn'>;

/** When join links work, in milliseconds before the start and after the end of the slot. */
export const joinWindowSchema = z.object({
  opensBefore: z.number().describe('Milliseconds before the start of the slot from which join links work'),
  closesAfter: z.number().describe('Milliseconds after the end of the slot until which join links work'),
  crewOpensBefore: z
    .number()
    .optional()
    .describe('Like `opensBefore`, for casting directors and readers. Absent: like all others'),
  admission: z
    .literal('in_turn')
    .optional()
    .describe(
      'Performers wait until the casting office admits them. Absent: everyone can join in the window',
    ),
});
export type JoinWindow = z.infer<typeof joinWindowSchema>;
