/** A connected account at a CalDAV server, for tests of the provider. */
import type { ConnectedAccount } from '../../providers/ports.ts';
import { caldavUser } from './caldav-user.ts';

/** Returns the account. @param onRejected is called when the server has rejected the password */
export const caldavAccount = (
  serverUrl: string,
  { password = caldavUser.password, onRejected = () => {} }: AccountOptions = {},
): ConnectedAccount => ({
  id: 'conn_1',
  organization: 'org_1',
  account: caldavUser.username,
  accessToken: () => Promise.reject(new TypeError('the account has an app-specific password')),
  reportRejectedToken: () => {},
  reportMissingScopes: async () => {},
  appPassword: async () => ({ kind: 'app_password', serverUrl, username: caldavUser.username, password }),
  reportRejectedPassword: async () => void onRejected(),
  feedAddress: () => Promise.reject(new TypeError('the account has an app-specific password')),
  reportRejectedFeedAddress: async () => {},
});

interface AccountOptions {
  readonly password?: string;
  readonly onRejected?: () => unknown;
}
