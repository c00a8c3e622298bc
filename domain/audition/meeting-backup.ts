/** How an audition takes place when no provider can make its meeting: by phone, or at a place. A setting of the organization. */
import { z } from 'zod';
import { singleLineText } from '../text.ts';

export const meetingBackupSchema = z
  .object({
    phone: singleLineText(100)
      .optional()
      .describe('The number that everyone dials, with the code of the conference if there is one'),
    place: singleLineText(200).optional().describe('The place where the audition takes place instead'),
    text: singleLineText(300).optional().describe('What else the participants must know, in one line'),
  })
  .strict()
  .refine(({ phone, place, text }) => (phone ?? place ?? text) !== undefined, {
    message: 'write a phone number, a place or a text',
  });
export type MeetingBackup = z.infer<typeof meetingBackupSchema>;
