/** Finds out who calls, from an API key or a token, and refuses whoever may not. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKeys, ApiRole } from '../../db/access/api-keys.ts';
import { Refusal } from '../../domain/errors.ts';
import type { Api } from '../api.ts';
import type { Caller } from './caller.ts';
import { looksLikeToken, type VerifyToken } from './jwt-verifier.ts';
import { type Permission, permissions } from './permissions.ts';

const unauthenticated = (): Refusal =>
  new Refusal(
    'unauthenticated',
    'The request carries no API key and no token that we take.',
    'Send your key as "Authorization: Bearer <key>" or "X-Api-Key: <key>".',
  );

/** `Authorization: Bearer` (RFC 6750) or `X-Api-Key`. */
export const credentialOf = ({ headers }: FastifyRequest): string | undefined => {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const header = headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined);
};

export interface Authenticators {
  readonly apiKeys: Pick<ApiKeys, 'find'>;
  /** Undefined where no issuer is configured: then every token is one that we do not know. */
  readonly verifyToken?: VerifyToken | undefined;
}

/** Throws `Refusal`: `unauthenticated`, and `temporarily_unavailable` while a token cannot be checked. */
export const authenticate = async (
  { apiKeys, verifyToken }: Authenticators,
  credential: string | undefined,
): Promise<Caller> => {
  if (credential === undefined) throw unauthenticated();
  if (verifyToken && looksLikeToken(credential)) return verifyToken(credential);
  // Looked up by its hash: the time this takes says nothing about how near a wrong key is to a right one.
  const caller = await apiKeys.find(credential);
  if (!caller) throw unauthenticated();
  return caller;
};

/** Throws `Refusal` `forbidden`. */
export const requireRole = ({ role }: Caller, permitted: readonly ApiRole[]): void => {
  if (permitted.includes(role)) return;
  throw new Refusal(
    'forbidden',
    `The role ${role} may not do that.`,
    `Use a key or a token with the role ${permitted.join(' or ')}.`,
  );
};

const routeOf = (method: string, url: string): string => `${method === 'HEAD' ? 'GET' : method} ${url}`;

const permissionFor = (route: string): Permission => {
  const permission = permissions[route];
  if (permission) return permission;
  throw new Error(`${route} is not in the table of permissions: say there who may call it`);
};

/** Who may call the route a request has reached; undefined where it has reached none. */
export const permissionOf = ({ routeOptions: { url }, method }: FastifyRequest): Permission | undefined =>
  url === undefined || method === 'OPTIONS' ? undefined : permissionFor(routeOf(method, url));

/** Guards every route by the table of permissions. To be called before the first route is added. */
export const guardRoutes = (
  api: Api,
  identifyCaller: (request: FastifyRequest, reply: FastifyReply) => Promise<Caller>,
): void => {
  api.decorateRequest('caller', undefined);
  api.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'OPTIONS') permissionFor(routeOf(one, url));
  });
  const authorize = async (
    request: FastifyRequest,
    reply: FastifyReply,
    permission: Exclude<Permission, 'public'>,
  ): Promise<void> => {
    const caller = await identifyCaller(request, reply);
    requireRole(caller, permission);
    request.caller = caller;
  };
  // With `done`, as the other hooks that every request passes: what is public waits for no promise (Fastify takes either).
  api.addHook('onRequest', (request, reply, done) => {
    const permission = permissionOf(request);
    if (permission !== undefined && permission !== 'public') return authorize(request, reply, permission);
    done();
    return undefined;
  });
};
