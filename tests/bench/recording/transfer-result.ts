/** What a process prints that has transferred a file. */
import { z } from 'zod';

export const transferResultSchema = z.object({
  seconds: z.number(),
  idleMb: z.number().describe('The memory before the measured transfer'),
  peakMb: z.number().describe('The largest memory during it'),
});
export type TransferResult = z.infer<typeof transferResultSchema>;
