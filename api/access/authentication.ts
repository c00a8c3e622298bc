/** Finds out who calls, from the API key, and refuses whoever may not. */
import type { FastifyRequest } from 'fastify';
import type { ApiKeys, ApiRole } from '../../db/repositories.ts';
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Api } from '../api.ts';
import { type Permission, permissions } from './permissions.ts';

export interface Caller {
  readonly organization: OrganizationId;
  readonly role: ApiRole;
  /** What the key is called: who did it, in the audit trail. */
  readonly label: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

const unauthenticated = (): Refusal =>
  new Refusal(
    'unauthenticated',
    'The request carries no API key that we know.',
    'Send your key as "Authorization: Bearer <key>" or "X-Api-Key: <key>".',
  );

/** `Authorization: Bearer` (RFC 6750) or `X-Api-Key`. */
const keyOf = ({ headers }: FastifyRequest): string | undefined => {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const header = headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined);
};

const routeOf = (method: string, url: string): string => `${method === 'HEAD' ? 'GET' : method} ${url}`;

/**
 * The caller behind a key, if the role is among those permitted.
 * Throws `Refusal`: `unauthenticated`, `forbidden`.
 */
export const authenticate = async (
  apiKeys: Pick<ApiKeys, 'find'>,
  key: string | undefined,
  permitted: readonly ApiRole[],
): Promise<Caller> => {
  // Looked up by its hash: the time this takes says nothing about how near a wrong key is to a right one.
  const caller = key === undefined ? undefined : await apiKeys.find(key);
  if (!caller) throw unauthenticated();
  if (permitted.includes(caller.role)) return caller;
  throw new Refusal(
    'forbidden',
    `A key with the role ${caller.role} may not do that.`,
    `Use a key with the role ${permitted.join(' or ')}.`,
  );
};

const permissionFor = (route: string): Permission => {
  const permission = permissions[route];
  if (permission) return permission;
  throw new Error(`${route} is not in the table of permissions: say there who may call it`);
};

/** Guards every route by the table of permissions. To be called before the first route is added. */
export const guardRoutes = (api: Api, apiKeys: Pick<ApiKeys, 'find'>): void => {
  api.decorateRequest('caller', undefined);
  api.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'OPTIONS') permissionFor(routeOf(one, url));
  });
  api.addHook('onRequest', async (request) => {
    const { url } = request.routeOptions;
    if (url === undefined || request.method === 'OPTIONS') return;
    const permission = permissionFor(routeOf(request.method, url));
    if (permission === 'public') return;
    request.caller = await authenticate(apiKeys, keyOf(request), permission);
  });
};

/** Throws where the table of permissions lets a route be called without a key: a mistake of ours. */
export const callerOf = (request: FastifyRequest): Caller => {
  if (request.caller) return request.caller;
  throw new Error(`${request.method} ${request.routeOptions.url} asks for its caller, but is public`);
};
