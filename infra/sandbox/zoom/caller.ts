/** Identifies the caller of Zoom's API: the account's own app, which can act for every user, or a person. */
import type { FastifyRequest } from 'fastify';
import { parseBearerToken } from '../authorization.ts';
import type { Grants } from '../oauth/grants.ts';
import type { ZoomSandboxSettings } from '../settings.ts';
import type { AccountTokens } from './account-tokens.ts';
import { invalidToken, missingScope, notTheHost, noUser, ZoomError } from './errors.ts';
import { userIdOf } from './user-oauth.ts';

const scopeFor: Readonly<Record<string, string>> = {
  'users.me': 'user:read:user',
  'users.get': 'user:read:user',
  'meetings.create': 'meeting:write:meeting',
  'meetings.list': 'meeting:read:list_meetings',
  'meetings.get': 'meeting:read:meeting',
  'meetings.update': 'meeting:update:meeting',
  'meetings.status': 'meeting:update:status',
  'meetings.controls': 'meeting:update:in_meeting_controls',
  'meetings.delete': 'meeting:delete:meeting',
  'registrants.create': 'meeting:write:registrant',
  'registrants.list': 'meeting:read:list_registrants',
  'registrants.status': 'meeting:update:registrant_status',
  'meetings.instances': 'meeting:read:list_past_instances',
  'recordings.get': 'cloud_recording:read:list_recording_files',
  'recordings.list': 'cloud_recording:read:list_user_recordings',
  'recordings.delete': 'cloud_recording:delete:meeting_recording',
  'recordings.deleteFile': 'cloud_recording:delete:recording_file',
};

export interface ZoomCaller {
  /** The account that `me` refers to. */
  readonly account: string;
  /**
   * Returns the user that a path names. Every email address is a user of the account, who has an id too. A
   * person can access only themselves.
   */
  user(id: string): string;
  /** @throws {ZoomError} 3003 when the meeting belongs to another user, and the caller is a person. */
  checkHost(host: string): void;
}

/**
 * Returns a function that identifies the caller of a request.
 *
 * @throws {ZoomError} for a token that is unknown, expired, or without the scope of the operation.
 */
export const createCallerOf = (settings: ZoomSandboxSettings, access: AccountTokens, grants: Grants) => {
  /** The users by their ids: those of the settings, and those that a request has named by email address. */
  const emails = new Map(
    [settings.owner, ...Object.keys(settings.users)].map((email) => [userIdOf(email), email]),
  );

  return (request: FastifyRequest): ZoomCaller => {
    const token = parseBearerToken(request.headers.authorization);
    const grant = grants.findByAccessToken(token);
    if (!grant && !access.isValid(token)) throw new ZoomError(invalidToken);
    const scope = scopeFor[request.routeOptions.config.operation ?? ''];
    if (grant && scope !== undefined && !grant.scopes.includes(scope)) throw missingScope(scope);
    if (!grant && scope !== undefined && !settings.accountScopes.includes(`${scope}:admin`))
      throw missingScope(`${scope}:admin`);
    const account = grant?.account ?? settings.owner;
    return {
      account,
      user: (id) => {
        if (id === 'me') return account;
        if (id.includes('@')) emails.set(userIdOf(id), id);
        const email = id.includes('@') ? id : emails.get(id);
        if (email === undefined || (grant && email !== account)) throw noUser(id);
        return email;
      },
      checkHost: (host) => {
        if (grant && host !== account) throw new ZoomError(notTheHost);
      },
    };
  };
};
