/** Starts an issuer of access tokens that serves its JWKS over HTTP. */
import { createServer } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { z } from 'zod';

interface JwksResponse {
  readonly status: number;
  readonly body: unknown;
}

export interface TokenIssuer {
  /** The settings of a service that trusts this issuer. */
  readonly settings: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string };
  /** Signs a token for a backend of org_north, valid for five minutes. A claim set to undefined is omitted. */
  sign(
    changes?: JWTPayload,
    how?: { readonly key?: CryptoKey; readonly kid?: string; readonly nowMs?: number },
  ): Promise<string>;
  /** Sets the response of the JWKS address; without an argument, it serves the keys again. */
  answerWith(answer?: JwksResponse): void;
  /** Returns how often the keys were requested. */
  requestCount(): number;
  close(): void;
}

/** Starts an issuer with a new ES256 key. Call `close` after the tests. */
export const startTokenIssuer = async (): Promise<TokenIssuer> => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const keys: JwksResponse = {
    status: 200,
    body: { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] },
  };
  let answer = keys;
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer.body));
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = z.object({ port: z.int() }).parse(server.address());
  const settings = {
    issuer: 'https://login.example.com',
    audience: 'castmatch-orchestrator',
    jwksUrl: `http://127.0.0.1:${port}/keys`,
  };
  const { issuer: iss, audience: aud } = settings;
  return {
    settings,
    sign: async (changes, { key = privateKey, kid = 'one', nowMs = Date.now() } = {}) =>
      new SignJWT({
        sub: 'ada@platform',
        org: 'org_north',
        role: 'backend',
        iss,
        aud,
        exp: Math.floor(nowMs / 1_000) + 300,
        ...changes,
      })
        .setProtectedHeader({ alg: 'ES256', kid })
        .sign(key),
    answerWith: (other = keys) => {
      answer = other;
    },
    requestCount: () => requests,
    close: () => server.close(),
  };
};
