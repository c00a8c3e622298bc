/**
 * Answers the challenges of servers that accept HTTP Digest authentication only (RFC 7616). It is the default of Baïkal
 * (https://github.com/sabre-io/Baikal/issues/140). All other known servers accept Basic, which is sent first.
 */
import { createHash, randomBytes } from 'node:crypto';
import { maySendCredentials } from '../outbound/guarded-fetch.ts';
import type { Fetch } from './client.ts';

interface Login {
  readonly username: string;
  readonly password: string;
}

/** The hash of each algorithm (section 6.1). MD5 is the default. */
const hashes: ReadonlyMap<string, string> = new Map([
  ['md5', 'md5'],
  ['sha-256', 'sha256'],
  ['sha-512-256', 'sha512-256'],
]);

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** As the server has written it. */
  readonly algorithm: string | undefined;
  readonly hash: string;
  readonly isSession: boolean;
  /** Whether the answer contains a counter and a nonce of the client. A server of RFC 2069 does not know them. */
  readonly hasQop: boolean;
}

/**
 * Wraps `fetch`: a request that the server refuses with a Digest challenge is sent once more with its answer. A server that
 * accepts Basic too has rejected the password. The server at another owner's domain gets no answer.
 *
 * @param home the server that the password is meant for
 */
export const answeringDigest =
  (fetch: Fetch, home: URL, login: Login): Fetch =>
  async (input, init) => {
    let response = await fetch(input, init);
    // An answer is for one address. A server that redirects it asks again.
    for (const answered = new Set<string>(); response.status === 401 && !answered.has(response.url); ) {
      const challenge = challengeIn(response.headers.get('www-authenticate') ?? '');
      if (!challenge || !URL.canParse(response.url)) break;
      const url = new URL(response.url);
      if (!maySendCredentials(home, url)) break;
      await response.body?.cancel();
      const headers = new Headers(init?.headers);
      const request = { method: init?.method ?? 'GET', uri: `${url.pathname}${url.search}` };
      headers.set(
        'authorization',
        digestAnswer(challenge, login, request, randomBytes(16).toString('base64url')),
      );
      answered.add(response.url);
      response = await fetch(url, { ...init, headers });
    }
    return response;
  };

/** Returns the first challenge that can be answered; undefined when the server accepts Basic as well. */
export const challengeIn = (header: string): Challenge | undefined => {
  const challenges = header.split(/,\s*(?=[a-z][\w-]*\s+[\w-]+\s*=)/i).map((text) => text.trim());
  if (challenges.some((text) => /^basic\b/i.test(text))) return undefined;
  return challenges.flatMap((text) => digestChallenge(text) ?? [])[0];
};

const digestChallenge = (text: string): Challenge | undefined => {
  if (!/^digest\s/i.test(text)) return undefined;
  const parameters = new Map(
    [...text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)].map(
      ([, name = '', quoted, token]) =>
        [name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? ''] as const,
    ),
  );
  const [realm, nonce, qop] = ['realm', 'nonce', 'qop'].map((name) => parameters.get(name));
  const algorithm = parameters.get('algorithm');
  const isSession = /-sess$/i.test(algorithm ?? '');
  const hash = hashes.get((algorithm ?? 'md5').toLowerCase().replace(/-sess$/, ''));
  const isAnswerable = qop === undefined || qop.split(',').some((kind) => kind.trim() === 'auth');
  if (realm === undefined || nonce === undefined || hash === undefined || !isAnswerable) return undefined;
  return {
    realm,
    nonce,
    opaque: parameters.get('opaque'),
    algorithm,
    hash,
    isSession,
    hasQop: qop !== undefined,
  };
};

/** Returns the value of `Authorization` (section 3.4). */
export const digestAnswer = (
  { realm, nonce, opaque, algorithm, hash, isSession, hasQop }: Challenge,
  { username, password }: Login,
  { method, uri }: { readonly method: string; readonly uri: string },
  clientNonce: string,
): string => {
  const digest = (...parts: readonly string[]) => createHash(hash).update(parts.join(':')).digest('hex');
  const account = digest(username, realm, password);
  const key = isSession ? digest(account, nonce, clientNonce) : account;
  // Each challenge is answered once.
  const count = '00000001';
  const request = digest(method, uri);
  const answer = hasQop
    ? digest(key, nonce, count, clientNonce, 'auth', request)
    : digest(key, nonce, request);
  const isPlain = /^[\x20-\x7e]*$/.test(username);
  return `Digest ${[
    isPlain ? `username="${escaped(username)}"` : `username*=UTF-8''${encodeURIComponent(username)}`,
    `realm="${escaped(realm)}"`,
    `nonce="${escaped(nonce)}"`,
    `uri="${uri}"`,
    `response="${answer}"`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(opaque === undefined ? [] : [`opaque="${escaped(opaque)}"`]),
    ...(hasQop ? ['qop=auth', `nc=${count}`] : []),
    ...(hasQop || isSession ? [`cnonce="${clientNonce}"`] : []),
  ].join(', ')}`;
};

const escaped = (text: string): string => text.replaceAll(/["\\]/g, String.raw`\$&`);
