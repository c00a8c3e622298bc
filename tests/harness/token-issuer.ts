/** An issuer of tokens, with keys of its own, that is really asked for them over HTTP. */
import { createServer } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { z } from 'zod';

interface JwksResponse {
  readonly status: number;
  readonly body: unknown;
}

export interface TokenIssuer {
  /** What a service is told of it. */
  readonly settings: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string };
  /** Of a backend of org_north, good for five minutes; a claim given as undefined is left out. */
  sign(
    changes?: JWTPayload,
    how?: { readonly key?: CryptoKey; readonly kid?: string; readonly nowMs?: number },
  ): Promise<string>;
  /** Says for its keys what is given, or the keys again. */
  answerWith(answer?: JwksResponse): void;
  /** How often it was asked for its keys. */
  requestCount(): number;
  close(): void;
}

export const startTokenIssuer = async (): Promise<TokenIssuer> => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const keys: JwksResponse = {
    status: 200,
    body: { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] },
  };
  let answer = keys;
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
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
    requestCount: () => asked,
    close: () => server.close(),
  };
};
