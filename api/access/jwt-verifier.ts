/**
 * JSON Web Tokens of the platform's own issuer (RFC 7519, checked after RFC 8725), beside API keys: who calls, for which
 * organization and in which role. The issuer's public keys are fetched when the first token comes, and kept.
 */
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { apiRoles } from '../../db/access/api-keys.ts';
import { Refusal } from '../../domain/errors.ts';
import { organizationIdSchema } from '../../domain/ids.ts';
import type { JwtConfiguration } from '../../foundation/configuration/configuration.ts';
import { retryAfterSeconds } from '../problems/outages.ts';
import type { Caller } from './caller.ts';

export type VerifyToken = (token: string) => Promise<Caller>;

/** Signatures that only the issuer can make: never `none`, and no HS*, whose key whoever checks could sign with. */
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

/** How far the issuer's clock may be off. */
const clockToleranceSeconds = 60;
const jwksTimeoutMs = 3_000;
/** A key that is taken out of the set is taken no longer than this. */
const jwksCacheMaxAgeMs = 10 * 60_000;
/** A token under an unknown key has the set fetched anew, this often at most. */
const jwksCooldownMs = 30_000;

/** Header, payload and signature; the signature of an unsigned one is empty. No key of ours contains a dot. */
const compactJwsPattern = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export const looksLikeToken = (bearer: string): boolean => compactJwsPattern.test(bearer);

const claims = z.object({
  sub: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  org: organizationIdSchema,
  role: z.enum(apiRoles),
});

const invalidToken = (message: string): Refusal =>
  new Refusal(
    'unauthenticated',
    message,
    'Get a new token from your issuer, and send it as "Authorization: Bearer <token>".',
  );

const callerFromClaims = (payload: JWTPayload): Caller => {
  const parsed = claims.safeParse(payload);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))].join(', ');
    throw invalidToken(`The token does not say as we need it who calls: look at its claims ${names}.`);
  }
  const { sub, org, role } = parsed.data;
  return { organization: org, role, label: sub, id: `sub:${sub}` };
};

/** By jose's error codes. What is not in here is no fault of the token's: the issuer's keys are not to be had. */
const messagesByErrorCode: Readonly<Record<string, string>> = {
  [errors.JWTExpired.code]: 'The token has expired.',
  [errors.JOSEAlgNotAllowed.code]: 'The token is not signed with an algorithm that we take.',
  [errors.JOSENotSupported.code]: 'The token is not signed with an algorithm that we take.',
  [errors.JWSInvalid.code]: 'The token cannot be read.',
  [errors.JWTInvalid.code]: 'The token cannot be read.',
  [errors.JWSSignatureVerificationFailed.code]: 'The signature of the token is not its issuer’s.',
  [errors.JWKSNoMatchingKey.code]: 'The token is signed with a key that its issuer does not know.',
  [errors.JWKSMultipleMatchingKeys.code]:
    'The token does not say which of its issuer’s keys it is signed with.',
};
const messagesByClaim: Readonly<Record<string, string>> = {
  iss: 'The token is of another issuer.',
  aud: 'The token is meant for another audience.',
  nbf: 'The token is not valid yet.',
};

const messageFor = (error: unknown): string | undefined => {
  if (error instanceof errors.JWTClaimValidationFailed) {
    return messagesByClaim[error.claim] ?? `The claim ${error.claim} of the token is missing or wrong.`;
  }
  return error instanceof errors.JOSEError ? messagesByErrorCode[error.code] : undefined;
};

const jwksUnavailable = (cause: unknown): Refusal =>
  Object.assign(
    new Refusal(
      'temporarily_unavailable',
      'Your token cannot be checked right now: the keys of its issuer are not to be had.',
      'Send the same request again after the time in Retry-After, or with an API key.',
    ),
    { cause },
  );

/** A server that is down is not asked with every request: each would wait for it. */
const fetchWithCooldown = (now: () => number) => {
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (url: string, options: RequestInit): Promise<Response> => {
    if (now() - failedAt < retryAfterSeconds * 1_000)
      throw new Error('the issuer did not answer a moment ago');
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

/** Throws `Refusal`: `unauthenticated` for a token that is not right, `temporarily_unavailable` without the keys. */
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
      issuer,
      audience,
      algorithms,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now()),
    });
    const { payload } = await verified.catch((error: unknown) => {
      const sentence = messageFor(error);
      if (sentence !== undefined) throw invalidToken(sentence);
      onJwksUnavailable(error);
      throw jwksUnavailable(error);
    });
    return callerFromClaims(payload);
  };
};
