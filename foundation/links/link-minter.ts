/** Who has created a link. A link has no more rights than its minter, and the acts of its holder name the minter. */
import { z } from 'zod';

export const linkMinterSchema = z.object({
  id: z
    .string()
    .regex(/^[^\r\n]{1,255}$/)
    .describe('The id of the API key, the subject of the token, or the name of our component'),
  role: z
    .enum(['backend', 'operator', 'admin', 'service'])
    .describe('The role of the key or token; `service`: this service, for the owner of the account'),
});
export type LinkMinter = z.infer<typeof linkMinterSchema>;
