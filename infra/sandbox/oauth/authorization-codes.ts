/**
 * Issues and redeems authorization codes: single use, for one client and one address, with PKCE (RFC 6749,
 * section 4.1; RFC 7636).
 */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../time.ts';

const consentedSchema = z.object({
  account: z.string(),
  clientId: z.string(),
  redirectUri: z.string(),
  scopes: z.array(z.string()),
  codeChallenge: z.string().optional(),
  codeChallengeMethod: z.enum(['S256', 'plain']).optional(),
  nonce: z.string().optional(),
  /** Whether the consent includes a refresh token. */
  offline: z.boolean(),
});
/** The consent of a person. */
type Consent = z.infer<typeof consentedSchema>;

const heldCodesSchema = z.record(
  z.string(),
  z.object({
    consented: consentedSchema,
    expires: z.number(),
    used: z.boolean(),
    grant: z.string().optional(),
  }),
);

export type CodeError = 'unknown' | 'expired' | 'client' | 'redirect_uri' | 'verifier';

type Redemption =
  | { readonly kind: 'good'; readonly consented: Consent }
  | { readonly kind: 'refused'; readonly why: CodeError }
  /**
   * The code was already used for this grant. It may be stolen, so the caller must revoke the grant (RFC
   * 6749, section 4.1.2).
   */
  | { readonly kind: 'used'; readonly grant: string | undefined };

interface CodeExchange {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string | undefined;
  readonly codeVerifier: string | undefined;
}

export interface AuthorizationCodes {
  issue(consented: Consent): string;
  redeem(presented: CodeExchange): Redemption;
  /** Stores the grant that a code was redeemed for. */
  linkGrant(code: string, grant: string): void;
  readonly save: () => z.infer<typeof heldCodesSchema>;
  readonly load: (value: unknown) => void;
  reset(): void;
}

const lifetimeMs = 10 * 60_000;
const maximumCodes = 1000;

const verified = (consented: Consent, verifier: string | undefined): boolean => {
  // A verifier without a challenge: an attacker removed the challenge from the request (RFC 9700, section 2.1.1).
  if (consented.codeChallenge === undefined) return verifier === undefined;
  if (verifier === undefined) return false;
  const computed =
    consented.codeChallengeMethod === 'S256'
      ? createHash('sha256').update(verifier).digest('base64url')
      : verifier;
  return computed === consented.codeChallenge;
};

/** Creates a store without codes. Codes expire after ten minutes. */
export const createAuthorizationCodes = (prefix: string, clock: Clock): AuthorizationCodes => {
  const codes = new Map<string, z.infer<typeof heldCodesSchema>[string]>();
  return {
    issue(consented) {
      const [oldest] = codes.keys();
      if (codes.size >= maximumCodes && oldest !== undefined) codes.delete(oldest);
      const code = `${prefix}${randomBytes(24).toString('base64url')}`;
      codes.set(code, { consented, expires: clock() + lifetimeMs, used: false });
      return code;
    },
    redeem({ code, clientId, redirectUri, codeVerifier }) {
      const held = codes.get(code);
      if (!held) return { kind: 'refused', why: 'unknown' };
      if (held.used) return { kind: 'used', grant: held.grant };
      if (held.expires <= clock()) return { kind: 'refused', why: 'expired' };
      if (held.consented.clientId !== clientId) return { kind: 'refused', why: 'client' };
      if (held.consented.redirectUri !== redirectUri) return { kind: 'refused', why: 'redirect_uri' };
      if (!verified(held.consented, codeVerifier)) return { kind: 'refused', why: 'verifier' };
      held.used = true;
      return { kind: 'good', consented: held.consented };
    },
    linkGrant(code, grant) {
      const held = codes.get(code);
      if (held) held.grant = grant;
    },
    save: () => Object.fromEntries(codes),
    load(value) {
      for (const [code, held] of Object.entries(heldCodesSchema.parse(value))) codes.set(code, held);
    },
    reset: () => codes.clear(),
  };
};
