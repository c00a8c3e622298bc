/** What every vendor's token endpoint may be sent (RFC 6749, sections 4.1.3 and 6; RFC 7636, section 4.5). */
import { z } from 'zod';

export const tokenForm = z.object({
  grant_type: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  refresh_token: z.string().optional(),
  code: z.string().optional(),
  code_verifier: z.string().optional(),
  redirect_uri: z.string().optional(),
});
