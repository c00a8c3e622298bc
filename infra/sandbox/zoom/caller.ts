/** Who calls Zoom's API: the account's own app, which may act for every user, or a person's. */
import type { FastifyRequest } from 'fastify';
import { bearerToken } from '../authorization.ts';
import type { Grants } from '../oauth/grants.ts';
import type { ZoomSettings } from '../settings.ts';
import type { Access } from './access.ts';
import { invalidToken, missingScope, noUser, ZoomError } from './errors.ts';

const scopeFor: Readonly<Record<string, string>> = {
  'users.me': 'user:read:user',
  'meetings.create': 'meeting:write:meeting',
  'meetings.list': 'meeting:read:list_meetings',
  'meetings.get': 'meeting:read:meeting',
  'meetings.update': 'meeting:update:meeting',
  'meetings.delete': 'meeting:delete:meeting',
};

export interface Caller {
  /** Whom `me` stands for. */
  readonly account: string;
  /** The user that a path names. Any mail address is a user of the account; a person sees nobody but themselves. */
  user(id: string): string;
}

/** Throws for a token that is unknown, over, or without the scope of the operation. */
export const createCallerOf =
  (settings: ZoomSettings, access: Access, grants: Grants) =>
  (request: FastifyRequest): Caller => {
    const token = bearerToken(request.headers.authorization);
    const grant = grants.of(token);
    if (!grant && !access.allows(token)) throw new ZoomError(invalidToken);
    const scope = scopeFor[request.routeOptions.config.operation ?? ''];
    if (grant && scope !== undefined && !grant.scopes.includes(scope)) throw missingScope(scope);
    const account = grant?.account ?? settings.owner;
    return {
      account,
      user: (id) => {
        if (id === 'me') return account;
        if (!id.includes('@') || (grant && id !== account)) throw noUser(id);
        return id;
      },
    };
  };
