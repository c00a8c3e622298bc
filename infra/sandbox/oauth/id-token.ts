/** Signs ID tokens (OpenID Connect Core, section 2) and publishes their key. */
import type { FastifyRequest } from 'fastify';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export interface IdTokens {
  sign(claims: JWTPayload): Promise<string>;
  keys(): Promise<{ readonly keys: readonly JWK[] }>;
}

const kid = 'sandbox';

/** Creates a signer. Generates the key on first use, because that is slow and most tests need no ID token. */
export const createIdTokens = (): IdTokens => {
  let generated: ReturnType<typeof generateKeyPair> | undefined;
  const pair = () => (generated ??= generateKeyPair('RS256'));
  return {
    sign: async (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
        .sign((await pair()).privateKey),
    keys: async () => ({
      keys: [{ ...(await exportJWK((await pair()).publicKey)), kid, use: 'sig', alg: 'RS256' }],
    }),
  };
};

/** Returns the issuer of ID tokens: the address at which the sandbox was called. */
export const originOf = (request: FastifyRequest): string => `${request.protocol}://${request.host}`;
