/** Signed statements of who somebody is (OpenID Connect Core, section 2), and the key to check them by. */
import type { FastifyRequest } from 'fastify';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export interface IdTokens {
  sign(claims: JWTPayload): Promise<string>;
  keys(): Promise<{ readonly keys: readonly JWK[] }>;
}

const kid = 'sandbox';

/** The key is made when it is first needed: that takes a moment, and most tests connect nobody. */
export const createIdTokens = (): IdTokens => {
  let made: ReturnType<typeof generateKeyPair> | undefined;
  const pair = () => (made ??= generateKeyPair('RS256'));
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

/** Whoever issues here is called by the address at which the sandbox was found. */
export const originOf = (request: FastifyRequest): string => `${request.protocol}://${request.host}`;
