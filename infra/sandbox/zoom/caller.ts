/** Who calls Zoom's API: the account's own app, which may act for every user, or a person's. */
import type { FastifyRequest } from 'fastify';
import { parseBearerToken } from '../authorization.ts';
import type { Grants } from '../oauth/grants.ts';
import type { ZoomSandboxSettings } from '../settings.ts';
import type { AccountTokens } from './account-tokens.ts';
import { invalidToken, missingScope, noUser, ZoomError } from './errors.ts';

const scopeFor: Readonly<Record<string, string>> = {
  'users.me': 'user:read:user',
  'meetings.create': 'meeting:write:meeting',
  'meetings.list': 'meeting:read:list_meetings',
  'meetings.get': 'meeting:read:meeting',
  'meetings.update': 'meeting:update:meeting',
  'meetings.delete': 'meeting:delete:meeting',
};

export interface ZoomCaller {
  /** Whom `me` stands for. */
  readonly account: string;
  /** The user that a path names. Any mail address is a user of the account; a person sees nobody but themselves. */
  user(id: string): string;
}

/** Throws for a token that is unknown, over, or without the scope of the operation. */
export const createCallerOf =
  (settings: ZoomSandboxSettings, access: AccountTokens, grants: Grants) =>
  (request: FastifyRequest): ZoomCaller => {
    const token = parseBearerToken(request.headers.authorization);
    const grant = grants.findByAccessToken(token);
    if (!grant && !access.isValid(token)) throw new ZoomError(invalidToken);
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
