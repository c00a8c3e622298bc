/**
 * Where an authorization server keeps its endpoints, as it says itself: OpenID Connect Discovery 1.0, section 4. The
 * vendors' own addresses are known; a regional one, a proxy or an emulator may have its endpoints elsewhere.
 */
import { z } from 'zod';
import type { CallContext } from '../ports.ts';

const documentSchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  revocation_endpoint: z.url().optional(),
  jwks_uri: z.url().optional(),
});
export type OpenIdMetadata = z.infer<typeof documentSchema>;

/**
 * Asks below `base` once and keeps the answer. Undefined where there is no such document; what did not answer is asked
 * again the next time. Throws what `fetch` throws.
 */
export const createDiscovery = (base: string) => {
  let known: { readonly found: OpenIdMetadata | undefined } | undefined;
  return async ({ signal }: Pick<CallContext, 'signal'>): Promise<OpenIdMetadata | undefined> => {
    if (known) return known.found;
    const answer = await fetch(`${base}/.well-known/openid-configuration`, { redirect: 'error', signal });
    if (answer.status >= 500) throw new Error(`the OpenID configuration is not to be had: ${answer.status}`);
    const document: unknown = answer.ok ? await answer.json().catch(() => undefined) : undefined;
    known = { found: documentSchema.safeParse(document).data };
    return known.found;
  };
};
