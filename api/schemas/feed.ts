/** The response about a subscription feed. */
import { z } from 'zod';

export const feedSchema = z
  .object({
    url: z.string().describe('The secret address. It gives access to the calendar'),
  })
  .meta({ id: 'Feed', description: 'A subscription feed (ICS)' });
