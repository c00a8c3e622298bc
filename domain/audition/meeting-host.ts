/** The host of a meeting: the account at the vendor to which the meeting belongs. */
import { z } from 'zod';
import { connectionIdSchema } from '../ids.ts';
import { singleLineText } from '../text.ts';

export const meetingHostSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('service').describe('A user of the account of the service at the vendor'),
    user: singleLineText(254).describe('The id or the email address of the user'),
  }),
  z.strictObject({
    kind: z.literal('connection').describe('A connected account'),
    connection: connectionIdSchema.describe('The connection'),
  }),
]);
export type MeetingHost = z.infer<typeof meetingHostSchema>;
