/** Authenticates callers by API key or token, and authorizes them by the table of permissions. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKeys, ApiRole } from '../../db/access/api-keys.ts';
import { Refusal } from '../../domain/errors.ts';
import type { Api } from '../api.ts';
import type { Caller } from './caller.ts';
import { looksLikeToken, type VerifyToken } from './jwt-verifier.ts';
import { type Permission, permissions } from './permissions.ts';
import { type DeniedHolder, Unauthenticated } from './unauthenticated.ts';

const withoutCredential = (holder?: DeniedHolder): Unauthenticated =>
  new Unauthenticated(
    'The request carries no valid API key and no valid token.',
    'Send your key as "Authorization: Bearer <key>" or "X-Api-Key: <key>".',
    holder,
  );

/** Returns the credential from `Authorization: Bearer` (RFC 6750) or `X-Api-Key`. */
export const credentialOf = ({ headers }: FastifyRequest): string | undefined => {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const header = headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined);
};

export interface Authenticators {
  readonly apiKeys: Pick<ApiKeys, 'find'>;
  /** Undefined when no issuer is configured: every token is then rejected as an unknown key. */
  readonly verifyToken?: VerifyToken | undefined;
}

/**
 * Returns the caller that the credential belongs to.
 * @throws {Refusal} `unauthenticated`; `temporarily_unavailable` while the issuer's keys cannot be fetched.
 */
export const authenticate = async (
  { apiKeys, verifyToken }: Authenticators,
  credential: string | undefined,
): Promise<Caller> => {
  if (credential === undefined) throw withoutCredential();
  if (verifyToken && looksLikeToken(credential)) return verifyToken(credential);
  // The lookup is by hash, so its duration does not reveal how close a wrong key is to a valid one.
  const found = await apiKeys.find(credential);
  if (!found) throw withoutCredential();
  if ('revoked' in found) throw withoutCredential({ ...found.revoked, isRevoked: true });
  return found;
};

/** @throws {Refusal} `forbidden` when the caller has none of the permitted roles. */
const requireRole = ({ role }: Caller, permitted: readonly ApiRole[]): void => {
  if (permitted.includes(role)) return;
  throw new Refusal(
    'forbidden',
    `The role ${role} does not permit this request.`,
    `Use a key or a token with the role ${permitted.join(' or ')}.`,
  );
};

const routeOf = (method: string, url: string): string => `${method === 'HEAD' ? 'GET' : method} ${url}`;

const permissionFor = (route: string): Permission => {
  const permission = permissions[route];
  if (permission) return permission;
  throw new Error(`${route} is not in the table of permissions: add it to api/access/permissions.ts`);
};

/** Returns whether a role may call a route, such as `DELETE /v1/connections/:id`. */
export const mayCall = (role: ApiRole, route: string): boolean => {
  const permission = permissionFor(route);
  return permission === 'public' || permission.includes(role);
};

/** Returns the permission of the route that a request matched; undefined for unmatched requests and preflights. */
export const permissionOf = ({ routeOptions: { url }, method }: FastifyRequest): Permission | undefined =>
  url === undefined || method === 'OPTIONS' ? undefined : permissionFor(routeOf(method, url));

const logWith = (
  request: FastifyRequest,
  reply: FastifyReply,
  fields: Readonly<Record<string, unknown>>,
): void => {
  request.log = request.log.child(fields);
  reply.log = request.log;
};

/**
 * Requires one of the permitted roles, and lets the log name the caller, also a denied one: by the id of the key or the subject of the
 * token, never by the credential.
 * @throws {Refusal} what `identify` throws; `forbidden`
 */
export const authorize = async (
  request: FastifyRequest,
  reply: FastifyReply,
  permitted: readonly ApiRole[],
  identify: () => Promise<Caller>,
): Promise<Caller> => {
  const caller = await identify().catch((error: unknown) => {
    if (error instanceof Unauthenticated && error.holder) {
      const { id, ...about } = error.holder;
      logWith(request, reply, { caller: id, ...about });
    }
    throw error;
  });
  // Before the role is checked, so that the log names who was denied.
  request.caller = caller;
  logWith(request, reply, { caller: caller.id });
  requireRole(caller, permitted);
  return caller;
};

/** Guards every route by the table of permissions. Must be called before the first route is added. */
export const guardRoutes = (
  api: Api,
  identifyCaller: (request: FastifyRequest, reply: FastifyReply) => Promise<Caller>,
): void => {
  api.decorateRequest('caller', undefined);
  api.addHook('onRoute', ({ method, url }) => {
    for (const verb of [method].flat()) if (verb !== 'OPTIONS') permissionFor(routeOf(verb, url));
  });
  // A callback hook (Fastify supports both kinds): requests to public routes do not wait for a promise.
  api.addHook('onRequest', (request, reply, done) => {
    const permission = permissionOf(request);
    if (permission !== undefined && permission !== 'public')
      return authorize(request, reply, permission, () => identifyCaller(request, reply));
    done();
    return undefined;
  });
};
