/**
 * Verifies JSON Web Tokens of the platform's issuer (RFC 7519, checked as RFC 8725 recommends). A token names the
 * caller, the organization and the role. The issuer's public keys are fetched with the first token, and cached.
 */
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { apiRoles } from '../../db/access/api-keys.ts';
import { Refusal } from '../../domain/errors.ts';
import { organizationIdSchema } from '../../domain/ids.ts';
import { nearestInstant } from '../../domain/time/epoch.ts';
import type { JwtConfiguration } from '../../foundation/configuration/configuration.ts';
import { retryAfterSeconds } from '../problems/outages.ts';
import type { Caller } from './caller.ts';
import { type DeniedHolder, Unauthenticated } from './unauthenticated.ts';

/**
 * Returns the caller that a token names.
 * @throws {Refusal} `unauthenticated` for an invalid token; `temporarily_unavailable` without the issuer's keys.
 */
export type VerifyToken = (token: string) => Promise<Caller>;

/** Asymmetric signatures only. `none` proves nothing, and with HS* every verifier could sign. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Tolerated difference between the issuer's clock and ours. */
const clockToleranceSeconds = 60;
const jwksTimeoutMs = 3_000;
/** The maximum time for which a key that the issuer has removed is still accepted. */
const jwksCacheMaxAgeMs = 10 * 60_000;
/** The minimum time between two fetches. A token with an unknown key triggers a fetch. */
const jwksCooldownMs = 30_000;

/** Header, payload and signature; an unsigned token has an empty signature. API keys contain no dots. */
const compactJwsPattern = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Returns whether a bearer credential has the form of a token rather than of an API key. */
export const looksLikeToken = (bearer: string): boolean => compactJwsPattern.test(bearer);

const claims = z.object({
  sub: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  org: organizationIdSchema,
  role: z.enum(apiRoles),
  exp: z.number(),
});

const invalidToken = (message: string, payload?: JWTPayload): Refusal =>
  new Unauthenticated(
    message,
    'Get a new token from your issuer, and send it as "Authorization: Bearer <token>".',
    payload && holderOf(payload),
  );

/** Returns whom a token names whose signature is genuine. */
const holderOf = ({ sub, org }: JWTPayload): DeniedHolder | undefined => {
  const subject = claims.shape.sub.safeParse(sub);
  if (!subject.success) return undefined;
  return { id: `sub:${subject.data}`, organization: claims.shape.org.safeParse(org).data };
};

const callerFromClaims = (payload: JWTPayload): Caller => {
  const parsed = claims.safeParse(payload);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))].join(', ');
    throw invalidToken(`The token has missing or invalid claims: ${names}.`, payload);
  }
  const { sub, org, role, exp } = parsed.data;
  const expiresAt = nearestInstant(exp * 1_000);
  return { organization: org, role, label: sub, id: `sub:${sub}`, expiresAt };
};

/** By jose's error codes. Every other code means that the issuer's keys could not be fetched. */
const messagesByErrorCode: Readonly<Record<string, string>> = {
  [errors.JWTExpired.code]: 'The token has expired.',
  [errors.JOSEAlgNotAllowed.code]: 'The token is signed with an algorithm that is not accepted.',
  [errors.JOSENotSupported.code]: 'The token is signed with an algorithm that is not accepted.',
  [errors.JWSInvalid.code]: 'The token cannot be read.',
  [errors.JWTInvalid.code]: 'The token cannot be read.',
  [errors.JWSSignatureVerificationFailed.code]:
    'The signature of the token does not match a key of its issuer.',
  [errors.JWKSNoMatchingKey.code]: 'The token is signed with a key that its issuer does not publish.',
  [errors.JWKSMultipleMatchingKeys.code]:
    'The token does not name the key of its issuer that it is signed with.',
};
const messagesByClaim: Readonly<Record<string, string>> = {
  iss: 'The token is from another issuer.',
  aud: 'The token is for another audience.',
  nbf: 'The token is not valid yet.',
};

const messageFor = (error: unknown): string | undefined => {
  if (error instanceof errors.JWTClaimValidationFailed) {
    return messagesByClaim[error.claim] ?? `The claim ${error.claim} of the token is missing or wrong.`;
  }
  return error instanceof errors.JOSEError ? messagesByErrorCode[error.code] : undefined;
};

/**
 * Returns the claims of a refused token that the issuer has signed: jose checks the signature before the claims. A token of another
 * issuer with the same keys names a subject of that issuer.
 */
const verifiedPayload = (error: unknown): JWTPayload | undefined => {
  const isSigned = error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed;
  return isSigned && error.claim !== 'iss' ? error.payload : undefined;
};

const jwksUnavailable = (cause: unknown): Refusal =>
  Object.assign(
    new Refusal(
      'temporarily_unavailable',
      'Your token cannot be verified now: the keys of its issuer are unavailable.',
      'Send the same request again after the time in Retry-After, or use an API key.',
    ),
    { cause },
  );

/** Fails fast after a failed fetch. Otherwise every request would wait for a key server that is down. */
const fetchWithCooldown = (now: () => number) => {
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (url: string, options: RequestInit): Promise<Response> => {
    if (now() - failedAt < retryAfterSeconds * 1_000)
      throw new Error('JWKS fetch failed recently; next attempt after the cooldown');
    try {
      const response = await fetch(url, options);
      if (!response.ok) failedAt = now();
      return response;
    } catch (error) {
      failedAt = now();
      throw error;
    }
  };
};

/**
 * Creates a verifier for the tokens of one issuer.
 * @param onJwksUnavailable called with the error each time that the issuer's keys cannot be fetched
 * @param now epoch milliseconds
 */
export const createTokenVerifier = (
  { issuer, audience, jwksUrl }: JwtConfiguration,
  onJwksUnavailable: (error: unknown) => void,
  now: () => number = Date.now,
): VerifyToken => {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: jwksTimeoutMs,
    cacheMaxAge: jwksCacheMaxAgeMs,
    cooldownDuration: jwksCooldownMs,
    [customFetch]: fetchWithCooldown(now),
  });
  return async (token) => {
    const verified = jwtVerify(token, keys, {
      // The configuration removes a slash at the end, and many issuers have one in their tokens.
      issuer: [issuer, `${issuer}/`],
      audience,
      algorithms,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now()),
    });
    const { payload } = await verified.catch((error: unknown) => {
      const message = messageFor(error);
      if (message !== undefined) throw invalidToken(message, verifiedPayload(error));
      onJwksUnavailable(error);
      throw jwksUnavailable(error);
    });
    return callerFromClaims(payload);
  };
};
