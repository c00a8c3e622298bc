/** What an organization wants to happen to its recordings. */
import { z } from 'zod';

export const providerCopyActions = ['keep', 'trash', 'delete'] as const;

export const recordingPolicySchema = z.strictObject({
  retainForDays: z
    .int()
    .min(1)
    .max(3_650)
    .describe('How many days after it was stored a recording is deleted, unless it has a legal hold'),
  findWithinHours: z
    .int()
    .min(1)
    .max(168)
    .describe('How many hours after the session a recording that has not appeared raises attention'),
  providerCopy: z
    .strictObject({
      action: z
        .enum(providerCopyActions)
        .describe('What happens to the recording at the provider after it was stored here'),
      afterDays: z.int().min(0).max(365).describe('How many days after it was stored'),
    })
    .describe('`trash` moves the copy to the trash of the provider, `delete` deletes it permanently'),
});
export type RecordingPolicy = z.infer<typeof recordingPolicySchema>;

/**
 * The policy of an organization that has set none. Zoom processes a recording in about twice the duration of the meeting,
 * and in up to 24 hours: https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0062627
 */
export const defaultRecordingPolicy: RecordingPolicy = {
  retainForDays: 90,
  findWithinHours: 48,
  providerCopy: { action: 'keep', afterDays: 0 },
};
