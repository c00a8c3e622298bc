/**
 * Discovers the endpoints of an authorization server (OpenID Connect Discovery 1.0, section 4). The vendors' own
 * endpoints are known in advance; a regional server, a proxy or an emulator can have others.
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
 * Returns a function that reads the OpenID configuration below `base` once and caches the result. The result is
 * undefined when there is no such document. A failed request is not cached.
 *
 * @throws {Error} for a 5xx answer, and whatever `fetch` throws.
 */
export const createDiscovery = (base: string) => {
  let cached: { readonly metadata: OpenIdMetadata | undefined } | undefined;
  return async ({ signal }: Pick<CallContext, 'signal'>): Promise<OpenIdMetadata | undefined> => {
    if (cached) return cached.metadata;
    const answer = await fetch(`${base}/.well-known/openid-configuration`, { redirect: 'error', signal });
    if (answer.status >= 500) throw new Error(`the OpenID configuration could not be read: ${answer.status}`);
    const document: unknown = answer.ok ? await answer.json().catch(() => undefined) : undefined;
    cached = { metadata: documentSchema.safeParse(document).data };
    return cached.metadata;
  };
};
