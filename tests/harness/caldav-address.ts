/**
 * A CalDAV server that `CALDAV_URL` names, with the user `CALDAV_USERNAME` and the password `CALDAV_PASSWORD`. Tests create
 * calendars there, and delete them at their end.
 */
import { env } from 'node:process';
import { createAccount } from 'tsdav';
import type { CaldavProgram } from './caldav-programs.ts';
import { caldavUser } from './caldav-user.ts';

const address = env['CALDAV_URL'];

export const namedServer: CaldavProgram = {
  isInstalled: () => address !== undefined,
  start: async () => {
    const { username, password } = caldavUser;
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    const serverUrl = address ?? '';
    const { homeUrl } = await createAccount({
      account: { serverUrl, accountType: 'caldav' },
      headers: { authorization: `Basic ${basic}` },
    });
    if (homeUrl === undefined) throw new Error(`${serverUrl} names no home of calendars`);
    const home = new URL(homeUrl);
    return { url: home.origin, home: home.pathname, close: async () => {} };
  },
};
