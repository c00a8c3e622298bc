/** The users of the account. Every email address is a licensed user, unless the settings say otherwise. */
import type { ZoomSandboxSettings } from '../settings.ts';
import { hostingNotAllowed, noUser, ZoomError } from './errors.ts';

type UserKind = ZoomSandboxSettings['users'][string];

export interface ZoomUsers {
  /** @throws {ZoomError} 1001 for a deactivated user. */
  get(email: string): { readonly email: string; readonly kind: UserKind };
  /** @throws {ZoomError} 1001 or 3161 for a user who cannot schedule meetings. */
  checkHost(email: string): void;
  isLicensed(email: string): boolean;
}

/** Creates the users. Changes of the settings hold immediately. */
export const createZoomUsers = ({ users }: Pick<ZoomSandboxSettings, 'users'>): ZoomUsers => {
  const kindOf = (email: string): UserKind => users[email] ?? 'licensed';
  const get = (email: string) => {
    const kind = kindOf(email);
    if (kind === 'deactivated') throw noUser(email);
    return { email, kind };
  };
  return {
    get,
    checkHost: (email) => {
      if (get(email).kind === 'lapsed') throw new ZoomError(hostingNotAllowed);
    },
    isLicensed: (email) => kindOf(email) === 'licensed',
  };
};
